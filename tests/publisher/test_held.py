"""A host that was rolled back by hand is held: the database is told, and nothing is published until it is let go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailadmin.accounts.models import User
from tables import publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden
from tables.models import AuditEvent, Drift, Host, Publication
from tables.publishing import holding, rollback
from tables.publishing.drift import Watch
from tables.publishing.errors import PublishError
from tables.sendmail.held import Held, HeldUnreadable, held_path
from tables.sendmail.journal import Journal, Phase
from tables.sendmail.maildir import MailDir
from tests.people import make_limited
from tests.publisher.conftest import Load, Publish
from tests.publisher.test_commands import called
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]


def cut() -> None:
    releases.cut(cluster=get_cluster(), actor=Actor.command())


def look() -> Publication | None:
    return publishing.converge(host=Host.objects.get())


def states() -> list[str]:
    return list(Publication.objects.order_by("id").values_list("state", flat=True))


@pytest.fixture
def rolled_back(mail_dir: Path, load: Load, publish: Publish) -> MailDir:
    """Release 2 was published and taken back by hand, which nobody has told the database."""
    load({"aliases": "postmaster: root\nsales: alice\n"})
    publish()
    save(None, "aliases", "sales", "bob")
    publish()
    rollback.roll_back(wanted="", by="anna", reason="mail to sales bounces")
    return MailDir(mail_dir)


def test_the_publisher_reports_the_hold_once_and_publishes_nothing(rolled_back: MailDir) -> None:
    cut()
    assert [look(), look()] == [None, None]
    host = Host.objects.get()
    assert host.release
    assert (host.release.number, host.held_by_name, host.held_reason) == (1, "cli:anna", "mail to sales bounces")
    assert states() == ["succeeded", "succeeded", "queued"]
    event = AuditEvent.objects.get(action="host-held")
    assert (event.actor_name, event.reason) == ("cli:anna", "mail to sales bounces")
    assert (event.detail["from"], event.detail["to"], event.detail["generation"]) == (2, 1, "0003")


def test_what_was_rolled_back_is_no_drift_and_the_plan_brings_it_again(rolled_back: MailDir) -> None:
    look()
    plan = publishing.make_plan(host=Host.objects.get())
    assert plan.findings == []
    assert [(file.table.name, file.summary) for file in plan.files if file.touched] == [("aliases", "1 updated")]


def test_the_look_for_changes_by_hand_takes_none_of_it_for_one(rolled_back: MailDir, alice: User) -> None:
    """Neither before the database knows of the rollback, nor in the look that tells it, nor after the hold."""
    host = Host.objects.get()

    def watched() -> int:
        Watch().look(host)
        return Drift.objects.count()

    assert watched() == 0
    look()
    assert watched() == 0
    holding.release(host=host, actor=Actor.of(alice))
    done = look()
    assert done
    assert done.state == "succeeded"
    assert watched() == 0
    (rolled_back.path / "aliases").write_text("mallory: root\n")
    assert watched() == 1


def test_a_hold_released_in_the_panel_lets_the_publisher_bring_the_newest(rolled_back: MailDir, alice: User) -> None:
    look()
    holding.release(host=Host.objects.get(), actor=Actor.of(alice))
    assert AuditEvent.objects.get(action="host-released").actor_name == "alice"
    done = look()
    assert done
    assert (done.state, done.release.number, done.requested_by_name) == ("succeeded", 2, "alice")
    assert not held_path(rolled_back).exists()
    assert "sales: bob" in (rolled_back.path / "aliases").read_text()
    host = Host.objects.get()
    assert (host.held_since, host.rolled_back_files) == (None, None)
    assert look() is None
    with pytest.raises(ChangeError, match="is not held any more"):
        holding.release(host=host, actor=Actor.of(alice))


def test_a_hold_released_on_the_host_is_told_with_who_did_it(rolled_back: MailDir) -> None:
    """Nobody had heard of the hold yet."""
    status, said = called("publisher", "--release-hold")
    assert (status, said.startswith("The hold is released: the publisher brings the newest release")) == (0, True)
    assert "was released by" in called("publisher", "--release-hold")[1]
    done = look()
    assert done
    assert (done.state, done.release.number) == ("succeeded", 2)
    told = AuditEvent.objects.filter(action__startswith="host-").order_by("number")
    assert list(told.values_list("action", flat=True)) == ["host-registered", "host-held", "host-released"]
    assert called("publisher", "--release-hold")[0] == 1


def test_what_waited_is_what_is_published_after_the_hold(rolled_back: MailDir, alice: User) -> None:
    save(None, "aliases", "sales", "carol")
    cut()
    look()
    holding.release(host=Host.objects.get(), actor=Actor.of(alice))
    done = look()
    assert done
    assert done.release.number == 3
    assert states() == ["succeeded"] * 3


def test_a_second_rollback_is_a_second_hold(rolled_back: MailDir, alice: User) -> None:
    look()
    rollback.roll_back(wanted="", by="bert")
    look()
    host = Host.objects.get()
    assert host.release
    assert (host.release.number, host.held_by_name, host.held_from) == (2, "cli:bert", 1)
    holding.release(host=host, actor=Actor.of(alice))
    assert look() is None  # release 2 is live already
    assert not held_path(rolled_back).exists()


def test_a_hold_that_somebody_removed_by_hand_is_over_and_told(rolled_back: MailDir) -> None:
    look()
    held_path(rolled_back).unlink()
    assert look()
    event = AuditEvent.objects.get(action="host-released")
    assert (event.actor_name, event.reason) == ("publisher:mx.test.example", f"{held_path(rolled_back)} is gone.")


def test_a_hold_that_cannot_be_read_still_holds(rolled_back: MailDir) -> None:
    held_path(rolled_back).write_text("{")
    with pytest.raises(HeldUnreadable, match="counts as held and nothing is published here"):
        look()


def test_only_who_sees_all_domains_may_release(rolled_back: MailDir, charlie: User) -> None:
    look()
    gina = make_limited("gina", "publisher")
    for person in (charlie, gina):
        with pytest.raises(Forbidden):
            holding.release(host=Host.objects.get(), actor=Actor.of(person))
    assert Held.load(rolled_back)


def test_publishing_by_command_says_that_the_host_is_held(rolled_back: MailDir) -> None:
    status, said = called("publish")
    assert status == 1
    assert re.search(
        r"Release 2 waits: mx\.test\.example is held since 20\S+ \S+ UTC by cli:anna: mail to sales bounces\. Release "
        r"the hold in the panel, or on that host with manage\.py publisher --release-hold\.$",
        said,
    )
    assert "Nothing is published here until somebody releases the hold." in called("publisher", "--once")[1]


def test_the_next_publisher_finishes_a_rollback_that_was_killed(mail_dir: Path, load: Load, publish: Publish) -> None:
    load({"aliases": "postmaster: root\n"})
    publish()

    class Killed(BaseException):
        pass

    def kill(point: str) -> None:
        if point == "rollback proved":
            raise Killed

    with pytest.raises(PublishError, match="live, but could not be noted"):
        rollback.roll_back(wanted="", by="anna", checkpoint=kill)
    assert look() is None
    host = Host.objects.get()
    assert (host.held_by_name, host.release) == ("cli:anna", None)
    assert not (mail_dir / "aliases").exists()


def test_a_publication_that_the_rollback_found_half_way_is_settled_later(rolled_back: MailDir) -> None:
    """It had been proved: it succeeded, and is what was rolled back."""
    save(None, "aliases", "sales", "carol")
    cut()
    running = Publication.objects.latest("id")
    Publication.objects.filter(pk=running.pk).update(state="running")
    record = Journal(running.pk, running.release.number, Phase.PROVED, files=[])
    record.save(rolled_back.journal)
    rollback.roll_back(wanted="", by="anna")
    assert look() is None
    assert states() == ["succeeded"] * 3
    assert not (rolled_back.state / "interrupted.json").exists()
