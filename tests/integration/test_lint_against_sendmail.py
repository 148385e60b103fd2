"""What lint says of a configuration and of precedence, asked of the real sendmail."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tables.sendmail import mailcf
from tables.sendmail.commands import find_program
from tables.sendmail.tables import TABLES
from tests.core.linting import QUIET, found, local
from tests.core.reading import problems
from tests.integration.daemon import MACROS, SOURCE, MailHost
from tests.places import place

pytestmark = pytest.mark.sendmail

_ACCESS = "TEST_DIR/mail/access')"
#: A feature, and what asks for it: an argument of access_db, or a FEATURE of its own.
FEATURES = [
    ("skip", "access_db"),
    ("lookupdotdomain", "access_db"),
    ("relaytofulladdress", "access_db"),
    ("relay_mail_from", ""),
    ("relay_hosts_only", ""),
    ("virtuser_entire_domain", ""),
    ("generics_entire_domain", ""),
    ("redirect", ""),
]


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with place() as directory:
        made = MailHost(directory)
        made.prepare()
        yield made


def features(directory: Path, text: str) -> set[str]:
    source = directory / "own.mc"
    source.write_text(text)
    macros = [f"-DTEST_DIR={directory}", "-DTEST_PORT=25", "-DTEST_USER=root"]
    command = [find_program("m4"), "-D_CF_DIR_=/usr/share/sendmail/cf/", *macros, MACROS, str(source)]
    made = subprocess.run(command, capture_output=True, check=True)
    (directory / "own.cf").write_bytes(made.stdout)
    return mailcf.read(directory / "own.cf").features


@pytest.mark.parametrize(("feature", "of"), FEATURES)
def test_a_feature_is_read_from_what_m4_makes_of_it(tmp_path: Path, feature: str, of: str) -> None:
    plain = SOURCE.read_text()
    assert features(tmp_path, plain) == {"blocklist_recipients"}
    if of:
        text = plain.replace(_ACCESS, f"TEST_DIR/mail/access', `{feature}')")
    else:
        text = plain.replace("MAILER(`local')", f"FEATURE(`{feature}')dnl\nMAILER(`local')")
    assert features(tmp_path, text) == {"blocklist_recipients", feature}
    without = plain.replace("FEATURE(`blocklist_recipients')", "")
    assert features(tmp_path, without) == set()


def build(host: MailHost, **texts: str) -> None:
    for name in ("access", "virtusertable", "genericstable", "mailertable"):
        command = [find_program("makemap"), "-C", str(host.cf), "hash", str(host.mail / name)]
        subprocess.run(command, input=texts.get(name, "").encode(), capture_output=True, check=True)
    for name in ("local-host-names", "relay-domains", "aliases"):
        text = texts.get(name.replace("-", "_"), "postmaster: root\n" if name == "aliases" else "")
        (host.mail / name).write_text(text)
    subprocess.run([find_program("sendmail"), "-C", str(host.cf), "-bi"], capture_output=True, check=True)


def verify(host: MailHost, address: str) -> str:
    """What ``sendmail -bv`` says, without the address."""
    command = [find_program("sendmail"), "-C", str(host.cf), "-bv", address]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("... ")[2].strip()


def recipient(host: MailHost, address: str, client: str = "192.0.2.50") -> str:
    """What check_rcpt answers a client for a recipient."""
    lines = [".D{client_name}c.other.example", f".D{{client_addr}}{client}", ".D{client_resolve}OK"]
    command = [find_program("sendmail"), "-C", str(host.cf), "-bt"]
    text = "\n".join([*lines, f"check_rcpt {address}", ""])
    said = subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout
    return [line for line in said.splitlines() if line.startswith("check_rcpt") and "returns" in line][-1]


def test_the_tagged_rule_comes_before_the_one_without_a_tag(host: MailHost) -> None:
    build(host, access="To:b.example\tRELAY\nb.example\tREJECT\n")
    assert recipient(host, "u@b.example").endswith("RELAY")


def test_the_same_rule_without_a_tag_leaves_the_tagged_one_without_an_effect(host: MailHost) -> None:
    assert found("access.no-effect", access="To:b.example\tRELAY\nb.example\tRELAY\n") == ["to:b.example"]
    build(host, access="b.example\tRELAY\n")
    assert recipient(host, "u@b.example").endswith("RELAY")


def test_relay_for_one_address_has_no_effect(host: MailHost) -> None:
    access = "To:u@b.example\tRELAY\n"
    build(host, access=access)
    assert "Relaying denied" in recipient(host, "u@b.example")
    assert "access.relay-to-address" in {problem.rule for problem in problems("access", access)}


def test_a_domain_that_access_refuses_is_refused_although_it_is_relayed(host: MailHost) -> None:
    tables = {"access": "To:b.example\tREJECT\n", "relay_domains": "b.example\n"}
    assert found("access.contradicts-relay-domains", **tables)
    build(host, **tables)
    assert "Mailbox disabled" in recipient(host, "u@b.example")


def test_two_pluses_come_before_a_plus_and_a_star(host: MailHost) -> None:
    virtual = "++@v.example\troot\n+*@v.example\tdaemon\n@v.example\tbin\n"
    assert found("virtusertable.shadowed", virtusertable=virtual) == ["+*@v.example"]
    build(host, virtusertable=virtual, local_host_names="v.example\n")
    assert verify(host, "a+b@v.example").endswith("user root")
    assert verify(host, "a@v.example").endswith("user bin")


@pytest.mark.parametrize(
    ("virtual", "loops"),
    [
        ("a@v.example\tb@v.example\n@v.example\ta@v.example\n", True),
        ("@v.example\tbox-%1@v.example\n", True),
        ("a@v.example\tb@v.example\nb@v.example\troot\n", False),
    ],
)
def test_a_loop_of_addresses_is_one_for_sendmail(host: MailHost, virtual: str, loops: bool) -> None:
    assert bool(found("virtusertable.loop", local("v.example"), virtusertable=virtual)) == loops
    build(host, virtusertable=virtual, local_host_names="v.example\n")
    assert ("user root" in verify(host, "a@v.example")) != loops


@pytest.mark.parametrize(("name", "delivered"), [("a", False), ("daemon", True)])
def test_an_alias_through_virtusertable_to_itself_needs_a_user(host: MailHost, name: str, delivered: bool) -> None:
    tables = {"aliases": f"{name}: info@v.example\n", "virtusertable": f"info@v.example\t{name}\n"}
    context = replace(local("v.example"), users=frozenset(("daemon", "root")))
    assert bool(found("aliases.loop", context, **tables)) != delivered
    build(host, **tables, local_host_names="v.example\n")
    assert (f"user {name}" in verify(host, name)) == delivered


@pytest.mark.parametrize(
    ("aliases", "loops"),
    [
        ("a: b\nb: a\n", True),
        ("a: b\nb: c\nc: b\n", True),
        ("a: info@v.example\nb: a\n", True),
        ("a: daemon\ndaemon: a\n", False),
        ("a: b\nb: daemon\ndaemon: a, bin\n", False),
        ("a: info@v.example\nb: daemon\ndaemon: a\n", False),
    ],
)
def test_a_loop_of_aliases_is_one_unless_a_user_is_in_it(host: MailHost, aliases: str, loops: bool) -> None:
    tables = {"aliases": aliases, "virtusertable": "info@v.example\tb\n"}
    context = replace(local("v.example"), users=frozenset(("daemon", "bin", "root")))
    assert bool(found("aliases.loop", context, **tables)) == loops
    assert bool(found("aliases.loop-at-user", context, **tables)) != loops
    build(host, **tables, local_host_names="v.example\n")
    assert ("user daemon" in verify(host, "a")) != loops


@pytest.mark.parametrize("table", ["virtusertable", "mailertable"])
@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("550 We have moved", False),
        ("550 No, thanks", True),
        ("550 No (really)", True),
        ("550 see http://x.example/y", False),
        ('550 "No"', True),
        ('"550 No, (really)"', False),
        ("550 20% off", True),
    ],
)
def test_a_text_that_is_changed_on_the_way_is_warned_of(host: MailHost, table: str, text: str, changed: bool) -> None:
    key = "a@v.example" if table == "virtusertable" else "v.example"
    line = f"{key}\terror:5.1.1:{text}\n"
    build(host, **{table: line}, local_host_names="v.example\n" if table == "virtusertable" else "")
    said = verify(host, "a@v.example")
    plain = text.strip('"').removeprefix("550 ")
    assert (said != plain) == changed, said
    rules = {problem.rule for problem in problems(table, line)}
    assert (f"{TABLES[table].name}.mangled-text" in rules) == changed


@pytest.mark.parametrize(
    ("generic", "sender", "idle"),
    [
        ("a@mx.test.example\tx@y.example\na\tx@y.example\n", "a", True),
        ("a@mx.test.example\tx@y.example\na\tz@y.example\n", "a", False),
    ],
)
def test_a_generic_address_comes_before_the_user(host: MailHost, generic: str, sender: str, idle: bool) -> None:
    assert bool(found("genericstable.no-effect", QUIET, genericstable=generic)) == idle
    build(host, genericstable=generic)
    command = [find_program("sendmail"), "-C", str(host.cf), "-bt"]
    text = f"93 {sender}<@*LOCAL*>\n"
    said = subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout
    assert "x < @ y . example . >" in said


def test_the_mailer_for_programs_takes_no_mail_from_here(host: MailHost) -> None:
    line = "b.example\tprog:x\n"
    build(host, mailertable=line)
    assert "Cannot mail directly to programs" in verify(host, "u@b.example")
    assert [problem.rule for problem in problems("mailertable", line)] == ["mailertable.program"]
