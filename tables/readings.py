"""Files that are read more than once: what was read is known by its checksum, so that a change in between shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tables.errors import ChangeError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER = 1 << 18


class Reading(io.FileIO):
    """One reading of a file: how much was read so far, and the checksum of that."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.read_bytes = 0
        self._digest = hashlib.sha256()

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        count = super().readinto(buffer)
        if count:
            self.read_bytes += count
            self._digest.update(memoryview(buffer)[:count])
        return count

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Pieces(io.RawIOBase):
    """Bytes that come in pieces, as something to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        view = memoryview(buffer).cast("B")
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        return len(part)


def buffered(reading: Reading) -> io.BufferedReader:
    """The same by lines. All reading goes by ``readinto``."""
    return io.BufferedReader(reading, BUFFER)


def refuse_change(path: Path, checksums: Sequence[str]) -> None:
    if len(set(checksums)) > 1:
        raise ChangeError(f"{path} changed while it was read. Nothing was imported; try again when nobody writes it.")
