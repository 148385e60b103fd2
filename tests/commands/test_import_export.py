"""Files in, the same files out, and what an import into a full cluster does."""

import difflib
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from mailadmin.accounts.models import User
from tables.models import AccessRule, ChangeRequest, Cluster, VirtualUser
from tables.verifying import verify
from tests.commands.running import run, run_json
from tests.services.editing import delete, save, switch, value_of

pytestmark = pytest.mark.django_db

FILES = {
    "aliases": b"# Basic system aliases\n\npostmaster: root\nMAILER-DAEMON: postmaster\n\n# people\n"
    b'sales:\talice,\n\tbob,\n\t "|/usr/bin/vacation sales"\n#old: nobody\n',
    "access": b'# who may\n\nConnect:127\t\tRELAY\r\nFrom:spam.example   ERROR:5.7.1:"550 no"\n#Connect:10\tRELAY\n',
    "virtusertable": b"# shop\n@shop.example\tsales\n\ninfo@Shop.example   sales\nr\xe9my@shop.example\talice",
    "genericstable": b"alice\talice@example.com\n",
    "mailertable": b".example.net\tesmtp:[hub.example.com]\n",
    "relay-domains": b"customer.example # since 2001\n192.0.2\n",
    "local-host-names": b"example.com\nshop.example\n# end\n",
}


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    directory = tmp_path / "mail"
    directory.mkdir()
    for name, content in FILES.items():
        (directory / name).write_bytes(content)
    return directory


def exported(tmp_path: Path, name: str = "out", *arguments: str) -> dict[str, bytes]:
    directory = tmp_path / name
    run("export_tables", directory, *arguments)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_import_then_export_gives_the_same_bytes(mail: Path, tmp_path: Path) -> None:
    run("import_tables", mail)
    assert exported(tmp_path) == FILES
    assert list(verify()) == []


def test_into_an_empty_cluster_it_is_a_baseline_that_needs_nobody(mail: Path) -> None:
    assert "baseline" in run("import_tables", mail)
    assert ChangeRequest.objects.get().kind == "baseline"
    assert AccessRule.objects.get(key="connect:127").value == "RELAY\r"


@pytest.mark.parametrize(
    ("table", "key", "value", "removed", "added"),
    [
        ("aliases", "postmaster", "alice", ["postmaster: root"], ["postmaster: alice"]),
        ("virtusertable", "@shop.example", "alice", ["@shop.example\tsales"], ["@shop.example\talice"]),
        ("virtusertable", "new@shop.example", "bob", [], ["new@shop.example\tbob"]),
        ("genericstable", "bob", "bob@example.com", [], ["bob\tbob@example.com"]),
    ],
)
def test_after_one_edit_the_difference_is_that_edit(
    mail: Path, tmp_path: Path, alice: User, bob: User, table: str, key: str, value: str, removed: list, added: list
) -> None:
    run("import_tables", mail)
    request = save(alice, table, key, value, reason="wanted")
    if request.state == "submitted":
        from tests.services.editing import approve

        approve(bob, request)
    after = exported(tmp_path)
    assert {name for name in FILES if after[name] != FILES[name]} == {table}
    difference = list(
        difflib.ndiff(FILES[table].decode("latin-1").splitlines(), after[table].decode("latin-1").splitlines())
    )
    assert [line[2:] for line in difference if line.startswith("-")] == removed
    assert [line[2:] for line in difference if line.startswith("+")] == added


def test_a_new_entry_goes_after_the_last_one_of_its_domain(mail: Path, tmp_path: Path, alice: User) -> None:
    run("import_tables", mail)
    save(alice, "virtusertable", "aa@shop.example", "bob")
    lines = exported(tmp_path)["virtusertable"].splitlines()
    assert lines[-2:] == [b"r\xe9my@shop.example\talice", b"aa@shop.example\tbob"]


def test_a_deleted_entry_takes_its_comment_along_and_nothing_else(mail: Path, tmp_path: Path, alice: User) -> None:
    run("import_tables", mail)
    delete(alice, "aliases", "sales")
    assert exported(tmp_path)["aliases"] == (
        b"# Basic system aliases\n\npostmaster: root\nMAILER-DAEMON: postmaster\n\n#old: nobody\n"
    )


def test_switching_off_and_on_again_gives_the_same_bytes(mail: Path, tmp_path: Path, alice: User) -> None:
    run("import_tables", mail)
    switch(alice, "virtusertable", "info@shop.example", False)
    assert b"\n#info@Shop.example   sales\n" in exported(tmp_path, "off")["virtusertable"]
    switch(alice, "virtusertable", "info@shop.example", True)
    assert exported(tmp_path, "on") == FILES


