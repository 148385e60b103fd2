"""Which file is which table's on a host, and how its map is built.

From the sendmail.cf that m4 makes of each system's own .mc file, unless a setting says otherwise.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tables.sendmail.commands import find_program
from tables.sendmail.mailcf import MailCf, read
from tables.sendmail.tables import TABLES
from tables.sendmail.whereabouts import (
    BadOverride,
    Override,
    Whereabouts,
    as_json,
    everywhere,
    from_json,
    parse_overrides,
)

LAYOUTS = Path(__file__).parents[2] / "data/layouts"
MACROS = Path("/usr/share/sendmail/cf")

ETC = Path("/etc/mail")
PORTS = Path("/usr/local/etc/mail")


@cache
def text_of(layout: str) -> str:
    """What m4 makes of a system's own .mc file."""
    command = [find_program("m4"), f"-D_CF_DIR_={MACROS}/", str(MACROS / "m4/cf.m4"), str(LAYOUTS / f"{layout}.mc")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def layout(tmp_path: Path, name: str) -> MailCf:
    (tmp_path / "sendmail.cf").write_text(text_of(name))
    return read(tmp_path / "sendmail.cf")


def files(places: dict[str, Whereabouts]) -> dict[str, tuple[str, str]]:
    """What is written, each with its map and the map's type."""
    return {
        name: (str(place.text), f"{place.map_type}:{place.map}" if place.map else "")
        for name, place in places.items()
        if not place.unused
    }


def in_etc(*names: str) -> dict[str, tuple[str, str]]:
    return {
        name: (f"/etc/mail/{name}", f"hash:/etc/mail/{name}.db" if TABLES[name].cf_name not in "wR" else "")
        for name in names
    }


def test_debian_keeps_all_in_one_directory(tmp_path: Path) -> None:
    found = layout(tmp_path, "debian")
    assert files(everywhere(ETC, found)) == in_etc(*TABLES)
    assert found.pid_file == Path("/var/run/sendmail/mta/sendmail.pid")


def test_red_hat_keeps_its_aliases_elsewhere(tmp_path: Path) -> None:
    """And says the suffix of its maps; it has no genericstable."""
    found = everywhere(ETC, layout(tmp_path, "redhat"))
    assert files(found) == {
        "aliases": ("/etc/aliases", "hash:/etc/aliases.db"),
        **in_etc("access", "virtusertable", "mailertable", "relay-domains", "local-host-names"),
    }
    assert found["genericstable"].unused == (
        f"{tmp_path}/sendmail.cf does not use it: the line FEATURE(`genericstable') is missing in its .mc file."
    )
    assert found["access"].line == "Kaccess hash -T<TMPF> -o /etc/mail/access.db"


def test_freebsd_says_optional_before_the_path(tmp_path: Path) -> None:
    found = layout(tmp_path, "freebsd")
    used = ("aliases", "access", "virtusertable", "mailertable", "relay-domains", "local-host-names")
    assert files(everywhere(ETC, found)) == in_etc(*used)
    assert (found.pid_file, found.usual_pid_file) == (None, Path("/var/run/sendmail.pid"))


def test_another_directory_other_names_and_other_types_are_as_the_lines_say(tmp_path: Path) -> None:
    found = layout(tmp_path, "ports")
    places = everywhere(PORTS, found)
    assert files(places) == {
        "aliases": (f"{PORTS}/aliases", f"btree:{PORTS}/aliases.db"),
        "access": (f"{PORTS}/access", f"btree:{PORTS}/access.db"),
        "virtusertable": (f"{PORTS}/maps/virtual", f"btree:{PORTS}/maps/virtual.db"),
        "genericstable": (f"{PORTS}/genericstable", f"btree:{PORTS}/genericstable.db"),
        "relay-domains": (f"{PORTS}/relay-domains", ""),
        "local-host-names": (f"{PORTS}/local-host-names", ""),
    }
    assert (places["virtusertable"].built_as, places["access"].built_as) == ("btree -N", "btree")
    assert (places["genericstable"].appended, places["genericstable"].gives_values) == (".example", True)
    assert found.pid_file == Path("/var/run/sendmail/sendmail.pid")


def test_what_is_missing_is_named_as_its_mc_file_would_say_it(tmp_path: Path) -> None:
    (tmp_path / "sendmail.cf").write_text(f"O AliasFile={tmp_path}/aliases\nS0\n")
    found = everywhere(tmp_path, read(tmp_path / "sendmail.cf"))
    unused = {name: place.unused for name, place in found.items() if place.unused}
    assert {name: why.split("the line ")[1].split(" is missing")[0] for name, why in unused.items()} == {
        "access": "FEATURE(`access_db')",
        "virtusertable": "FEATURE(`virtusertable')",
        "genericstable": "FEATURE(`genericstable')",
        "mailertable": "FEATURE(`mailertable')",
        "relay-domains": "RELAY_DOMAIN_FILE(`/etc/mail/relay-domains')",
        "local-host-names": "FEATURE(`use_cw_file')",
    }
    (tmp_path / "sendmail.cf").write_text(f"Kaccess hash {tmp_path}/access\nS0\n")
    assert "ALIAS_FILE" in everywhere(tmp_path, read(tmp_path / "sendmail.cf"))["aliases"].unused


def test_a_configuration_without_rules_tells_of_no_table_that_it_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "sendmail.cf").write_text(f"Kaccess btree {tmp_path}/rules\n")
    found = everywhere(tmp_path, read(tmp_path / "sendmail.cf"))
    assert not any(place.unused for place in found.values())
    assert files(found)["access"] == (f"{tmp_path}/rules", f"btree:{tmp_path}/rules.db")
    assert files(found)["mailertable"] == (f"{tmp_path}/mailertable", f"hash:{tmp_path}/mailertable.db")


