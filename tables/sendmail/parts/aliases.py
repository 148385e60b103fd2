"""aliases: a name, and the list of where its mail goes."""

from __future__ import annotations

import re

from tables.sendmail.parts.base import Piece, Pieces, cut, other, scan
from tables.sendmail.parts.form import Answers, Field, Parts, lines
from tables.sendmail.syntax.targets import items

_KEY = re.compile(r"(?P<name>[^\s+:,\"()<>@]+)(?P<detail>\+[^\s:,\"()<>@]*)?")
_GAP = re.compile(r"(?P<separator>,)|(?P<blank>[^,]+)")
_TARGETS = (
    re.compile(r'(?P<quote>")(?P<mark>\|)(?P<program>[^"]+)(?P<quote_1>")'),
    re.compile(r'(?P<mark>\|)(?P<quote>")(?P<program>[^"]+)(?P<quote_1>")'),
    re.compile(r'(?P<mark>\|)(?P<program>[^"]+)'),
    re.compile(
        r'(?P<quote>")(?P<mark>:include:)(?P<blank>[ \t]*)(?P<include>[^"\s][^"]*)(?P<quote_1>")', re.IGNORECASE
    ),
    re.compile(r'(?P<mark>:include:)(?P<blank>[ \t]*)(?P<include>[^"\s][^"]*)', re.IGNORECASE),
    re.compile(r'(?P<quote>")(?P<file>/[^"]*)(?P<quote_1>")'),
    re.compile(r'(?P<file>/[^"\s]*)'),
    re.compile(r"(?P<mark>\\)(?P<final>[^\s\"\\()<>@,;:]+)"),
    re.compile(r'(?P<quote>")(?P<user>[^"\\|/:@][^"\\@]*)(?P<quote_1>")'),
    re.compile(r"(?P<user>[^\s\"\\()<>@,;:|/#]+)"),
    re.compile(r"(?P<address>[^\s\"\\()<>@,;:|/#]+@(?:\[[^\s\[\]]+\]|[^\s\"\\()<>@,;:\[\]#]+))"),
    re.compile(r'(?P<address>"[^"\\|/]+"@[^\s"\\()<>@,;:#]+)'),
    re.compile(r"(?P<address>@[^\s\"\\()<>;|/]+:[^\s\"\\()<>;|/#]+@[^\s\"\\()<>,;:|/#]+)"),
    re.compile(r'(?P<phrase>"[^"\\|/]*"[ \t]*|[^<>",;:|/\\()]*)(?P<open><)(?P<inside>[^<>]+)(?P<close>>)'),
)
#: A remark before or after a target, which sendmail leaves out.
_REMARK = re.compile(r"(?P<comment>\([^()]*\)(?:[ \t]*\([^()]*\))*)(?P<blank>[ \t]*)(?P<target>.+)", re.DOTALL)
_REMARKED = re.compile(r"(?P<target>[^()]*[^()\s])(?P<blank>[ \t]+)(?P<comment>\([^()]*\))")

_FIELDS = (
    Field("key", "Name", of="key"),
    Field(
        "targets",
        "Targets",
        "One a line: a user, an address, \\user to deliver here without another look, |/path/program with its "
        "arguments, /path/file to append to, :include:/path/list to read a list.",
        example="bob@example.net",
        lines=True,
    ),
)


def key_pieces(key: str) -> Pieces:
    """``name``, and ``detail`` where there is one: ``+sales``, or ``+*`` for every other."""
    return cut(key, _KEY) or other(key)


def value_pieces(_key: str, value: str) -> Pieces:
    """The targets by their kind, with the separators, blanks, quotes and remarks between and around them."""
    pieces: list[Piece] = []
    end = 0
    for item in items(value):
        # What stands between is commas and blanks only, and no item begins with one.
        start = value.index(item.text, end)
        pieces += [*scan(value[end:start], _GAP), *target_pieces(item.text)]
        end = start + len(item.text)
    return (*pieces, *scan(value[end:], _GAP))


def target_pieces(text: str) -> Pieces:
    """One target: ``user``, ``address``, ``final`` for \\user, ``program``, ``file`` or ``include``."""
    found = cut(text, *_TARGETS)
    if found is None:
        return _with_remark(text)
    return tuple(
        inner for piece in found for inner in (target_pieces(piece.text) if piece.name == "inside" else (piece,))
    )


def _with_remark(text: str) -> Pieces:
    found = cut(text, _REMARK, _REMARKED)
    if found is None:
        return other(text)
    return tuple(
        inner for piece in found for inner in (_unremarked(piece.text) if piece.name == "target" else (piece,))
    )


def _unremarked(text: str) -> Pieces:
    return other(text) if "(" in text and not _REMARKED.fullmatch(text) else target_pieces(text)


def _answers(_key: str, value: str) -> Answers | None:
    """The targets one a line; ``None`` when the list does not end where its text does."""
    if value.count('"') % 2 or value.endswith("\\") or value.count("(") != value.count(")"):
        return None
    return {"key": _key, "targets": "\n".join(item.text for item in items(value))}


def _compose(said: Answers, before: str) -> tuple[str, str]:
    kept = {item.text for item in items(before)}
    return said["key"], ", ".join(line if line in kept else _quoted(line) for line in _targets(said["targets"]))


def _targets(text: str) -> list[str]:
    return [stripped for line in lines(text) if (stripped := line.strip(", \t"))]


def _quoted(line: str) -> str:
    """A program, file or list in the quotes that its blanks and commas need: the line is one target."""
    if line[0] not in "|/:" or '"' in line or not re.search(r"[\s,;()<>]", line):
        return line
    return f'"{line}"'


PARTS = Parts(key_pieces, value_pieces, lambda _said: _FIELDS, _answers, _compose)
