"""Pages of a long list without counting or skipping: each page starts from the row where the last one ended.

A million rows further on, such a page costs what the first one does. The number of the first row shown travels in the
address (``at``) because nothing else would know it; it only labels the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)

END = "end"

#: How many rows there are, or how to count them where that takes time; it is not asked for when one page holds all.
Total = int | Callable[[], int] | None


@dataclass(frozen=True, slots=True)
class Order(Generic[M]):
    """How a list is sorted: a row's place as text, and the rows after and before a place."""

    cursor: Callable[[M], str]
    after: Callable[[str], Q]
    before: Callable[[str], Q]


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows of a list. Each link is a query string, empty when there is nothing that way."""

    rows: list[M]
    first: int
    total: int | None
    start_link: str
    previous_link: str
    next_link: str
    end_link: str
    #: The look ended before the list did: more may be found from one of the links on.
    unfinished: bool = False

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def by_place_cursor(row: Any) -> str:
    return f"{row.position}.{row.key}"


def _number(text: str) -> int:
    """A number that a column can hold; ``ValueError`` for anything else that an address may say."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def split(cursor: str) -> tuple[int, str]:
    """The place that a cursor of :data:`BY_PLACE` means."""
    position, _dot, key = cursor.partition(".")
    return _number(position), key


def _after_place(cursor: str) -> Q:
    position, key = split(cursor)
    # The first condition alone lets the database start in its index; the second says which ties are meant.
    return Q(position__gte=position) & (Q(position__gt=position) | Q(key__gt=key))


def _before_place(cursor: str) -> Q:
    position, key = split(cursor)
    return Q(position__lte=position) & (Q(position__lt=position) | Q(key__lt=key))


#: Entries in the order of their file.
BY_PLACE: Order[Any] = Order(cursor=by_place_cursor, after=_after_place, before=_before_place)


def _by_column(column: str, *, newest_first: bool) -> Order[Any]:
    """An order by a unique number."""
    later, earlier = ("lt", "gt") if newest_first else ("gt", "lt")
    return Order(
        cursor=lambda row: str(getattr(row, column)),
        after=lambda cursor: Q(**{f"{column}__{later}": _number(cursor)}),
        before=lambda cursor: Q(**{f"{column}__{earlier}": _number(cursor)}),
    )


#: Change requests, newest first.
NEWEST = _by_column("id", newest_first=True)

#: Changes of a request, as they were written down.
OLDEST = _by_column("id", newest_first=False)

#: Findings of a check, as it numbered them.
BY_ORDER = _by_column("number", newest_first=False)

#: Applied changes, newest first.
BY_NUMBER = _by_column("number", newest_first=True)


def wanted(parameters: Mapping[str, str], order: Order[M]) -> tuple[str, Q, str]:
    """Which way to read, and from where, also as text; an address that makes no sense shows the start."""
    for way in ("before", "after"):
        cursor = parameters.get(way, "")
        if cursor == END and way == "before":
            return way, Q(), ""
        if cursor and "\0" not in cursor:
            try:
                return way, getattr(order, way)(cursor), cursor
            except ValueError:
                continue
    return "after", Q(), ""


def first_number(parameters: Mapping[str, str], size: int, total: int | None) -> int:
    """The number of a later page's first row: counted back from the end, or as the address says."""
    if parameters.get("before") == END and total is not None:
        return max(total - size + 1, 1)
    try:
        return max(_number(parameters.get("at", "")), 1)
    except ValueError:
        return 1


def link_of(keep: Mapping[str, str], **parameters: str | int) -> str:
    return "?" + urlencode({**{name: value for name, value in keep.items() if value}, **parameters})


def read_page(
    request: HttpRequest, found: QuerySet[M], *, order: Order[M], size: int, total: Total, keep: Mapping[str, str]
) -> Page[M]:
    """The page of ``found`` that the address asks for; ``keep`` are the parameters that every link carries on."""
    way, place, _cursor = wanted(request.GET, order)
    backwards = way == "before"
    rows = list((found.reverse() if backwards else found).filter(place)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    earlier, later = (more, bool(place)) if backwards else (bool(place), more)
    if backwards:
        rows.reverse()
    if not (earlier or later):
        count: int | None = len(rows)
    else:
        count = total() if callable(total) else total
    first = first_number(request.GET, size, count) if earlier else 1

    def link(**parameters: str | int) -> str:
        return link_of(keep, **parameters)

    return Page(
        rows=rows,
        first=first,
        total=count,
        start_link=link() if earlier else "",
        previous_link=link(before=order.cursor(rows[0]), at=max(first - size, 1)) if earlier and rows else "",
        next_link=link(after=order.cursor(rows[-1]), at=first + size) if later and rows else "",
        end_link=link(before=END) if later else "",
    )