def test_a_dry_run_writes_nothing(mail: Path) -> None:
    assert "Nothing was written" in run("import_tables", mail, "--dry-run")
    assert not Cluster.objects.filter(last_change__gt=0).exists()
    assert not VirtualUser.objects.exists()


def test_json_names_entries_and_problems(mail: Path) -> None:
    (mail / "virtusertable").write_bytes(b"# who\na@x.example\tbob\nA@x.example\tcarl\n#c@x.example\tbob\n")
    told = run_json("import_tables", mail, "--table", "virtusertable", "--dry-run")["tables"]["virtusertable"]
    assert told["entries"] == [
        {"key": "a@x.example", "value": "bob", "comment": "who", "enabled": True, "line": 2},
        {"key": "c@x.example", "value": "bob", "comment": "", "enabled": False, "line": 4},
    ]
    problem = next(problem for problem in told["problems"] if problem["grade"] == "error")
    assert problem["line"] == 3
    assert set(problem) == {"rule", "grade", "line", "message", "remedy"}


def test_a_second_import_of_the_same_files_changes_nothing(mail: Path) -> None:
    run("import_tables", mail)
    assert "say this already" in run("import_tables", mail)
    assert ChangeRequest.objects.count() == 1


def test_a_merge_adds_and_changes_and_deletes_nothing(mail: Path, alice: User) -> None:
    run("import_tables", mail)
    (mail / "genericstable").write_bytes(b"bob\tbob@example.com\nalice\ta@example.com\n")
    (mail / "virtusertable").write_bytes(b"")
    assert "Applied" in run("import_tables", mail, "--actor", "alice")
    assert value_of("genericstable", "alice") == "a@example.com"
    assert value_of("genericstable", "bob") == "bob@example.com"
    assert VirtualUser.objects.count() == 3


def test_a_replace_also_deletes_what_the_file_lacks(mail: Path, bob: User) -> None:
    run("import_tables", mail)
    (mail / "genericstable").write_bytes(b"bob\tbob@example.com\n")
    run("import_tables", mail / "genericstable", "--table", "genericstable", "--mode", "replace")
    assert value_of("genericstable", "alice") is None
    assert value_of("genericstable", "bob") == "bob@example.com"


def test_an_import_that_opens_a_relay_waits_for_a_second_person(mail: Path, bob: User) -> None:
    run("import_tables", mail)
    (mail / "relay-domains").write_bytes(b"evil.example\n")
    assert "waits for a second person" in run("import_tables", mail)
    assert value_of("relay-domains", "evil.example") is None


def test_an_export_of_an_earlier_moment(mail: Path, tmp_path: Path, alice: User) -> None:
    from tables.actors import Actor
    from tables.entries import get_cluster
    from tables.releases import cut

    run("import_tables", mail)
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    save(alice, "genericstable", "alice", "a@example.com")
    assert exported(tmp_path, "now")["genericstable"] == b"alice\ta@example.com\n"
    assert exported(tmp_path, "then", "--at", "1") == FILES


@pytest.mark.parametrize("at", ["7", "yesterday", "1999-01-01"])
def test_a_moment_that_never_was_is_refused(mail: Path, tmp_path: Path, at: str) -> None:
    run("import_tables", mail)
    with pytest.raises(CommandError, match=r"Name|Write"):
        run("export_tables", tmp_path / "out", "--at", at)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("nowhere", [], "not a directory"),
        ("nowhere", ["--table", "aliases"], "not a file"),
        ("empty", [], "holds none of"),
        ("mail", ["--cluster", "other"], "no cluster other"),
        ("mail", ["--actor", "nobody"], "no active person"),
    ],
)
def test_what_cannot_be_imported_gives_one_clear_line(mail: Path, name: str, arguments: list, message: str) -> None:
    (mail.parent / "empty").mkdir()
    with pytest.raises(CommandError, match=message):
        run("import_tables", mail.parent / name, *arguments)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfa@x.example\tbob\n",
        b"a@x.example\tb\0b\nb@x.example\tbob\n",
        b"a@x.example\t" + b"x" * 2000 + b"\nb@x.example\tbob\n",
        b"# " + b"x" * 2000 + b"\nb@x.example\tbob\n",
        b"a@x.example\nb@x.example\tbob\n   \n\r\n c@x.example\tbob\n",
        b"a@x.example\tbob\r\nb@x.example\tbob\r\n",
        b"\xff\xfe\x00a\x00b",
    ],
)
def test_odd_bytes_are_taken_in_without_loss_or_crash(mail: Path, tmp_path: Path, content: bytes) -> None:
    (mail / "virtusertable").write_bytes(content)
    run("import_tables", mail)
    first = exported(tmp_path, "first")
    assert all(len(line) < 1023 for line in first["virtusertable"].split(b"\n"))
    assert list(verify()) == []
