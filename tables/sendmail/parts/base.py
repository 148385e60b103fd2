"""The pieces of a text: named, in order, and together exactly the text, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: The name of what is not understood.
OTHER = "other"

_NUMBER = re.compile(r"_\d+\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A named part of a key or value, as it is written. A secret one is never shown."""

    name: str
    text: str

    @property
    def secret(self) -> bool:
        return self.name == "password"


Pieces = tuple[Piece, ...]


def cut(text: str, *patterns: re.Pattern[str]) -> Pieces | None:
    """``text`` as the groups of the first pattern that matches all of it; ``None`` when none does.

    A group is named for its piece; ``_1`` at its end only tells groups of one name apart. What stands in no group is
    :data:`OTHER`, so that the pieces are the text whatever a pattern leaves out.
    """
    for pattern in patterns:
        if found := pattern.fullmatch(text):
            return groups(found)
    return None


def scan(text: str, pattern: re.Pattern[str]) -> Pieces:
    """``text`` as the groups of every match of ``pattern``, what stands between them as :data:`OTHER`."""
    pieces: list[Piece] = []
    end = 0
    for found in pattern.finditer(text):
        pieces += [*other(text[end : found.start()]), *groups(found)]
        end = found.end()
    return (*pieces, *other(text[end:]))


def groups(found: re.Match[str]) -> Pieces:
    """What was found as its named groups."""
    spans = sorted((*found.span(name), _NUMBER.sub("", name)) for name, text in found.groupdict().items() if text)
    pieces: list[Piece] = []
    end = found.start()
    for start, stop, name in spans:
        pieces += [*other(found.string[end:start]), Piece(name, found.string[start:stop])]
        end = stop
    return (*pieces, *other(found.string[end : found.end()]))


def other(text: str) -> Pieces:
    return (Piece(OTHER, text),) if text else ()


def bare(text: str) -> tuple[Pieces, str, Pieces]:
    """The blanks before ``text``, what is between them, and those after it, a CR of a file with CRLF among them."""
    body = text.strip(" \t\r")
    if not body:
        return _blank(text), "", ()
    start = text.index(body)
    return _blank(text[:start]), body, _blank(text[start + len(body) :])


def _blank(text: str) -> Pieces:
    return (Piece("blank", text),) if text else ()


def first(pieces: Iterable[Piece], name: str) -> str:
    """The text of the first piece of this name; empty without one."""
    return next((piece.text for piece in pieces if piece.name == name), "")


def understood(pieces: Iterable[Piece]) -> bool:
    return all(piece.name != OTHER for piece in pieces)
