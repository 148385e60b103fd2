"""Pages of what is looked for from a place on, where the look may end before the list does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.http import HttpRequest

from tables.past.compare import Place as KeyPlace
from tables.searching.finder import Place
from tables.sendmail.tables import TABLES
from tables.views.paging import END, Page, first_number, link_of, split

R = TypeVar("R")
P = TypeVar("P")


class Read(Protocol):
    """Up to ``most`` rows from a place on, and where the look ended if that was not at the end."""

    def __call__(self, *, start: Any, backwards: bool, most: int) -> tuple[list[Any], Any]: ...


@dataclass(frozen=True, slots=True)
class Look(Generic[R, P]):
    """``parse`` raises ``ValueError`` at what is no place."""

    read: Read
    place: Callable[[R], P]
    text: Callable[[P], str]
    parse: Callable[[str], P]


@dataclass(frozen=True, slots=True)
class From(Generic[P]):
    """Which way the address asks to look, and from where."""

    backwards: bool
    start: P | None


def asked(parameters: Mapping[str, str], parse: Callable[[str], P]) -> From[P]:
    """An address that makes no sense shows the start."""
    for way in ("before", "after"):
        cursor = parameters.get(way, "")
        if cursor == END and way == "before":
            return From(backwards=True, start=None)
        if cursor and "\0" not in cursor:
            try:
                return From(way == "before", parse(cursor))
            except ValueError:
                continue
    return From(backwards=False, start=None)


def read_look(
    request: HttpRequest, look: Look[R, P], *, size: int, keep: Mapping[str, str], total: int | None = None
) -> Page[Any]:
    """The page that the address asks for. It may be short or empty; its next link then goes on from where the look
    ended."""
    where = asked(request.GET, look.parse)
    found, stopped = look.read(start=where.start, backwards=where.backwards, most=size + 1)
    rows = found[:size]
    onward = look.text(look.place(rows[-1])) if len(found) > size else look.text(stopped) if stopped is not None else ""
    back = ""
    if where.start is not None:
        back = look.text(look.place(rows[0]) if rows else where.start)
    if where.backwards:
        rows.reverse()
    earlier, later = (onward, back) if where.backwards else (back, onward)
    first = first_number(request.GET, size, total) if earlier else 1
    return Page(
        rows=rows,
        first=first,
        total=len(rows) if not earlier and not later else total,
        start_link=link_of(keep) if earlier else "",
        previous_link=link_of(keep, before=earlier, at=max(first - size, 1)) if earlier else "",
        next_link=link_of(keep, after=later, at=first + len(rows)) if later else "",
        end_link=link_of(keep, before=END) if later else "",
        unfinished=stopped is not None,
    )


# --- places as an address writes them ---------------------------------------------------------------------------------


def place_text(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


parse_place = split


def key_text(place: KeyPlace) -> str:
    return f"{place.table}:{place.key}"


def parse_key(text: str) -> KeyPlace:
    table, colon, key = text.partition(":")
    if not colon or table not in TABLES:
        raise ValueError(text)
    return KeyPlace(table, key)


def parse_number(text: str) -> int:
    return split(text)[0]
