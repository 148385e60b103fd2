"""The publisher's own look at its files: what was changed by hand is found, kept, told of and answered."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import drifts, publishing, releases, verifying
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden
from tables.models import AuditEvent, ChangeRequest, Drift, Host, Notice, Publication
from tables.publishing import drift as looking
from tables.publishing.site import here
from tables.sendmail import commands, stamp
from tables.sendmail.maildir import locked
from tables.takeover import taking
from tests.people import make_limited
from tests.publisher.conftest import Load, Publish, output
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FILES = {
    "aliases": "postmaster: root\nsales: alice\n",
    "access": '# ours\nFrom:a@bad.example\tREJECT\nAuthInfo:x.example\t"U:me" "P:first-secret"\n',
    "local-host-names": "example.org\n",
}
FAILED, SUCCEEDED = Publication.State.FAILED, Publication.State.SUCCEEDED

Look = Callable[[], list[Drift]]


@pytest.fixture
def live(mail_dir: Path, load: Load, publish: Publish) -> Path:
    load(FILES)
    assert publish().state == SUCCEEDED
    return mail_dir


@pytest.fixture
def look(host: Host) -> Look:
    """One look as the publisher makes it every minute; what is open afterwards."""
    memory = looking.Memory()

    def look() -> list[Drift]:
        now = Host.objects.select_related("release", "cluster").get(pk=host.pk)
        looking.look_at(host=now, site=here(commands.run), memory=memory)
        return list(Drift.objects.filter(state=Drift.State.OPEN).order_by("table"))

    return look


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def told(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def converge(host: Host) -> Publication:
    found = publishing.converge(host=Host.objects.get(pk=host.pk))
    assert found is not None
    found.refresh_from_db()
    return found


def test_a_look_finds_nothing_where_nothing_was_changed(live: Path, look: Look) -> None:
    assert look() == []
    os.utime(live / "aliases")
    assert look() == []
    assert told("drift-found") == 0


def test_a_changed_file_is_kept_with_all_that_is_known_of_it(live: Path, look: Look, alice: User) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    assert (found.table, found.kind, found.path) == ("aliases", "changed", str(live / "aliases"))
    status = (live / "aliases").stat()
    assert (found.size, found.mode) == (status.st_size, status.st_mode & 0o7777)
    assert found.modified_at
    assert abs(found.modified_at.timestamp() - status.st_mtime) < 0.001
    assert found.owner
    assert found.group
    assert found.release.number == 1
    assert found.recorded_sha256
    assert "\n+info: bob\n" in found.diff
    assert "release 1" not in found.diff
    assert b"".join(drifts.content(found)) == (live / "aliases").read_bytes()
    (event,) = AuditEvent.objects.filter(action="drift-found")
    assert event.detail["sha256"] == found.sha256
    assert Notice.objects.filter(person=alice, kind="drift").count() == 1


def test_one_state_is_told_once_and_another_one_again(live: Path, look: Look) -> None:
    append(live / "aliases", "info: bob\n")
    (first,) = look()
    assert [drift.pk for drift in look()] == [first.pk]
    assert told("drift-found") == 1
    append(live / "aliases", "more: bob\n")
    (second,) = look()
    assert second.pk != first.pk
    first.refresh_from_db()
    assert first.state == Drift.State.GONE
    assert not first.parts.exists()
    assert (told("drift-found"), told("drift-gone")) == (2, 1)


def test_a_file_that_the_hand_put_back_is_gone(live: Path, look: Look, alice: User) -> None:
    before = (live / "aliases").read_bytes()
    append(live / "aliases", "info: bob\n")
    look()
    (live / "aliases").write_bytes(before)
    assert look() == []
    assert told("drift-gone") == 1
    assert Notice.objects.get(person=alice, kind="drift").settled_at


def test_a_file_is_read_again_only_when_its_identity_differs(
    live: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = looking.sha256
    monkeypatch.setattr(looking, "sha256", lambda path: read.append(path.name) or real(path))
    monkeypatch.setattr("tables.sendmail.looking.COARSE", -1.0)
    look()
    assert sorted(read) == sorted(FILES)
    look()
    assert len(read) == len(FILES)
    append(live / "aliases", "info: bob\n")
    look()
    assert read[len(FILES) :] == ["aliases"]


def test_a_file_changed_a_moment_ago_is_read_again(live: Path) -> None:
    memory, path = looking.Memory(), live / "aliases"
    path.write_text("aaaa")
    seen = looking.look(path)
    assert seen
    memory.sha256(path, seen)
    assert memory.known == {}
    assert not seen.settled(time.time())
    assert seen.settled(time.time() + 10)


def test_a_removed_file_is_found_and_written_again_by_one_click(live: Path, look: Look, dora: User, host: Host) -> None:
    (live / "access").unlink()
    (found,) = look()
    assert (found.kind, found.sha256, found.owner) == ("removed", "", "")
    assert "-From:a@bad.example\tREJECT" in found.diff
    drifts.overwrite(drift=found, actor=Actor.of(dora))
    assert converge(host).state == SUCCEEDED
    assert (live / "access").exists()


def test_a_map_built_by_hand_is_found_and_built_again_by_the_next_publication(
    live: Path, look: Look, publish: Publish
) -> None:
    commands.run(["makemap", "hash", str(live / "access.db")], stdin=[b"from:b@bad.example\tOK\n"], timeout=30)
    (found,) = look()
    assert (found.table, found.kind, found.path) == ("access", "map changed", str(live / "access.db"))
    assert found.diff == ""
    assert not found.parts.exists()
    assert len(look()) == 1
    assert publish().state == SUCCEEDED
    found.refresh_from_db()
    assert found.state == Drift.State.OVERWRITTEN
    assert look() == []


def test_a_file_made_by_hand_is_found_too(live: Path, look: Look) -> None:
    (live / "mailertable").write_text("x.example\tesmtp:[mx.example]\n")
    (found,) = look()
    assert (found.table, found.recorded_sha256) == ("mailertable", "")


def test_passwords_are_hidden_in_the_difference(live: Path, look: Look) -> None:
    append(live / "access", 'AuthInfo:y.example\t"P:second-secret"\n')
    (found,) = look()
    assert "second-secret" not in found.diff
    assert "first-secret" not in found.diff
    assert "+AuthInfo:y.example" in found.diff


def test_garbage_is_kept_as_it_is_and_shown_as_text(live: Path, look: Look, publish: Publish) -> None:
    garbage = bytes(range(256)) * 20
    (live / "aliases").write_bytes(garbage)
    (found,) = look()
    assert b"".join(drifts.content(found)) == garbage
    assert "\\x00" in found.diff
    assert publish().state == FAILED


def test_a_host_on_which_nothing_was_published_has_no_drift(mail_dir: Path, look: Look) -> None:
    (mail_dir / "aliases").write_text("a: b\n")
    assert look() == []


def test_what_is_no_file_is_left_alone_and_the_others_are_looked_at(live: Path, look: Look) -> None:
    (live / "access").unlink()
    os.mkfifo(live / "access")
    append(live / "aliases", "info: bob\n")
    assert [drift.table for drift in look()] == ["aliases"]


def test_a_file_that_is_written_while_it_is_kept_waits_for_the_next_look(
    live: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(live / "aliases", "info: bob\n")
    real = looking.chunks
    monkeypatch.setattr(looking, "chunks", lambda path: [*real(path), b"more"])
    assert look() == []
    assert told("drift-found") == 0
    monkeypatch.undo()
    assert len(look()) == 1


# --- taking over ------------------------------------------------------------------------------------------------------


def test_what_was_taken_over_is_published_byte_for_byte_and_no_drift_again(
    live: Path, look: Look, publish: Publish
) -> None:
    by_hand = b"# by hand\n\nsales:  bob\npostmaster: root\n\n# the end\n"
    (live / "aliases").write_bytes(by_hand)
    (found,) = look()
    request = taking.take_over(drift=found, actor=Actor.command())
    assert request is not None
    assert request.state == ChangeRequest.State.APPLIED
    assert look() == []
    publication = publish()
    assert publication.state == SUCCEEDED, publication.error
    assert b"".join(stamp.body(live / "aliases")) == by_hand
    assert look() == []
    assert publish().state == SUCCEEDED
    assert told("drift-found") == 1
    assert list(verifying.verify()) == []


def test_the_panel_changes_a_taken_over_file_without_its_being_drift(live: Path, look: Look, publish: Publish) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    taking.take_over(drift=found, actor=Actor.command())
    save(None, "aliases", "info", "alice")
    assert publish().state == SUCCEEDED
    assert b"info: alice" in (live / "aliases").read_bytes()


def test_a_file_changed_again_after_it_was_taken_over_is_drift(live: Path, look: Look, publish: Publish) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    taking.take_over(drift=found, actor=Actor.command())
    append(live / "aliases", "more: bob\n")
    assert publish().state == FAILED
    (second,) = look()
    taking.take_over(drift=second, actor=Actor.command())
    assert publish().state == SUCCEEDED
    assert b"".join(stamp.body(live / "aliases")).endswith(b"info: bob\nmore: bob\n")


# --- publishing -------------------------------------------------------------------------------------------------------


def test_a_publication_that_stops_leaves_the_drift_with_its_difference(live: Path, publish: Publish) -> None:
    append(live / "aliases", "info: bob\n")
    publication = publish()
    assert publication.state == FAILED
    found = Drift.objects.get()
    assert found.is_open
    assert "+info: bob" in found.diff
    assert "+info: bob" in output(publication, "plan")
    publish()
    assert told("drift-found") == 1


def test_overwriting_writes_over_exactly_what_was_looked_at(live: Path, look: Look, dora: User, host: Host) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    drifts.overwrite(drift=found, actor=Actor.of(dora), reason="A slip")
    publication = converge(host)
    assert publication.state == SUCCEEDED, publication.error
    assert b"info" not in (live / "aliases").read_bytes()
    found.refresh_from_db()
    assert (found.state, found.overwrite_by_name) == (Drift.State.OVERWRITTEN, "dora")
    assert b"info: bob" in b"".join(drifts.content(found)), "what was written over is kept"
    asked, done = AuditEvent.objects.filter(action__startswith="drift-over").order_by("number")
    assert (asked.actor_name, asked.reason) == ("dora", "A slip")
    assert (done.actor_name, done.detail["overridden_by"]) == ("publisher:mx.test.example", "dora")


def test_overwriting_stops_again_when_the_file_changed_since(live: Path, look: Look, dora: User, host: Host) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    drifts.overwrite(drift=found, actor=Actor.of(dora))
    append(live / "aliases", "later: bob\n")
    publication = converge(host)
    assert publication.state == FAILED
    assert "was changed by hand" in publication.error
    assert b"later: bob" in (live / "aliases").read_bytes()
    assert Drift.objects.get(state=Drift.State.OPEN).overwrite_by_name == ""
    with pytest.raises(ChangeError, match="is gone since"):
        drifts.overwrite(drift=found, actor=Actor.of(dora))


def test_overwriting_one_file_says_nothing_of_another(live: Path, look: Look, dora: User, host: Host) -> None:
    append(live / "aliases", "info: bob\n")
    append(live / "access", "Connect:10\tRELAY\n")
    access, _aliases = look()
    drifts.overwrite(drift=access, actor=Actor.of(dora))
    publication = converge(host)
    assert publication.state == FAILED
    assert "aliases was changed" in publication.error
    assert "access was changed" not in publication.error


def test_overwriting_many_lines_of_the_hand_needs_no_second_override(
    live: Path, look: Look, dora: User, host: Host
) -> None:
    append(live / "aliases", "".join(f"u{number}: bob\n" for number in range(40)))
    (found,) = look()
    drifts.overwrite(drift=found, actor=Actor.of(dora))
    publication = converge(host)
    assert publication.state == SUCCEEDED, publication.error


def test_the_hand_does_not_cover_what_the_panel_would_delete(live: Path, look: Look, dora: User, host: Host) -> None:
    for number in range(12):
        save(None, "aliases", f"u{number}", "bob")
    append(live / "aliases", "".join(f"w{number}: bob\n" for number in range(40)))
    (found,) = look()
    releases.cut(cluster=get_cluster(), actor=Actor.command())
    drifts.overwrite(drift=found, actor=Actor.of(dora))
    publication = converge(host)
    assert publication.state == FAILED
    assert "Too many deletes" in publication.error
    assert "by hand" not in publication.error


def test_the_general_override_ends_a_drift_too(live: Path, look: Look, publish: Publish) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    publication = publish(override=True)
    found.refresh_from_db()
    assert found.state == Drift.State.OVERWRITTEN
    done = AuditEvent.objects.get(action="drift-overwritten")
    assert done.detail["overridden_by"] == publication.override_by_name


def test_the_same_change_in_the_panel_ends_a_drift_without_writing(live: Path, look: Look, publish: Publish) -> None:
    append(live / "aliases", "info: bob\n")
    look()
    save(None, "aliases", "info", "bob")
    assert publish().state == SUCCEEDED
    assert look() == []
    assert Drift.objects.get().state == Drift.State.GONE


def test_only_publishers_who_see_all_domains_overwrite(live: Path, look: Look, charlie: User, host: Host) -> None:
    append(live / "aliases", "info: bob\n")
    (found,) = look()
    for person in (charlie, make_limited("gina", Role.PUBLISHER)):
        with pytest.raises(Forbidden):
            drifts.overwrite(drift=found, actor=Actor.of(person))


# --- the publisher's loop ---------------------------------------------------------------------------------------------


def test_the_watch_looks_when_it_is_time(live: Path, host: Host, settings: Any) -> None:
    host.refresh_from_db()
    watch = looking.Watch()
    watch.look(None)
    append(live / "aliases", "info: bob\n")
    watch.look(host)
    assert Drift.objects.count() == 1
    append(live / "access", "Connect:10\tRELAY\n")
    watch.look(host)
    assert Drift.objects.count() == 1
    watch.next_look = 0.0
    watch.look(host)
    assert Drift.objects.count() == 2


def test_the_watch_keeps_out_of_a_publication_and_of_what_one_left(live: Path, host: Host) -> None:
    host.refresh_from_db()
    append(live / "aliases", "info: bob\n")
    site, watch = here(commands.run), looking.Watch()
    with locked(site.directory):
        watch.look(host)
    assert not Drift.objects.exists()
    assert watch.next_look == 0.0
    site.directory.journal.write_text("{}")
    watch.look(host)
    assert not Drift.objects.exists()
