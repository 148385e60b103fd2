"""Old events leave the database for a file, and the chain stays provable across both, whatever happens on the way."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import append_only, archives, archiving, breaking
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import Alias, AuditArchive, AuditEvent, AuditHead, Host
from tables.releases import cut
from tables.verifying import verify
from tests.commands.running import run, run_json
from tests.services import loopback
from tests.services.editing import approve, save

pytestmark = pytest.mark.django_db

LEAST_DAYS = archiving.LEAST_DAYS
STEPS = ["before write", "before rename", "before reading back", "before record", "before remove", "before commit"]


class KilledError(Exception):
    """Whoever archived was ended here."""


@pytest.fixture(autouse=True)
def young_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "LEAST_DAYS", -1)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    directory = tmp_path / "shelf"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def history(tmp_path: Path, alice: User, bob: User) -> None:
    """Tables taken over, edits, a foreign approval: and all of it live."""
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "aliases").write_text("postmaster: root\n")
    (mail / "access").write_text('AuthInfo:smart.example\t"U:relay" "P:s3cr3t"\n')
    run("import_tables", mail)
    save(alice, "aliases", "sales", "alice")
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    save(alice, "aliases", "sales", "alice, bob")
    make_live()


def make_live() -> None:
    release = cut(cluster=get_cluster(), actor=Actor.command())
    Host.objects.update_or_create(name="mx1", defaults={"cluster": get_cluster(), "mail_dir": "/x", "release": release})


def now() -> datetime:
    return timezone.now() + timedelta(seconds=1)


def put_away(shelf: Path, *, before: datetime | None = None, step: str = "") -> AuditArchive:
    def ended(reached: str) -> None:
        if reached == step:
            raise KilledError

    made = archiving.archive(actor=Actor.command(), before=before or now(), directory=shelf, checkpoint=ended)
    assert made
    return made


def files(shelf: Path) -> list[Path]:
    return sorted(shelf.glob("*.gz"))


def subjects(*given: Path) -> list[str]:
    return [finding.subject for finding in verify(given)]


def altered(act: Callable[[], Any]) -> None:
    """Something that whoever owns the database can do."""
    append_only.remove(connection)
    act()


def test_what_is_archived_is_gone_from_the_database_and_whole_in_the_file(history: None, shelf: Path) -> None:
    before = {event.number: event.hash for event in AuditEvent.objects.all()}
    archive = put_away(shelf)
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["audit-archived"]
    (file,) = files(shelf)
    assert file.name == archive.file_name == f"audit-000000000001-{len(before):012}.jsonl.gz"
    assert file.stat().st_mode & 0o777 == 0o600
    with gzip.open(file, "rt") as lines:
        told = {said["number"]: said["hash"] for said in map(json.loads, lines)}
    assert told == before


def test_the_rest_holds_with_the_file_and_without_it(history: None, shelf: Path, alice: User) -> None:
    put_away(shelf)
    assert list(verify()) == []
    assert list(verify(files(shelf))) == []
    save(alice, "aliases", "sales", "bob")
    assert list(verify()) == []
    assert list(verify(files(shelf))) == []


def test_one_archive_follows_another(history: None, shelf: Path, alice: User) -> None:
    first = put_away(shelf)
    save(alice, "aliases", "sales", "bob")
    make_live()
    second = put_away(shelf)
    assert (second.first_number, second.first_previous_hash) == (first.last_number + 1, first.last_hash)
    assert list(verify()) == []
    backwards = files(shelf)[::-1]
    assert len(backwards) == 2
    assert list(verify(backwards)) == []


def test_events_can_be_cut_anywhere(history: None, shelf: Path, alice: User) -> None:
    """Also between an approval and what it let through."""
    for event in AuditEvent.objects.order_by("number")[1:]:
        archive = archiving.archive(actor=Actor.command(), before=event.at, directory=shelf)
        assert archive is None or archive.last_number == event.number - 1
        assert list(verify()) == []
        assert list(verify(files(shelf))) == []
    assert AuditArchive.objects.count() > 3


def test_nothing_old_enough_makes_no_file(history: None, shelf: Path) -> None:
    assert archiving.archive(actor=Actor.command(), before=now() - timedelta(days=1), directory=shelf) is None
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize("step", STEPS)
def test_ended_at_any_step_nothing_is_lost_and_a_second_run_finishes(history: None, shelf: Path, step: str) -> None:
    count, head = AuditEvent.objects.count(), AuditHead.objects.get().hash
    with pytest.raises(KilledError), transaction.atomic():
        put_away(shelf, step=step)
    assert (AuditEvent.objects.count(), AuditHead.objects.get().hash) == (count, head)
    assert AuditArchive.objects.count() == 0
    assert list(verify()) == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.update(reason="x")
    put_away(shelf)
    assert [path.name for path in shelf.iterdir()] == [AuditArchive.objects.get().file_name]
    assert list(verify(files(shelf))) == []


def test_afterwards_the_database_guards_events_and_archives(history: None, shelf: Path) -> None:
    put_away(shelf)
    for rows in (AuditEvent.objects, AuditArchive.objects):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.all()._raw_delete(connection.alias)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(id=99)


def test_a_file_that_was_altered_is_found(history: None, shelf: Path) -> None:
    put_away(shelf)
    (file,) = files(shelf)
    text = gzip.decompress(file.read_bytes()).replace(b'"alice"', b'"mallory"', 1)
    file.write_bytes(gzip.compress(text))
    assert subjects(file) == [str(file), file.name]


def test_a_file_that_is_missing_or_foreign_is_found(history: None, shelf: Path, alice: User) -> None:
    put_away(shelf)
    save(alice, "aliases", "sales", "bob")
    make_live()
    put_away(shelf)
    first, second = files(shelf)
    assert subjects(second) == [first.name]
    (shelf / "other").write_text("x")
    assert subjects(first, second, shelf / "other") == [str(shelf / "other")]
    assert subjects(first, second, shelf / "none") == [str(shelf / "none")]


def test_what_comes_after_an_archive_must_join_it(history: None, shelf: Path) -> None:
    numbers = [event.number for event in AuditEvent.objects.order_by("number")]
    middle = AuditEvent.objects.get(number=numbers[len(numbers) // 2])
    put_away(shelf, before=middle.at)
    first = AuditEvent.objects.order_by("number")[0]
    altered(lambda: AuditEvent.objects.filter(pk=first.pk).delete())
    assert f"audit event {first.number + 1}" in subjects()


@pytest.mark.parametrize("field", ["last_hash", "sha256", "checkpoint", "last_number"])
def test_an_altered_record_of_an_archive_is_found(history: None, shelf: Path, field: str) -> None:
    archive = put_away(shelf)
    value = {"last_number": 3, "checkpoint": {}}.get(field, "0" * 64)
    altered(lambda: AuditArchive.objects.update(**{field: value}))
    assert f"archive {archive.file_name}" in subjects()


def test_the_record_of_an_older_archive_is_held_by_the_next(history: None, shelf: Path, alice: User) -> None:
    put_away(shelf)
    save(alice, "aliases", "sales", "bob")
    make_live()
    put_away(shelf)
    altered(lambda: AuditArchive.objects.filter(first_number=1).update(sha256="0" * 64))
    assert f"archive {AuditArchive.objects.latest('first_number').file_name}" in subjects()


def test_a_removed_record_is_found(history: None, shelf: Path) -> None:
    put_away(shelf)
    altered(lambda: AuditArchive.objects.all().delete())
    assert "archive from event 1" in subjects()


def test_an_entry_altered_behind_the_log_is_found_as_before(history: None, shelf: Path) -> None:
    put_away(shelf)
    Alias.objects.filter(key="sales").update(value="mallory")
    assert "aliases sales" in subjects()
    assert "aliases sales" in subjects(*files(shelf))


def test_a_time_before_the_archive_is_still_known(history: None, shelf: Path, tmp_path: Path) -> None:
    at = timezone.now().isoformat()
    put_away(shelf)
    run("export_tables", tmp_path / "then", "--at", at)
    assert "customer.example" in (tmp_path / "then" / "relay-domains").read_text()
    assert archives.baseline(get_cluster()) is not None
    with pytest.raises(CommandError, match="held nothing at 2001-01-01"):
        run("export_tables", tmp_path / "never", "--at", "2001-01-01")


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_the_last_ninety_days_stay(history: None, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "LEAST_DAYS", LEAST_DAYS)
    with pytest.raises(ChangeError, match="Events of the last 90 days stay"):
        put_away(shelf, before=timezone.now() - timedelta(days=89))


def test_a_directory_into_which_others_write_is_refused(history: None, shelf: Path) -> None:
    shelf.chmod(0o777)
    with pytest.raises(ChangeError, match="Others may write into"):
        put_away(shelf)


def test_a_directory_of_somebody_else_or_none_is_refused(
    history: None, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChangeError, match="cannot be used: No such file"):
        put_away(shelf / "none")
    (shelf / "file").write_text("")
    with pytest.raises(ChangeError, match="is no directory"):
        put_away(shelf / "file")
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(ChangeError, match="belongs to somebody else"):
        put_away(shelf)


def test_events_of_an_open_request_stay(history: None, shelf: Path, alice: User) -> None:
    request = save(alice, "relay-domains", "other.example", reason="wanted")
    with pytest.raises(ChangeError, match=f"requests that are still open: {request.pk}"):
        put_away(shelf)


def test_events_of_broken_glass_that_nobody_reviewed_stay(history: None, shelf: Path, alice: User, dora: User) -> None:
    request = save(alice, "relay-domains", "other.example", reason="wanted")
    why = "Our provider is down, mail must leave through another host"
    breaking.break_glass(request=request, person=dora, reason=why, proved_at=timezone.now())
    make_live()
    with pytest.raises(ChangeError, match=f"live by broken glass and not reviewed: {request.pk}"):
        put_away(shelf)


def test_events_of_what_is_not_live_stay(history: None, shelf: Path, alice: User) -> None:
    request = save(alice, "aliases", "sales", "bob")
    assert request.state == "applied"
    with pytest.raises(ChangeError, match=f"applied, but not live on every host: {request.pk}"):
        put_away(shelf)


def test_events_that_the_syslog_server_lacks_stay(history: None, shelf: Path, settings: Any) -> None:
    with loopback.tcp() as server:
        settings.AUDIT_SYSLOG = server.target
        with pytest.raises(ChangeError, match="has the events up to 0 only"):
            put_away(shelf)
        run("audit_export", "--syslog")
        put_away(shelf)


def test_events_that_do_not_hold_are_not_archived(history: None, shelf: Path) -> None:
    altered(lambda: AuditEvent.objects.filter(number=2).update(actor_name="mallory"))
    with pytest.raises(ChangeError, match="audit event 2: What it says is not what was recorded"):
        put_away(shelf)
    assert AuditArchive.objects.count() == 0


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_commands_archive_and_prove(history: None, shelf: Path) -> None:
    count = AuditEvent.objects.count()
    tomorrow = (timezone.now() + timedelta(days=1)).date().isoformat()
    assert run("audit_archive", "--before", tomorrow, shelf).startswith(f"{count} events to {shelf}/audit-")
    assert run("audit_archive", "--before", "2001-01-01", shelf) == "There are no events of before 2001-01-01.\n"
    assert run_json("audit_verify", "--archive", *files(shelf))["holds"] is True
    assert run_json("audit_verify")["holds"] is True


def test_what_is_added_while_it_looks_for_the_last_event_stays(history: None, alice: User, shelf: Path) -> None:
    """The first query found nothing younger; the second one must not take what came in between for old."""
    last, late = AuditEvent.objects.count(), []

    def interrupting(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        answer = execute(sql, *given)
        if not late and '"at" >= ' in sql:
            late.append(save(alice, "aliases", "late", "alice"))
        return answer

    with connection.execute_wrapper(interrupting):
        made = put_away(shelf, before=timezone.now())
    assert late
    assert made.last_number == last


def test_two_do_not_archive_into_one_directory_at_once(history: None, shelf: Path) -> None:
    def second(step: str) -> None:
        if step == "before rename":
            with pytest.raises(ChangeError, match="Somebody else archives into"):
                put_away(shelf)

    made = archiving.archive(actor=Actor.command(), before=now(), directory=shelf, checkpoint=second)
    assert made
    assert files(shelf) == [shelf / made.file_name]
