"""Pages of what a search found in one table, some of which end before the table does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from tables.searching.finder import Finder, Found, Place
from tables.views.paging import BY_PLACE, END, Page, first_number, link_of, split, wanted


def read_matches(
    request: HttpRequest, finder: Finder, *, size: int, counted: int, keep: Mapping[str, str]
) -> Page[Any]:
    """The page of matches that the address asks for. Where the look was bounded, the page may be short or empty, and
    its next link goes on from where the look ended."""
    way, place, cursor = wanted(request.GET, BY_PLACE)
    backwards, start = way == "before", split(cursor) if cursor else None
    found = finder.read(start=start, place=place or None, backwards=backwards, most=size + 1)
    rows = found.rows[:size]
    onward = _onward(found, rows, size)
    earlier, later = (onward, bool(place)) if backwards else (_back(place, rows, start), onward)
    if backwards:
        rows.reverse()
    total = len(rows) if not (place or onward or backwards) else finder.count(counted + 1)
    first = first_number(request.GET, size, total) if earlier else 1
    end = rows[-1] if rows else None
    if backwards:
        later = (BY_PLACE.cursor(end) if end else cursor) if place else ""
    return Page(
        rows=rows,
        first=first,
        total=total,
        start_link=link_of(keep) if earlier else "",
        previous_link=link_of(keep, before=earlier, at=max(first - size, 1)) if earlier else "",
        next_link=link_of(keep, after=later, at=first + len(rows)) if later else "",
        end_link=link_of(keep, before=END) if later else "",
        unfinished=found.stopped is not None,
    )


def _onward(found: Found, rows: list[Any], size: int) -> str:
    """The cursor from which the look goes on the same way; empty at the end."""
    if len(found.rows) > size:
        return BY_PLACE.cursor(rows[-1])
    return _text(found.stopped) if found.stopped else ""


def _back(place: object, rows: list[Any], start: Place | None) -> str:
    if not place:
        return ""
    if rows:
        return BY_PLACE.cursor(rows[0])
    return _text(start) if start else ""


def _text(place: Place) -> str:
    return f"{place[0]}.{place[1]}"