def test_a_directory_that_sendmail_does_not_read_holds_every_table_by_its_name(tmp_path: Path) -> None:
    """So a first look, in a directory of one's own, is like every other."""
    found = everywhere(tmp_path, layout(tmp_path, "redhat"))
    assert files(found) == {
        name: (f"{tmp_path}/{name}", f"hash:{tmp_path}/{name}.db" if TABLES[name].has_value else "") for name in TABLES
    }


# --- several of one kind ----------------------------------------------------------------------------------------------


def one(tmp_path: Path, text: str, name: str) -> Whereabouts:
    (tmp_path / "sendmail.cf").write_text(f"S0\nFt{tmp_path}/trusted\n{text}")
    return everywhere(tmp_path, read(tmp_path / "sendmail.cf"))[name]


@pytest.mark.parametrize(
    ("option", "path", "map_type"),
    [
        ("/etc/majordomo,/etc/aliases", "/etc/aliases", "hash"),
        ("ldap:,nis:mail.aliases, btree:/etc/local,hash:/etc/more", "/etc/local", "btree"),
        ("implicit:-o /etc/first,/etc/second", "/etc/first", "hash"),
        ("/etc/one,\nO AliasFile=/etc/aliases.db", "/etc/aliases", "hash"),
    ],
)
def test_of_several_aliases_files_the_one_of_that_name_is_ours_or_the_first(
    tmp_path: Path, option: str, path: str, map_type: str
) -> None:
    found = one(tmp_path, f"O AliasFile={option}\n", "aliases")
    assert (str(found.text), str(found.map), found.map_type) == (path, f"{path}.db", map_type)


@pytest.mark.parametrize(
    ("lines", "name"),
    [("Fw-o /x/cw\nF{w}/x/local-host-names %[^\\#]\n", "local-host-names"), ("Fw/x/cw\nFw/x/more\n", "cw")],
)
def test_of_several_files_of_a_class_too(tmp_path: Path, lines: str, name: str) -> None:
    assert one(tmp_path, lines, "local-host-names").text == Path("/x") / name


def test_of_a_sequence_the_first_local_map_is_ours(tmp_path: Path) -> None:
    parts = "Kfar ldap -k x -v y\nKnear hash -o /x/near\nKthere btree /x/there\n"
    found = one(tmp_path, f"{parts}Kaccess sequence far near there nowhere\n", "access")
    assert (found.text, found.map_type, found.line) == (Path("/x/near"), "hash", "Knear hash -o /x/near")


