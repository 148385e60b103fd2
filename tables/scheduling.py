"""Entries begin and end by themselves: the change requests that carry out dates, made by nobody in person.

They go the one way that every change goes. What a date opens was judged and approved when it was set, so carrying it
out needs nobody, unless it would open more now than was approved then: such a request waits for a review as any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import changes, due, notices, releases
from tables.actors import Actor
from tables.errors import ChangeError, Waiting
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import to_json

State = ChangeRequest.State
SCHEDULE = ChangeRequest.Kind.SCHEDULE

#: Who makes the requests.
SCHEDULER = Actor("mailadmin")
#: A request that ended so is not made a second time for the same date.
REFUSED = (State.REJECTED, State.WITHDRAWN, State.EXPIRED)
#: Entries that one request carries out at most; the rest is for the next, a moment later.
AT_ONCE = 10_000

log = logging.getLogger(__name__)

Step = tuple[TableSpec, Entry, Entry]


def carry_out(*, now: datetime | None = None) -> int:
    """Carry out what is due in all clusters; how many entries began or ended."""
    at = due.stamp(now or timezone.now())
    return sum(_in_cluster(cluster, at) for cluster in Cluster.objects.order_by("pk"))


def _in_cluster(cluster: Cluster, now: str) -> int:
    steps = list(_steps(cluster, now))
    if not steps:
        return 0
    done = _together(cluster, steps)
    if done and settings.PUBLISH_DATES:
        _publish(cluster, done)
    return done


def _steps(cluster: Cluster, now: str) -> Iterator[Step]:
    """What is due and neither waits already nor was refused."""
    for table in TABLES.values():
        found = list(due.entries(cluster, table, now))
        asked = _asked_before(cluster, table, [before.key for before, _after in found])
        for before, after in found[:AT_ONCE]:
            if to_json(before) not in asked.get(before.key, []):
                yield table, before, after


def _asked_before(cluster: Cluster, table: TableSpec, keys: Sequence[str]) -> dict[str, list[object]]:
    """By key the states from which a request that dates made started, where it waits or was refused."""
    asked: dict[str, list[object]] = {}
    states = (*ChangeRequest.WAITING, *REFUSED)
    made = Change.objects.filter(cluster=cluster, table=table.name, request__kind=SCHEDULE, request__state__in=states)
    for start in range(0, len(keys), due.CHUNK):
        for key, before in made.filter(key__in=keys[start : start + due.CHUNK]).values_list("key", "before"):
            asked.setdefault(key, []).append(before)
    return asked


def _together(cluster: Cluster, steps: Sequence[Step]) -> int:
    """All in one request; where something stands in the way of that, each in one of its own."""
    try:
        return _request(cluster, steps)
    except ChangeError as error:
        if len(steps) == 1:
            table, before, _after = steps[0]
            how = log.info if isinstance(error, Waiting) else log.warning
            how("%s in %s is due and cannot be carried out now: %s", table.shown(before.key), table.name, error)
            return 0
    return sum(_together(cluster, [step]) for step in steps)


@transaction.atomic
def _request(cluster: Cluster, steps: Sequence[Step]) -> int:
    request = changes.draft(cluster=cluster, actor=SCHEDULER, kind=SCHEDULE, reason=_reason(steps))
    for table in {table.name: table for table, _before, _after in steps}.values():
        pairs = [(before, after) for one, before, after in steps if one is table]
        changes.propose_many(request=request, actor=SCHEDULER, table=table, pairs=pairs)
    request = changes.submit(request=request, actor=SCHEDULER)
    notices.carried_out(request=request, people=_who_set(cluster, steps))
    return len(steps) if request.state == State.APPLIED else 0


def _reason(steps: Sequence[Step]) -> str:
    began = [step for step in steps if step[2].enabled]
    ended = [step for step in steps if not step[2].enabled]
    parts = [f"{_counted(some)} {'begin' if some is began else 'end'}" for some in (began, ended) if some]
    return f"By the dates that were set: {' and '.join(parts)}."


def _counted(steps: Sequence[Step]) -> str:
    if len(steps) > 1:
        return f"{len(steps)} entries"
    table, before, _after = steps[0]
    return f"{table.shown(before.key)} in {table.name}"


def _who_set(cluster: Cluster, steps: Sequence[Step]) -> list[User]:
    """Who last changed each of the entries: as long as a date stands, that is whoever set it or left it there."""
    people: dict[int, User] = {}
    for table, before, _after in steps[: due.CHUNK]:
        applied = Change.objects.filter(cluster=cluster, table=table.name, key=before.key, number__isnull=False)
        last = applied.filter(author__isnull=False).select_related("author").order_by("-number").first()
        if last is not None and last.author is not None:
            people[last.author.pk] = last.author
    return list(people.values())


def _publish(cluster: Cluster, done: int) -> None:
    """What ended must not stay in force until somebody happens to publish. Whatever else is applied goes along."""
    if releases.newest(cluster) is None:
        return  # the first publication is for a person to look at
    entries = "1 entry" if done == 1 else f"{done} entries"
    try:
        releases.cut(cluster=cluster, actor=SCHEDULER, reason=f"By the dates that were set: {entries} began or ended.")
    except ChangeError as error:
        log.warning("What began or ended in %s is not published: %s", cluster.name, error)
