"""Dates of entries as people write and read them. An entry keeps them in UTC (:func:`tables.due.stamp`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from tables.due import stamp
from tables.errors import Invalid
from tables.sendmail.spec import ABOUT, Entry, Grade, Problem
from tables.sendmail.text import visible, written_out

#: Characters that an owner or a ticket may have.
MOST = 200
#: What the panel has fields for, by the name of the field.
NAMES = {"owner": "owner", "ticket": "ticket", "starts": "start", "ends": "end"}
_FAR = 9000


class BadMomentError(ValueError):
    """A text that names no moment; says what is wrong and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message, self.remedy = message, remedy


def parse(text: str) -> str:
    """A moment as somebody wrote it (:func:`read_moment`), as an entry keeps it; empty for an empty text."""
    return stamp(read_moment(text)) if text.strip() else ""


def read_moment(text: str) -> datetime:
    """A moment as somebody wrote it, with its time zone.

    ``2026-01-31T12:00``, ``2026-01-31 12:00`` or ``2026-01-31`` in the panel's time zone, or with an offset (``Z``,
    ``+01:00``) or the name of a zone after it (``2026-01-31 12:00 Europe/Berlin``). Raises :class:`BadMomentError`.
    """
    words = text.split()
    zone = _zone(words.pop()) if len(words) > 1 and _is_a_name(words[-1]) else timezone.get_current_timezone()
    written = " ".join(words)
    moment = _moment(written)
    if moment.tzinfo is None:
        moment = _in_zone(moment, zone)
    if moment.year > _FAR or moment.year < 1970:
        raise BadMomentError(f"{visible(written)} is too far away.", "Write a year between 1970 and 9000.")
    return moment


def _is_a_name(word: str) -> bool:
    return word[:1].isalpha() and word.upper() not in {"AM", "PM"}


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadMomentError(
            f"There is no time zone {visible(name)}.", "Write one as Europe/Berlin, or an offset as +01:00."
        ) from None


def _moment(written: str) -> datetime:
    try:
        moment = parse_datetime(written)
        day = None if moment else parse_date(written)
    except ValueError:
        moment = day = None
    if day is not None:
        return datetime.combine(day, time.min)
    if moment is None:
        raise BadMomentError(f"“{visible(written)}” is no time.", "Write it as 2026-01-31 12:00.")
    return moment


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The moment of a clock there. An hour that it leaves out in spring is none; of two in autumn the first counts."""
    there = moment.replace(tzinfo=zone)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise BadMomentError(
            f"There is no {moment:%H:%M} on {moment:%Y-%m-%d} in {zone}: the clocks are put forward then.",
            "Write a time before or after that hour.",
        )
    return there


def shown(text: str) -> str:
    """What an entry keeps, as a field for a date and time has it, in the panel's time zone."""
    moment = moment_of(text)
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}" if moment else ""


def moment_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


def read(typed: Mapping[str, str], *, before: Entry | None, now: datetime | None = None) -> dict[str, str]:
    """What was typed into the fields of :data:`ABOUT`, as an entry keeps it. Raises :class:`tables.errors.Invalid`.

    A date that stays what it was may lie in the past. An entry that is to begin cannot end before.
    """
    problems: list[Problem] = []
    found: dict[str, str] = {}
    for name in ABOUT:
        if name in typed:
            problem, found[name] = _field(name, typed[name])
            problems += [problem] if problem else []
    if not problems:
        problems = check(found, before=before, now=now or timezone.now())
    if problems:
        raise Invalid(problems)
    return found


def _field(name: str, text: str) -> tuple[Problem | None, str]:
    text = text.strip()
    if name in {"starts", "ends"}:
        try:
            return None, parse(text)
        except BadMomentError as error:
            return _problem(f"date.{name}", error.message, error.remedy, name), ""
    if len(text) > MOST:
        message = f"The {NAMES[name]} has {len(text)} characters."
        return _problem(f"{name}.long", message, f"Write {MOST} at most.", name), text
    if written_out(text) != text:
        message = f"The {NAMES[name]} has a line break or another control character."
        return _problem(f"{name}.control", message, "Write it as one line of text.", name), text
    return None, text


def check(about: Mapping[str, str], *, before: Entry | None, now: datetime) -> list[Problem]:
    """What is wrong with dates that are well written."""
    was = {name: getattr(before, name) if before else "" for name in ABOUT}
    starts, ends = (about.get(name, was[name]) for name in ("starts", "ends"))
    problems = [
        _problem(
            f"date.past-{name}",
            f"The {NAMES[name]} is in the past.",
            f"Write a later time, or leave the {NAMES[name]} empty.",
            name,
        )
        for name, text in (("starts", starts), ("ends", ends))
        if text and text <= stamp(now) and text != was[name]
    ]
    if starts and ends and ends <= starts:
        problems.append(
            _problem("date.order", "The end is not after the start.", "Write a later end, or an earlier start.", "ends")
        )
    return problems


def _problem(rule: str, message: str, remedy: str, field: str) -> Problem:
    return Problem(rule=rule, grade=Grade.ERROR, message=message, remedy=remedy, field=field)


def soon(days: int, *, now: datetime | None = None) -> str:
    """The last moment that is soon."""
    return stamp((now or timezone.now()) + timedelta(days=days))
