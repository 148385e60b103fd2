"""One address with macros, and the user, detail and domain of a key."""

from __future__ import annotations

import re

from tables.sendmail.parts.base import Piece, Pieces, bare, cut, other
from tables.sendmail.parts.form import Answers

_FULL_NAME = re.compile(r'(?P<phrase>"[^"]*"[ \t]*|[^<>",]*)(?P<open><)(?P<inside>[^<>]*)(?P<close>>)')
_ADDRESS = re.compile(r"(?P<user>[^\s<>,\"@|/]+)(?:(?P<at>@)(?P<domain>[^\s<>,\"@]+))?")
_MACRO = re.compile(r"%[0-9%]")
_KEY = re.compile(r"(?P<user>[^@+\s]*)(?P<detail>\+[^@\s]*)?(?:(?P<at>@)(?P<domain>[^@\s]+))?")

#: The details that a key stands for, in place of one of its own.
ANY_DETAIL = ("++", "+*")


def address_pieces(text: str) -> Pieces:
    """An address, with ``Name <…>`` around it or not: user, domain, and each macro in them."""
    before, body, after = bare(text)
    return (*before, *_named(body), *after)


def _named(text: str) -> Pieces:
    around = cut(text, _FULL_NAME)
    if around is None:
        return _plain(text)
    return tuple(inner for piece in around for inner in (_plain(piece.text) if piece.name == "inside" else (piece,)))


def _plain(text: str) -> Pieces:
    found = cut(text, _ADDRESS)
    if found is None:
        return other(text)
    return tuple(inner for piece in found for inner in with_macros(piece))


def with_macros(piece: Piece) -> Pieces:
    """The piece with each ``%1`` in it a piece of its own."""
    pieces: list[Piece] = []
    end = 0
    for found in _MACRO.finditer(piece.text):
        pieces += [Piece(piece.name, piece.text[end : found.start()]), Piece("macro", found[0])]
        end = found.end()
    pieces.append(Piece(piece.name, piece.text[end:]))
    return tuple(part for part in pieces if part.text)


def key_pieces(key: str) -> Pieces:
    """``user+detail@domain``, each of them where it is there."""
    return cut(key, _KEY) or other(key)


def key_answers(pieces: Pieces) -> Answers:
    """User, what detail it stands for, and domain. A detail of its own belongs to the user's name."""
    said = {piece.name: piece.text for piece in pieces}
    user, detail = said.get("user", ""), said.get("detail", "")
    if detail not in ANY_DETAIL:
        user, detail = user + detail, ""
    return {"user": user, "detail": detail, "domain": said.get("domain", "")}


def compose_key(answers: Answers) -> str:
    """The key; a whole address written where the user belongs is taken as one."""
    user, detail, domain = (answers[name].strip() for name in ("user", "detail", "domain"))
    if not domain and (not user or "@" in user):
        return user + detail
    return f"{user}{detail}@{domain}"