def test_of_two_lines_with_one_name_the_last_counts(tmp_path: Path) -> None:
    assert one(tmp_path, "Kaccess hash /x/old\nKaccess btree /x/new\n", "access").text == Path("/x/new")


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("Kvirtuser ldap -1 -k (&(a=%0)) -v b\n", "virtusertable", "Kvirtuser ldap -1 -k (&(a=%0)) -v b"),
        ("Kvirtuser sequence far\n", "virtusertable", "Kvirtuser sequence far"),
        ("O AliasFile=ldap:\n", "aliases", "O AliasFile=ldap:"),
        ("Fw@LDAP\n", "local-host-names", "Fw@LDAP"),
        (f"FR|/bin/names {'x' * 60}\n", "relay-domains", f"FR|/bin/names {'x' * 46}…"),
    ],
)
def test_what_is_read_from_elsewhere_is_not_written(tmp_path: Path, text: str, name: str, line: str) -> None:
    assert one(tmp_path, text, name).unused == f"{tmp_path}/sendmail.cf reads it from no local file ({line})."


def test_a_type_that_is_not_built_is_refused_with_its_line(tmp_path: Path) -> None:
    assert one(tmp_path, "Kaccess dbm -o /x/access\n", "access").problem == (
        "The map of access is of the type dbm (Kaccess dbm -o /x/access), which is not built. "
        "makemap builds hash and btree here: name one of them in the .mc file or in MAILADMIN_FILES."
    )
    assert one(tmp_path, "Kaccess hash -o /x/access\n", "access").problem == ""


def test_another_machine_is_told_all_that_it_needs(tmp_path: Path) -> None:
    for place in everywhere(PORTS, layout(tmp_path, "ports")).values():
        found = from_json(as_json(place))
        assert found == replace(place, null=False, appended="", gives_values=True)
    assert from_json({"table": "of-a-newer-version"}) is None
    assert from_json({"table": "access", "text": "/x"}) == Whereabouts(TABLES["access"], Path("/x"))


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_setting_overrides_files_and_types(tmp_path: Path) -> None:
    words = "access=/x/rules.txt genericstable=btree:/y/generics:/z/g.db virtusertable=hash:/x/v relay-domains=/x/r"
    overrides = parse_overrides(words.split())
    assert overrides["genericstable"] == Override(Path("/y/generics"), "btree", Path("/z/g.db"))
    found = files(everywhere(ETC, layout(tmp_path, "redhat"), map_type="btree", overrides=overrides))
    assert found["access"] == ("/x/rules.txt", "btree:/etc/mail/access.db")
    assert found["genericstable"] == ("/y/generics", "btree:/z/g.db")
    assert found["virtusertable"] == ("/x/v", "hash:/etc/mail/virtusertable.db")
    assert found["relay-domains"] == ("/x/r", "")
    assert found["mailertable"] == ("/etc/mail/mailertable", "btree:/etc/mail/mailertable.db")


def test_what_a_setting_names_lies_there_also_without_a_configuration(tmp_path: Path) -> None:
    found = everywhere(tmp_path, MailCf(tmp_path / "none.cf"), overrides=parse_overrides(["access=/x/rules"]))
    assert files(found)["access"] == ("/x/rules", "hash:/x/rules.db")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("acces=/x", "'acces=/x' names no table and file. Write TABLE="),
        ("access=x", "'access=x' names no table and file."),
        ("access", "'access' names no table and file."),
        ("relay-domains=hash:/x", "'relay-domains=hash:/x' gives relay-domains a map, which it has not. Write "),
        ("access=dbm:/x", "'access=dbm:/x' asks for the type dbm. The types are hash and btree."),
    ],
)
def test_a_setting_that_says_nothing_of_a_table_is_refused(word: str, said: str) -> None:
    with pytest.raises(BadOverride) as problem:
        parse_overrides([word])
    assert str(problem.value).startswith(said)
