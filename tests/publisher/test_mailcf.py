"""What is read from a sendmail.cf."""

from pathlib import Path

import pytest

from tables.sendmail.mailcf import CfUnreadable, Listener, MailCf, read

#: As Debian writes it.
DEBIAN = r"""
Dj$w.example.org
Fw{mail}/local-host-names %[^\#]
FR-o {mail}/relay-domains %[^\#]
F{{VirtHost}}{mail}/virtuser-domains
Kresolve host -a<OKR> -T<TEMP>
Kaccess hash -T<TMPF> {mail}/access
Kvirtuser hash -o {mail}/virtusertable.db
O AliasFile={mail}/aliases
O DaemonPortOptions=Family=inet6, Name=MTA-v6, Port=smtp, Addr=::1
O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=smtp,
	Addr=192.0.2.1
O DaemonPortOptions=Name=MSP-v4, Port=submission, M=Ea, Addr=127.0.0.1
O TrustedUser=smmta
#O PidFile=/nowhere
O PidFile=/var/run/sendmail/mta/sendmail.pid
"""


def cf(directory: Path, text: str) -> MailCf:
    path = directory / "sendmail.cf"
    path.write_text(text)
    return read(path)


def test_debians_own_is_understood(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    found = cf(tmp_path, DEBIAN.format(mail=mail))
    assert found.pid_file == Path("/var/run/sendmail/mta/sendmail.pid")
    assert found.listeners == [Listener("192.0.2.1", 25), Listener("127.0.0.1", 587)]
    assert found.trusted_user == "smmta"
    assert found.map_name(mail / "access.db") == "access"
    assert found.map_name(mail / "virtusertable") == "virtuser"
    assert found.map_name(mail / "aliases.db") == "aliases"
    assert found.map_name(mail / "mailertable") == ""
    names = ("local-host-names", "relay-domains", "virtuser-domains", "access", "genericstable")
    assert [found.uses(mail / name) for name in names] == [True, True, True, True, False]
    assert found.uses_directory(mail)
    assert not found.uses_directory(tmp_path)


@pytest.mark.parametrize(
    ("options", "listener"),
    [
        ("", Listener("127.0.0.1", 25)),
        ("O DaemonPortOptions=Port=2525", Listener("127.0.0.1", 2525)),
        ("O DaemonPortOptions=Addr=0.0.0.0, Port=smtp", Listener("127.0.0.1", 25)),
        ("O DaemonPortOptions=address=198.51.100.1,name=MTA", Listener("198.51.100.1", 25)),
        ("O DaemonPortOptions=Port=465, M=s", Listener("127.0.0.1", 25)),
    ],
)
def test_the_daemon_is_asked_where_it_listens(tmp_path: Path, options: str, listener: Listener) -> None:
    assert cf(tmp_path, options).listener == listener


def test_what_places_things_is_kept_line_by_line(tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    found = cf(tmp_path, DEBIAN.format(mail=mail))
    assert found.lines[:4] == [
        rf"Fw{mail}/local-host-names %[^\#]",
        rf"FR-o {mail}/relay-domains %[^\#]",
        rf"F{{VirtHost}}{mail}/virtuser-domains",
        "Kresolve host -a<OKR> -T<TEMP>",
    ]
    assert (found.keyed["resolve"].appended, found.keyed["resolve"].path) == ("<OKR>", None)
    assert found.class_lines("w") == found.lines[:1]
    assert found.class_lines("VirtHost") == found.lines[2:3]
    assert found.usual_pid_file == Path("/nowhere")
    assert not cf(tmp_path, "Kmacro macro\nKmatch hash -m /x/y\n").keyed["match"].gives_values


def test_one_that_is_not_there_is_named_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(CfUnreadable, match=r"cannot be read: No such file or directory\. Set MAILADMIN_SENDMAIL_CF"):
        read(tmp_path / "sendmail.cf")


def test_mailers_and_features_are_those_of_the_rules(tmp_path: Path) -> None:
    found = cf(tmp_path, "Mlocal,\t\tP=/bin/x\nMESMTP, P=[IPC]\nR<SKIP> <$+> <$+> <$- $-> <$*>\t$@ <$2> <$5>\n")
    assert (found.mailers, found.features, found.has_rules) == ({"local", "esmtp"}, {"skip"}, True)
    assert not cf(tmp_path, "Dj$w\n").has_rules
    assert cf(tmp_path, "C\nF\nO MaxHopCount=17\nO DaemonPortOptions=Port=x\nDjMX.example\n").own_name == "mx.example"
