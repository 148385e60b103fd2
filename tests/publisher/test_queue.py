"""Which publication a publisher takes, and what becomes of the others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tables import append_only, publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import AuditEvent, Change, Host, Publication
from tests.publisher.conftest import Load, Publish
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]


def cut() -> None:
    releases.cut(cluster=get_cluster(), actor=Actor.command())


def states() -> list[str]:
    return list(Publication.objects.order_by("id").values_list("state", flat=True))


def test_there_is_nothing_to_do_without_a_publication(host: Host) -> None:
    assert publishing.converge(host=host) is None


def test_the_newest_is_carried_out_and_older_ones_are_superseded(host: Host, mail_dir: Path) -> None:
    for name in ("one", "two", "three"):
        save(None, "aliases", name, "root")
        cut()
    done = publishing.converge(host=host)
    assert done
    assert done.release.number == 3
    assert states() == ["superseded", "superseded", "succeeded"]
    assert "three: root" in (mail_dir / "aliases").read_text()


def test_the_outcome_is_in_the_row_the_host_and_the_history(host: Host, publish: Publish) -> None:
    save(None, "aliases", "one", "root")
    publication = publish()
    assert [step["step"] for step in publication.steps] == list(publishing.STEPS)
    assert all(step["seconds"] is not None for step in publication.steps)
    assert publication.started_at
    assert publication.finished_at
    aliases = next(item for item in publication.files if item["table"] == "aliases")
    assert (aliases["entries"], aliases["changed"]) == (1, True)
    assert Host.objects.get(pk=host.pk).release == publication.release
    event = AuditEvent.objects.get(action="publication-succeeded")
    assert event.actor_name == f"publisher:{host.name}"
    assert event.detail["files"] == {"aliases": aliases["sha256"]}


def test_each_step_can_be_watched_as_it_goes(host: Host) -> None:
    save(None, "aliases", "one", "root")
    cut()
    seen: list[tuple[str, str]] = []

    def watch(publication: Publication) -> None:
        row = Publication.objects.get(pk=publication.pk)
        if row.steps:
            seen.append((row.steps[-1]["step"], row.steps[-1]["state"]))

    publishing.converge(host=host, report=watch)
    assert ("build", "running") in seen
    assert ("build", "succeeded") in seen


def test_a_request_to_stop_leaves_the_publication_for_the_next_publisher(host: Host, mail_dir: Path) -> None:
    save(None, "aliases", "one", "root")
    cut()

    def stop(point: str) -> None:
        if point == "before verify":
            raise publishing.Stopping

    with pytest.raises(publishing.Stopping):
        publishing.converge(host=host, checkpoint=stop)
    assert states() == ["queued"]
    assert not (mail_dir / "aliases").exists()
    done = publishing.converge(host=host)
    assert done
    assert (done.state, len(done.steps)) == ("succeeded", len(publishing.STEPS))


def test_changes_that_are_not_those_of_the_release_do_not_go_out(host: Host, publish: Publish) -> None:
    publish()
    save(None, "aliases", "one", "root")
    cut()
    append_only.remove(connection)  # as whoever owns the database could
    Change.objects.bulk_update([_forged(Change.objects.get())], ["after"])
    append_only.install(connection)
    done = publishing.converge(host=host)
    assert done
    assert done.state == Publication.State.FAILED
    assert done.error == (
        "The changes of release 2 are not those that it was cut with. "
        "Run manage.py audit_verify to see which were altered."
    )


def _forged(change: Change) -> Change:
    assert change.after
    change.after = {**change.after, "value": "mallory"}
    return change


def test_a_host_that_publishes_elsewhere_starts_afresh(host: Host, load: Load, publish: Publish, settings: Any) -> None:
    load({"aliases": "postmaster: root\n"})
    publish()
    settings.MAIL_DIR = settings.MAIL_DIR.parent / "elsewhere"
    settings.MAIL_DIR.mkdir()
    moved = publishing.register_host()
    assert (moved.pk, moved.release) == (host.pk, None)
    assert publish().state == Publication.State.SUCCEEDED
    assert (settings.MAIL_DIR / "aliases.db").exists()


def test_a_heartbeat_is_written_every_few_seconds_only(host: Host) -> None:
    publishing.heartbeat(host=host)
    first = host.seen_at
    assert first
    publishing.heartbeat(host=host)
    assert Host.objects.get(pk=host.pk).seen_at == first
    host.seen_at = first - timedelta(seconds=6)
    publishing.heartbeat(host=host)
    assert Host.objects.get(pk=host.pk).seen_at > first - timedelta(seconds=1)
