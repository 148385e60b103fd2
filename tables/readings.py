"""Files that are read more than once: what was read is known by its checksum, so that a change in between shows."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
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


def buffered(reading: Reading) -> io.BufferedReader:
    """The same by lines. All reading goes by ``readinto``."""
    return io.BufferedReader(reading, BUFFER)


def refuse_change(path: Path, checksums: Sequence[str]) -> None:
    if len(set(checksums)) > 1:
        raise ChangeError(f"{path} changed while it was read. Nothing was imported; try again when nobody writes it.")
