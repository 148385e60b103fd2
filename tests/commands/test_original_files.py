"""The command that gives imported files out again."""

import json
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from mailadmin.accounts.models import User
from tables.models import AuditEvent, OriginalFile
from tables.sendmail.secret import MASK
from tests.commands.running import run, run_json

pytestmark = pytest.mark.django_db

ACCESS = b'Connect:192.0.2\tREJECT\r\nAuthInfo:smart.example\t"U:relay" "P:s3cr3t"\n'
ALIASES = b"# caf\xe9\npostmaster: root\n"


@pytest.fixture
def imported(tmp_path: Path, people: dict[str, User]) -> dict[str, int]:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "access").write_bytes(ACCESS)
    (mail / "aliases").write_bytes(ALIASES)
    run("import_tables", mail)
    return {file.table: file.pk for file in OriginalFile.objects.all()}


def test_the_list_says_what_each_file_is(imported: dict[str, int], tmp_path: Path) -> None:
    listed = run("original_files")
    assert f"{imported['aliases']}: aliases from {tmp_path / 'mail' / 'aliases'}, {len(ALIASES)} bytes" in listed
    assert "(holds passwords)" in listed
    assert "access" not in run("original_files", "--table", "aliases")
    (told,) = [file for file in run_json("original_files")["files"] if file["table"] == "access"]
    assert (told["id"], told["size"], told["has_password"]) == (imported["access"], len(ACCESS), True)
    assert set(json.loads(run("original_files", "--table", "mailertable", "--json"))) == {"files"}


@pytest.mark.parametrize(("table", "content"), [("access", ACCESS), ("aliases", ALIASES)])
def test_the_exact_bytes_come_out(imported: dict[str, int], tmp_path: Path, table: str, content: bytes) -> None:
    run("original_files", "--id", str(imported[table]), "--out", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content
    assert AuditEvent.objects.get(action="original-downloaded").detail["file"] == imported[table]


def test_a_file_with_passwords_is_for_its_owner_alone(imported: dict[str, int], tmp_path: Path) -> None:
    run("original_files", "--id", str(imported["access"]), "--out", tmp_path / "out", "--actor", "dora")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert AuditEvent.objects.get(action="original-downloaded").actor_name == "dora"


def test_a_person_without_the_right_gets_a_copy_without_passwords(imported: dict[str, int], tmp_path: Path) -> None:
    arguments = ["--id", str(imported["access"]), "--out", tmp_path / "out", "--actor", "alice"]
    with pytest.raises(CommandError, match="only an administrator"):
        run("original_files", *arguments)
    assert not (tmp_path / "out").exists()
    run("original_files", *arguments, "--masked")
    assert (tmp_path / "out").read_bytes() == ACCESS.replace(b"s3cr3t", MASK.encode())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--id", "1"], "go together"),
        (["--out", "x"], "go together"),
        (["--id", "4711", "--out", "x"], "no imported file 4711"),
        (["--id", "{access}", "--out", "{there}"], "exists already"),
        (["--id", "{access}", "--out", "/nowhere/x"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_gives_one_clear_line(
    imported: dict[str, int], tmp_path: Path, arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        run("original_files", *(word.format(access=imported["access"], there=tmp_path) for word in arguments))
