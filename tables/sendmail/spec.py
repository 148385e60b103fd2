"""What one table is: the words that every other part of the core uses.

Nothing here knows Django. Text is ``str`` throughout; :mod:`tables.sendmail.text` maps any bytes of a file to ``str``
and back without loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Protocol

from tables.sendmail.parts.form import Parts
from tables.sendmail.secret import masked, masked_value
from tables.sendmail.text import visible, written_out


class Kind(StrEnum):
    """How a table reaches sendmail."""

    MAP = "map"  # built by makemap
    ALIASES = "aliases"  # built by newaliases, which also adds the @:@ token
    CLASS = "class"  # read by sendmail when it starts: needs SIGHUP


class Grade(StrEnum):
    """How bad a problem is: an error is refused, a warning is shown and asked, a note is only shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Risk(StrEnum):
    """What a change can do harm with. A change that has any of them needs a second person."""

    RELAY = "relay"
    PROGRAM = "program"
    FILE = "file"
    INCLUDE = "include"
    CATCH_ALL = "catch-all"
    ROUTING = "routing"
    SECRET = "secret"
    BYPASS = "bypass"  # mail gets past a check: an OK, or a REJECT taken away


class Duplicates(StrEnum):
    """Which of two lines with one key the building program keeps."""

    FIRST = "first"  # makemap, which also exits 65
    LAST = "last"  # newaliases, which only warns
    HARMLESS = "harmless"  # a class is a set


@dataclass(frozen=True, slots=True)
class Fix:
    """What one click makes of the entry that a problem was found in; what is ``None`` stays as it is.

    ``keys`` take the place of the entry's key: one corrects it, several make an entry of each with the same value, and
    none deletes the entry. ``remark`` goes to the end of the comment. ``adds`` are entries that are missing, each as
    (table, key, value).
    """

    label: str  # an imperative for a button: "Write 192.0.2"
    keys: tuple[str, ...] | None = None
    value: str | None = None
    remark: str = ""
    adds: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a key, value, comment or line, and what to do about it.

    ``field`` is ``key``, ``value``, ``comment`` or empty when it concerns the whole line. ``line`` counts from 1.
    ``fix`` is there where the remedy is beyond doubt.
    """

    rule: str
    grade: Grade
    message: str
    remedy: str
    field: str = ""
    line: int | None = None
    fix: Fix | None = None


#: What the panel alone knows of an entry.
ABOUT = ("owner", "ticket", "starts", "ends")


@dataclass(frozen=True, slots=True, init=False)
class Entry:
    """One key (and value) of a table, and where and how it stands in its file.

    ``key`` is folded as the map folds it. ``comment`` is plain text without ``#``. ``above`` and ``raw`` are the exact
    lines of the comment and of the entry itself, line ends included, kept only where they differ from the canonical
    form (:mod:`tables.sendmail.render`) and dropped when the entry changes.

    The rest is known to the panel alone and stands in no file: whose the entry is, under which ticket it was asked for,
    and when it begins and ends to be in force, in UTC (``2026-01-31T12:00:00Z``). Each is empty when it is not set.
    """

    key: str
    value: str = ""
    comment: str = ""
    enabled: bool = True
    position: int = 0
    above: str = ""
    raw: str = ""
    owner: str = ""
    ticket: str = ""
    starts: str = ""
    ends: str = ""

    def __init__(
        self,
        key: str,
        value: str = "",
        comment: str = "",
        enabled: bool = True,
        position: int = 0,
        above: str = "",
        raw: str = "",
        owner: str = "",
        ticket: str = "",
        starts: str = "",
        ends: str = "",
    ) -> None:
        """By the slots themselves: the one that a frozen dataclass is given takes twice the time, and an import makes a
        million of them."""
        _key(self, key)
        _value(self, value)
        _comment(self, comment)
        _enabled(self, enabled)
        _position(self, position)
        _above(self, above)
        _raw(self, raw)
        _owner(self, owner)
        _ticket(self, ticket)
        _starts(self, starts)
        _ends(self, ends)

    def carrying(self, other: Entry | None) -> Entry:
        """The same with what the panel alone knows of ``other``: for an entry that was read out of a file."""
        if other is None:
            return self
        return replace(self, owner=other.owner, ticket=other.ticket, starts=other.starts, ends=other.ends)

    def knowing(self, about: Mapping[str, str]) -> Entry:
        """The same with some of what the panel alone knows set anew."""
        known = {name: about.get(name, getattr(self, name)) for name in ABOUT}
        return replace(self, owner=known["owner"], ticket=known["ticket"], starts=known["starts"], ends=known["ends"])

    @property
    def plain(self) -> Entry:
        """The same as a file has it."""
        return replace(self, owner="", ticket="", starts="", ends="")


_key, _value, _comment, _enabled, _position, _above, _raw, _owner, _ticket, _starts, _ends = (
    getattr(Entry, field.name).__set__ for field in fields(Entry)
)


@dataclass(frozen=True, slots=True)
class Passage:
    """Text of a file that belongs to no entry: head comment, section heading, blank lines, with their line ends."""

    text: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """One item of a file as read: an entry or a passage, the line it starts on and what is wrong with it."""

    item: Entry | Passage
    line: int
    problems: tuple[Problem, ...] = ()


class Under(str):
    """A key that asks for others: ``*.example.com`` whether anything ends so, ``10.1.*`` whether anything begins so.

    A look-around answers it with the question itself as the key, if there is any.
    """

    __slots__ = ()

    def covers(self, key: str) -> bool:
        if self.startswith("*"):
            return key.endswith(self[1:]) and key != self[1:]
        return key.startswith(self[:-1]) and key != self[:-1]


#: Answers which of the given keys a table holds, enabled, and with what value: how a risk looks around itself.
Lookup = Callable[[str, Iterable[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A value taken apart at its targets: what stands before them, each exactly as written, and what joins them.

    ``users``: whether a target without a domain is a user's name; otherwise it is a host's.
    """

    items: tuple[str, ...] = ()
    joint: str = ""
    head: str = ""
    users: bool = True

    def joined(self, items: Iterable[str]) -> str:
        return self.head + self.joint.join(items)


