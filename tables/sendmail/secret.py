"""Passwords in the tables: AuthInfo of access holds them as ``"P:password"`` or, in base64, ``"P=cGFzc3dvcmQ="``.

cf/README, "Providing SMTP AUTH Data when sendmail acts as Client". sendmail reads a part in quotes only, in which a
backslash takes the next character as it is; people also write the parts without quotes. Those are hidden where the
line is one of AuthInfo beyond doubt, so that ordinary text such as ``step p: done`` stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MASK = "••••"

#: What a text has in it whose passwords are hidden; for a search that must not find out by trying what is hidden.
MARKS = ("authinfo", '"p:', '"p=')

_HINT = re.compile(r"[Pp][ \t]*[:=]")
_QUOTED = re.compile(r'"[ \t]*P[ \t]*[:=]', re.IGNORECASE)
_BARE = re.compile(r"(?:(?<![^\s\"'(<,;{\[])|(?<=\"))P[ \t]*[:=]", re.IGNORECASE)
_TO_QUOTE = re.compile(r'((?:\\.|[^"\\])*)"(?=[\s"\'”)\],.;}>&\\]|\Z)')
_NEXT_PART = re.compile(r"""[ \t]*["'(]?(?:(?<=[\s"'(])[UIRMP][ \t]*[:=])""", re.IGNORECASE)
_OTHER_PART = re.compile(r"""(?<![^\s"'(<,;])[UIRM][ \t]*[:=]""", re.IGNORECASE)
#: How the keys of entries that hold a password begin, folded.
AUTH_PREFIX = "authinfo:"


class Password(NamedTuple):
    """A password as it is written, and whether that is base64."""

    text: str
    encoded: bool


class Span(NamedTuple):
    start: int
    end: int


def masked(text: str, *, auth: bool = False) -> str:
    """``text`` with every password in it hidden, whatever else it says; ``auth``: it is the value of an AuthInfo."""
    if not _HINT.search(text):
        return text
    pieces: list[str] = []
    done = 0
    for span in _spans(text, auth=auth):
        pieces += text[done : span.start], MASK
        done = span.end
    return "".join([*pieces, text[done:]])


def masked_value(key: str, value: str) -> str:
    """The value of an entry of a table that may hold passwords, without them."""
    return masked(value, auth=is_auth(key))


def is_auth(key: str) -> bool:
    return key[: len(AUTH_PREFIX)].lower() == AUTH_PREFIX


def passwords(text: str, *, auth: bool = False) -> list[Password]:
    """The passwords in ``text`` as they are written there, in order."""
    return [Password(text[start:end], text[start - 1] == "=") for start, end in _spans(text, auth=auth)]


def unmasked(typed: str, original: str, *, auth: bool = False) -> str:
    """``typed`` with each hidden password taken from the same place of ``original``: it was shown, not changed.

    Only where both have as many passwords, and where each is hidden again: so none gets to a place where it would be
    seen. Otherwise the dots stay, and whoever checks the entry says so.
    """
    if MASK not in typed:
        return typed
    known = [password.text for password in passwords(original, auth=auth)]
    filled = _filled(typed, known) or _replaced(typed, known, auth=auth)
    before, after = masked(typed, auth=auth), masked(filled, auth=auth)
    return typed if any(after.count(password) > before.count(password) for password in known) else filled


def _filled(typed: str, known: Sequence[str]) -> str:
    """With every dot replaced; empty when there are not as many. Hidden text may have said what the line is about."""
    pieces = typed.split(MASK)
    if len(pieces) != len(known) + 1:
        return ""
    return "".join(piece + password for piece, password in zip(pieces, [*known, ""], strict=True))


def _replaced(typed: str, known: Sequence[str], *, auth: bool) -> str:
    """With the dots replaced that are left when others were typed over."""
    places = list(_spans(typed, auth=auth))
    if len(places) != len(known):
        return typed
    pieces: list[str] = []
    done = 0
    for span, password in zip(places, known, strict=True):
        was = typed[span.start : span.end]
        pieces += typed[done : span.start], password if was == MASK else was
        done = span.end
    return "".join([*pieces, typed[done:]])


def _spans(text: str, *, auth: bool) -> Iterator[Span]:
    """Where the passwords stand, line by line."""
    start = 0
    for line in text.split("\n"):
        for span in _in_line(line, auth=auth or _speaks_of_auth(line)):
            yield Span(start + span.start, start + span.end)
        start += len(line) + 1


def _speaks_of_auth(line: str) -> bool:
    return AUTH_PREFIX[:-1] in line.lower() or bool(_OTHER_PART.search(line))


def _in_line(line: str, *, auth: bool) -> Iterator[Span]:
    mark = _BARE if auth else _QUOTED
    place = 0
    while found := mark.search(line, place):
        quoted = found[0][0] == '"' or line[: found.start()].endswith('"')
        place = _end(line, found.end(), quoted=quoted)
        if place > found.end():
            yield Span(found.end(), place)


def _end(line: str, start: int, *, quoted: bool) -> int:
    """Where a password ends: at its closing quote, or before the next part, for a blank may belong to it."""
    if line.startswith(MASK, start):
        return start + len(MASK)
    if quoted and (closed := _TO_QUOTE.match(line, start)):
        return closed.end(1)
    following = _NEXT_PART.search(line, start)
    end = following.start() if following else len(line)
    return max(start, len(line[:end].rstrip(" \t\r")))
