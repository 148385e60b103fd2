"""The end of a publication, in its row, its host's and the audit history at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from tables import audit, notices
from tables.actors import Actor
from tables.models import Host, Publication
from tables.publishing import drift

State = Publication.State

ACTIONS = {
    State.SUCCEEDED: "publication-succeeded",
    State.FAILED: "publication-failed",
    State.ROLLED_BACK: "publication-rolled-back",
}


@transaction.atomic
def succeed(publication: Publication, *, files: list[dict[str, Any]]) -> None:
    publication.files = files
    Host.objects.filter(pk=publication.host_id).update(release=publication.release_id, rolled_back_files=None)
    _end(publication, State.SUCCEEDED)
    drift.settle(publication)


@transaction.atomic
def fail(publication: Publication, *, error: str) -> None:
    publication.error = error
    _end(publication, State.FAILED)


@transaction.atomic
def roll_back(publication: Publication, *, error: str) -> None:
    publication.error = error
    _end(publication, State.ROLLED_BACK)


def _end(publication: Publication, state: str) -> None:
    publication.state, publication.finished_at = state, timezone.now()
    ended = Publication.objects.filter(pk=publication.pk, state=State.RUNNING).update(
        state=state,
        finished_at=publication.finished_at,
        steps=publication.steps,
        files=publication.files,
        error=publication.error,
    )
    if ended:
        _record(publication, ACTIONS[State(state)])
        (notices.published if state == State.SUCCEEDED else notices.failed)(publication=publication)


def _record(publication: Publication, action: str, reason: str = "", **detail: Any) -> None:
    host = publication.host
    audit.record(
        actor=Actor.publisher(host.name),
        action=action,
        cluster=host.cluster,
        reason=reason or publication.error,
        detail={
            "host": host.name,
            "release": publication.release.number,
            "publication": publication.pk,
            "requested_by": publication.requested_by_name,
            "files": {item["table"]: item["sha256"] for item in publication.files if item["changed"]},
            **detail,
        },
    )


def note_start(publication: Publication) -> None:
    _record(publication, "publication-started")


def note_interruption(publication: Publication, message: str) -> None:
    """It is queued again: the next publisher starts it afresh."""
    _record(publication, "publication-interrupted", reason=message)


def note_drift(publication: Publication, tables: list[str], message: str) -> None:
    _record(publication, "drift-found", reason=message, tables=tables)


def note_override(publication: Publication, message: str) -> None:
    """What was overridden is only known now; who said so is in the row."""
    _record(publication, "unsafe-override", reason=message, overridden_by=publication.override_by_name)
