"""The bytes of a file with its passwords hidden: a stream, line by line, of memory as bounded as the lines are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tables.sendmail.secret import masked
from tables.sendmail.text import decode, encode

_HINT = re.compile(rb"[Pp][ \t]*[:=]")


class Mask:
    """Hides the passwords of one stream and counts the lines in which it found any."""

    def __init__(self) -> None:
        self.lines = 0

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same bytes with dots for passwords, in whatever chunks they come."""
        rest = b""
        for chunk in chunks:
            head, line_end, tail = chunk.rpartition(b"\n")
            if line_end:
                yield self._hidden(rest + head + line_end)
                rest = tail
            else:
                rest += chunk
        if rest:
            yield self._hidden(rest)

    def _hidden(self, lines: bytes) -> bytes:
        if not _HINT.search(lines):
            return lines
        return b"\n".join(map(self._line, lines.split(b"\n")))

    def _line(self, line: bytes) -> bytes:
        if not _HINT.search(line):
            return line
        hidden = encode(masked(decode(line)))
        self.lines += hidden != line
        return hidden


def has_password(chunks: Iterable[bytes]) -> bool:
    """Whether anything in a file would be hidden. Reads no further than the first."""
    mask = Mask()
    return any(mask.lines for _chunk in mask.over(chunks))
