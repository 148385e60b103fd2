"""What the changes of a request put at risk, judged by effect against the tables as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tables import due
from tables.entries import look_around
from tables.models import Change, ChangeRequest, Cluster
from tables.sendmail.risk.dated import dated_risks
from tables.sendmail.risk.together import Step, after_all, remembered, risks_together
from tables.sendmail.spec import Entry, Lookup, Risk, TableSpec
from tables.sendmail.tables import TABLES
from tables.states import from_json


def step_of(change: Change) -> Step:
    return TABLES[change.table], from_json(change.key, change.before), from_json(change.key, change.after)


def risks_of(cluster: Cluster, changes: Iterable[Change]) -> frozenset[Risk]:
    """The risks of all changes done at once, against the tables as they stand now."""
    return frozenset().union(*risks_of_each(cluster, changes))


def risks_of_each(cluster: Cluster, changes: Iterable[Change]) -> list[frozenset[Risk]]:
    """The risks of each change when all are done at once, in their order."""
    return dated_risks([step_of(change) for change in changes], look_around(cluster))


def risks_in(request: ChangeRequest, changes: Sequence[Change]) -> list[frozenset[Risk]]:
    """The same of all changes of a request. Of what a date carries out that is left which was not approved with it."""
    found = risks_of_each(request.cluster, changes)
    return due.unapproved(changes, found) if request.kind == ChangeRequest.Kind.SCHEDULE else found


def risks_within(request: ChangeRequest, shown: Sequence[Change]) -> list[frozenset[Risk]]:
    """The risks of some changes of a request, each as a part of the whole of it."""
    look = remembered(look_around(request.cluster))

    def then(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        asked = list(keys)
        changed = request.changes.filter(table=table, key__in=asked)
        return after_all([step_of(change) for change in changed], look)(table, asked)

    found = dated_risks([step_of(change) for change in shown], look, then)
    return due.unapproved(shown, found) if request.kind == ChangeRequest.Kind.SCHEDULE else found


def is_tightening(table: TableSpec, before: Entry | None, after: Entry | None, look: Lookup) -> bool:
    """Whether a change takes back what needed a second person to be given. It never has to wait."""
    return not table.risks(before, after, look) and bool(table.risks(after, before, look))


#: Changes that are judged together as a part of a whole.
PART = 5_000


def tightens_by_parts(cluster: Cluster, changes: Sequence[Change]) -> Iterator[tuple[Sequence[Change], list[bool]]]:
    """What :func:`tightens` says, some changes at a time, each judged as a part of all of them."""
    if len(changes) <= PART:
        yield changes, tightens(cluster, changes)
        return
    stands = remembered(look_around(cluster))
    later = remembered(after_all([step_of(change) for change in changes], stands))
    for start in range(0, len(changes), PART):
        part = changes[start : start + PART]
        yield part, _closing([step_of(change) for change in part], stands, later)


def tightens(cluster: Cluster, changes: Sequence[Change], *, done: bool = False) -> list[bool]:
    """Of changes that are done at once, which take back what needed a second person to be given.

    ``done``: the tables hold what they lead to, not what they start from.
    """
    steps = [step_of(change) for change in changes]
    backwards = [(table, after, before) for table, before, after in steps]
    stands = remembered(look_around(cluster))
    other = remembered(after_all(backwards if done else steps, stands))
    earlier, later = (other, stands) if done else (stands, other)
    return _closing(steps, earlier, later)


def _closing(steps: Sequence[Step], earlier: Lookup, later: Lookup) -> list[bool]:
    there = risks_together(steps, earlier, later)
    back = risks_together([(table, after, before) for table, before, after in steps], later, earlier)
    return [not opened and bool(closed) for opened, closed in zip(there, back, strict=True)]
