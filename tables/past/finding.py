"""Changes by person, table, key, value, reason, risk, date and state of their request, the newest first.

What an index knows (person, table, key, date) narrows what is looked at. What it does not (a text, a risk, a state) is
looked for among so many changes at a time, and the page says where the look ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from tables import seeing
from tables.models import Change, ChangeRequest, Cluster
from tables.scopes import Scope
from tables.sendmail.international import word_to_ascii
from tables.sendmail.secret import AUTH_PREFIX, MARKS
from tables.sendmail.tables import TABLES
from tables.sendmail.text import fold

State = ChangeRequest.State

#: Changes that one page looks at for what no index knows.
LOOKED = 3000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty: anything. Names and keys are meant whole, value and reason by the words in them.

    ``state``: of the request; empty is the same as applied. ``until``: the first moment that is too late.
    """

    person: str = ""
    table: str = ""
    key: str = ""
    value: str = ""
    reason: str = ""
    risk: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def applied(self) -> bool:
        """Applied ones have a number in the change log and go by it; the others go by when they were written down."""
        return self.state in {"", State.APPLIED}


@dataclass(frozen=True, slots=True)
class Found:
    """Changes in the order in which they were looked for, and where the look ended if that was not at the end."""

    rows: list[Change]
    stopped: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Changes that one person may see. By a request that is not for them, what they see of it is not found."""

    scope: Scope
    cluster: Cluster
    wanted: Wanted

    @property
    def column(self) -> str:
        return "number" if self.wanted.applied else "id"

    def read(self, *, start: int | None = None, backwards: bool = False, most: int) -> Found:
        """Up to ``most`` changes older than one (``backwards``: newer). Read it within a snapshot."""
        order = self.column if backwards else f"-{self.column}"
        known = self._known().order_by(order)
        if start is not None:
            known = known.filter(**{f"{self.column}__{'gt' if backwards else 'lt'}": start})
        stopped: int | None = None
        if conditions := self._looked_for():
            stopped = self._end(known)
            if stopped is not None:
                known = known.filter(**{f"{self.column}__{'lte' if backwards else 'gte'}": stopped})
            known = known.annotate(risks_text=Cast("request__risks", TextField())).filter(*conditions)
        rows = list(known.select_related("request")[:most])
        return Found(rows, None if len(rows) >= most else stopped)

    def _end(self, known: QuerySet[Change]) -> int | None:
        """The last one that is looked at. Whoever sees some domains only is not shown how far a look came."""
        if self.scope.limited:
            return None
        numbers: QuerySet[Change, Any] = known.values_list(self.column, flat=True)
        return numbers[LOOKED - 1 : LOOKED].first()

    # --- what an index knows ---

    def _known(self) -> QuerySet[Change]:
        wanted = self.wanted
        found = Change.objects.filter(cluster=self.cluster, number__isnull=not wanted.applied)
        if wanted.person:
            found = found.filter(author_name=wanted.person)
        if wanted.table or wanted.key:
            # The index of keys begins with the table: naming all of them lets a key be found by it.
            found = found.filter(table__in=[wanted.table] if wanted.table else list(TABLES))
        if wanted.key:
            found = found.filter(key__in={wanted.key, fold(wanted.key), word_to_ascii(fold(wanted.key))})
        found = found.filter(self.scope.lines()) if self.scope.limited else found
        if self.scope.limited and (wanted.reason or wanted.risk or not wanted.applied):
            found = found.filter(request__in=seeing.requests(self.scope, self.cluster))
        return self._dated(found) if wanted.applied else found

    def _dated(self, found: QuerySet[Change]) -> QuerySet[Change]:
        """By the numbers of the changes at that time: the log is in the order of time, so one order serves both."""
        if self.wanted.until is not None:
            found = found.filter(number__lte=self._last_before(self.wanted.until))
        if self.wanted.since is not None:
            found = found.filter(number__gt=self._last_before(self.wanted.since))
        return found

    def _last_before(self, at: datetime) -> int:
        logged = Change.objects.filter(cluster=self.cluster, number__isnull=False, applied_at__lt=at)
        return logged.order_by("-applied_at", "-number").values_list("number", flat=True).first() or 0

    # --- what it does not ---

    def _looked_for(self) -> list[Q]:
        wanted = self.wanted
        found = [_value(word) for word in wanted.value.split()]
        found += [Q(request__reason__icontains=word) for word in wanted.reason.split()]
        if wanted.risk:
            found.append(Q(risks_text__contains=f'"{wanted.risk}"'))
        if not wanted.applied:
            found += [Q(request__state=wanted.state), *self._written()]
        return found

    def _written(self) -> list[Q]:
        times: Mapping[str, datetime | None] = {"gte": self.wanted.since, "lt": self.wanted.until}
        return [Q(**{f"request__created_at__{way}": at}) for way, at in times.items() if at is not None]


def _value(word: str) -> Q:
    """In the value or comment, before or after; where a password may stand nothing matches."""
    spellings = {word, word_to_ascii(word)}
    places = [f"{state}__{name}" for state in ("before", "after") for name in ("value", "comment")]
    return reduce(or_, (_has(place, spelling) for place in places for spelling in spellings))


def _has(place: str, word: str) -> Q:
    found = Q(**{f"{place}__icontains": word})
    holding = [name for name, table in TABLES.items() if table.holds_passwords]
    hidden = reduce(or_, (Q(**{f"{place}__icontains": mark}) for mark in MARKS))
    if place.endswith("value"):
        hidden |= Q(key__startswith=AUTH_PREFIX)
    return reduce(and_, [found, ~(Q(table__in=holding) & hidden)])
