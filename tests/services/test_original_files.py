"""Every imported file is kept byte for byte, cannot be altered, and is proved against the history."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, importing, originals, readings
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden
from tables.importing import Outcome
from tables.models import Alias, AuditEvent, ChangeRequest, OriginalFile, OriginalPart
from tables.verifying import verify
from tests.services.editing import save

pytestmark = pytest.mark.django_db

ACCESS = b'Connect:192.0.2\tREJECT\r\nAuthInfo:smart.example\t"U:relay" "P:s3cr3t"\n'
ODD = b"# caf\xe9\r\npostmaster: root\n\0\nsales: alice, \\\n bob\nsales: carl"


def take_in(path: Path, *contents: tuple[str, bytes]) -> Outcome:
    files = {}
    for table, content in contents:
        files[table] = path / table
        files[table].write_bytes(content)
    take = importing.request_import if ChangeRequest.objects.exists() else importing.baseline
    return take(cluster=get_cluster(), actor=Actor(name="cli:root"), files=files)


def kept() -> dict[str, bytes]:
    return {file.table: b"".join(originals.content(file)) for file in OriginalFile.objects.order_by("id")}


def subjects() -> list[str]:
    return [finding.subject for finding in verify()]


def test_a_baseline_keeps_each_file_as_it_was(tmp_path: Path) -> None:
    outcome = take_in(tmp_path, ("aliases", ODD), ("access", ACCESS), ("relay-domains", b""))
    assert kept() == {"aliases": ODD, "access": ACCESS, "relay-domains": b""}
    file = OriginalFile.objects.get(table="aliases")
    assert (file.size, file.sha256) == (len(ODD), hashlib.sha256(ODD).hexdigest())
    assert (file.path, file.actor_name, file.request) == (str(tmp_path / "aliases"), "cli:root", outcome.request)
    assert list(OriginalFile.objects.filter(has_password=True).values_list("table", flat=True)) == ["access"]
    told = AuditEvent.objects.get(action="baseline").detail["tables"]["aliases"]
    assert (told["original"], told["file_sha256"]) == (file.pk, file.sha256)
    assert subjects() == []


def test_a_change_request_keeps_all_of_its_files(tmp_path: Path, alice: User, bob: User) -> None:
    save(alice, "genericstable", "carl", "carl@example.com")
    outcome = take_in(tmp_path, ("genericstable", b"alice\ta@example.com\n"), ("mailertable", b""))
    assert outcome.request
    assert kept() == {"genericstable": b"alice\ta@example.com\n", "mailertable": b""}
    assert {file.request for file in OriginalFile.objects.all()} == {outcome.request}
    assert AuditEvent.objects.get(action="import").request_id == outcome.request.pk
    assert subjects() == []


def test_an_import_that_changes_nothing_keeps_nothing(tmp_path: Path) -> None:
    take_in(tmp_path, ("aliases", ODD))
    assert take_in(tmp_path, ("aliases", ODD)).request is None
    assert OriginalFile.objects.count() == 1


def test_an_import_by_a_person_that_changes_nothing_leaves_no_request(tmp_path: Path, alice: User) -> None:
    take_in(tmp_path, ("aliases", ODD))
    files = {"aliases": tmp_path / "aliases"}
    outcome = importing.request_import(cluster=get_cluster(), actor=Actor.of(alice), files=files)
    assert outcome.request is None
    assert ChangeRequest.objects.count() == 1


def test_a_large_file_is_kept_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "PART", 7)
    take_in(tmp_path, ("aliases", ODD))
    assert OriginalPart.objects.count() == -(-len(ODD) // 7)
    assert kept()["aliases"] == ODD


def test_a_file_that_changes_between_its_two_readings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    class Slow(readings.Reading):
        def __init__(self, path: Path) -> None:
            opened.append(path)
            if len(opened) == 2:
                path.write_bytes(b"postmaster: mallory\n")
            super().__init__(path)

    monkeypatch.setattr(importing, "Reading", Slow)
    with pytest.raises(ChangeError, match="changed while it was read"):
        take_in(tmp_path, ("aliases", b"postmaster: root\n"))
    assert not OriginalFile.objects.exists()
    assert not Alias.objects.exists()


def test_a_file_that_changes_after_it_was_parsed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = originals.keep

    def late(*, path: Path, **more: object) -> OriginalFile:
        path.write_bytes(b"postmaster: mallory\n")
        return keep(path=path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(originals, "keep", late)
    with pytest.raises(ChangeError, match="changed while it was read"):
        take_in(tmp_path, ("aliases", b"postmaster: root\n"))
    assert not Alias.objects.exists()


def test_a_path_that_is_no_utf_8_is_text(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    take_in(odd, ("aliases", b"postmaster: root\n"))
    assert OriginalFile.objects.get().path.endswith("caf\uf7e9/aliases")


@pytest.mark.parametrize("model", [OriginalFile, OriginalPart])
@pytest.mark.parametrize("act", ["update", "delete", "put in its place"])
def test_the_database_refuses_to_alter_a_kept_file(
    tmp_path: Path, model: type[OriginalFile] | type[OriginalPart], act: str
) -> None:
    take_in(tmp_path, ("aliases", ODD))
    connection.check_constraints()  # PostgreSQL truncates nothing while a check is put off to the end
    table = model._meta.db_table
    instead = f"TRUNCATE {table} CASCADE"
    if connection.vendor == "sqlite":
        instead = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608  our own names
    deeds: dict[str, Callable[[], object]] = {
        "update": lambda: model._default_manager.update(id=99),
        "delete": lambda: model._default_manager.all()._raw_delete("default"),
        "put in its place": lambda: connection.cursor().execute(instead),
    }
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        deeds[act]()


def test_bytes_altered_by_the_owner_of_the_database_are_found(tmp_path: Path) -> None:
    take_in(tmp_path, ("aliases", ODD), ("access", ACCESS))
    append_only.remove(connection)
    first, second = OriginalPart.objects.order_by("id")
    OriginalPart.objects.filter(pk=first.pk).update(data=b"nonsense")
    OriginalPart.objects.filter(pk=second.pk).update(data=bytes(OriginalPart.objects.get(pk=second.pk).data)[:9])
    assert subjects() == [f"original file {first.file_id}", f"original file {second.file_id}"]


def test_a_file_taken_away_or_slipped_in_is_found(tmp_path: Path) -> None:
    take_in(tmp_path, ("aliases", ODD), ("access", ACCESS))
    append_only.remove(connection)
    gone = OriginalFile.objects.get(table="aliases")
    gone.parts.all().delete()
    gone.delete()
    slipped = OriginalFile.objects.get()
    slipped.pk, slipped.table, slipped.size, slipped._state.adding = None, "aliases", 0, True
    slipped.sha256 = hashlib.sha256(b"").hexdigest()
    slipped.save()
    assert len(subjects()) == 2
    assert all(subject.startswith("original file") for subject in subjects())


def test_only_who_may_see_passwords_gets_the_exact_bytes(tmp_path: Path, people: dict[str, User]) -> None:
    take_in(tmp_path, ("access", ACCESS), ("aliases", ODD))
    access, aliases = OriginalFile.objects.get(table="access"), OriginalFile.objects.get(table="aliases")
    for name in ("alice", "bob", "charlie"):
        with pytest.raises(Forbidden, match="only an administrator"):
            originals.take(actor=Actor.of(people[name]), file=access)
    assert b"".join(originals.take(actor=Actor.of(people["dora"]), file=access)) == ACCESS
    assert b"".join(originals.take(actor=Actor.command(), file=access)) == ACCESS
    assert b"".join(originals.take(actor=Actor.of(people["charlie"]), file=aliases)) == ODD
    hidden = b"".join(originals.take(actor=Actor.of(people["charlie"]), file=access, hide=True))
    assert hidden == ACCESS.replace(b"s3cr3t", "••••".encode())
    events = AuditEvent.objects.filter(action="original-downloaded").order_by("number")
    assert [event.actor_name for event in events] == ["dora", Actor.command().name, "charlie", "charlie"]
    assert events[0].detail == {"file": access.pk, "sha256": access.sha256, "passwords": "as they are"}


def test_a_person_without_any_role_gets_nothing(tmp_path: Path, alice: User) -> None:
    take_in(tmp_path, ("aliases", ODD))
    alice.groups.clear()
    with pytest.raises(Forbidden, match="may not see the tables"):
        originals.take(actor=Actor.of(alice), file=OriginalFile.objects.get())