def _no_pieces(_value: str) -> Pieces:
    return Pieces()


def _nothing(_text: str) -> str:
    return ""


def _no_address(_value: str) -> list[str]:
    return []


def _nowhere(_key: str, _value: str) -> Sequence[str]:
    return ()


def _never(_key: str) -> bool:
    return False


class Judge(Protocol):
    """Which risks a change of one entry has.

    ``then`` is the look around once everything that is done together with the change is done as well.
    """

    def __call__(
        self, before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
    ) -> frozenset[Risk]: ...


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One of the seven tables, declared once and read by forms, import, render, build, verify, help text and docs."""

    name: str  # the file's name, also in URLs and commands
    title: str
    singular: str
    kind: Kind
    summary: str
    key_label: str
    key_help: str
    value_label: str  # empty: the table has keys only
    value_help: str
    example: tuple[str, str]
    duplicates: Duplicates
    check_key: Callable[[str], list[Problem]]
    check_value: Callable[[str, str], list[Problem]]  # (key, value)
    risks: Judge
    domain: Callable[[str], str]  # the domain of a key, by which a new entry finds its place
    parts: Parts  # how its keys and values come apart
    cf_name: str  # the name by which sendmail.cf's rules know its map, or its class
    cf_line: str  # what a .mc file says so that sendmail reads it
    tag: Callable[[str], str] = _nothing  # what a key begins with before its item, colon included
    host: Callable[[str], str] = _nothing  # the domain that a key ends with, in whatever letters
    addresses: Callable[[str], list[str]] = _no_address  # the addresses or hosts in a value
    leads_to_one: bool = False  # the value is one address
    lies_in: Callable[[str], str] = _nothing  # the domain of a key, for who may edit only some; empty: outside them all
    leads_to: Callable[[str, str], Sequence[str]] = _nowhere  # (key, value): the domains of its targets, empty as above
    is_catch_all: Callable[[str], bool] = _never  # whether a key stands for every user of a domain
    pieces: Callable[[str], Pieces] = _no_pieces  # of a value, for whoever looks for a target in it
    users_alone: bool = False  # a key without a domain is a user's name
    relay_words: Sequence[str] | None = None  # what a value has that lets somebody relay, where any does
    holds_passwords: bool = False  # hidden on every page; in other tables what looks like one is shown

    @property
    def has_value(self) -> bool:
        return bool(self.value_label)

    @property
    def can_be_delegated(self) -> bool:
        """Whether its keys lie in domains at all, so that a person may be given some of them."""
        return self.lies_in is not _nothing

    @property
    def needs_signal(self) -> bool:
        return self.kind is Kind.CLASS

    def shown(self, text: str) -> str:
        """``text`` for a page: control characters written out, and passwords hidden where this table may hold any.

        In other tables nothing is hidden, so that nobody feigns a password to keep something from a reviewer.
        """
        return visible(text) if self.holds_passwords else written_out(text)

    def masked(self, entry: Entry) -> Entry:
        """The entry without its passwords, wherever in its lines they stand."""
        if not self.holds_passwords:
            return entry
        return replace(
            entry,
            value=masked_value(entry.key, entry.value),
            comment=masked(entry.comment),
            above=masked(entry.above),
            raw=masked(entry.raw),
        )
