"""A dump as somebody brings it: nothing in it is believed before its manifest, and nothing larger than that says."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tables.dumping import manifest
from tables.dumping.manifest import Manifest, Part
from tables.errors import ChangeError

#: Bytes that one piece may have as it lies in the archive, and unpacked: a row is far smaller.
MOST = 256 << 20


class Dump:
    """An open dump. ``rows`` reads its parts in the order in which they lie."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self.archive = archive
        self.manifest = manifest.read(self._next(manifest.NAME, manifest.ROOM))

    def rows(self, part: Part) -> Iterator[list[Any]]:
        """Its rows. Raises after the last when they are not those that were written: nothing is kept before that."""
        digest = hashlib.sha256()
        rows = size = 0
        for number in range(1, part.files + 1):
            packed = self._next(f"{part.model}/{number:06}.jsonl.gz", MOST)
            digest.update(packed)
            piece = _unpacked(packed, min(part.size - size, MOST), part)
            size += len(piece)
            for line in piece.splitlines():
                rows += 1
                yield _row(line, part)
        if (digest.hexdigest(), rows, size) != (part.sha256, part.rows, part.size):
            raise _altered(part.model)

    def end(self) -> None:
        if self._member() is not None:
            raise ChangeError("The dump holds more than its manifest says: it was altered. Take another copy.")

    def _next(self, name: str, most: int) -> bytes:
        found = self._member()
        if found is None or found.name != name or not found.isreg() or found.size > most:
            raise _altered(name)
        stream = self.archive.extractfile(found)
        data = stream.read() if stream else b""
        if len(data) != found.size:
            raise _altered(name)
        return data

    def _member(self) -> tarfile.TarInfo | None:
        found = self.archive.next()
        self.archive.members = []  # type: ignore[attr-defined]  # it would remember each
        return found


def _unpacked(packed: bytes, most: int, part: Part) -> bytes:
    """No more than that many bytes, whatever is packed in it."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        piece = unpack.decompress(packed, most + 1)
    except zlib.error as error:
        raise _altered(part.model) from error
    if len(piece) > most or not unpack.eof or unpack.unused_data:
        raise _altered(part.model)
    return piece


def _row(line: bytes, part: Part) -> list[Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _altered(part.model) from error
    if not isinstance(row, list) or len(row) != len(part.columns):
        raise _altered(part.model)
    return row


def _altered(what: str) -> ChangeError:
    return ChangeError(f"The dump is not whole: {what} is cut off or was altered. Take another copy.")


@contextmanager
def opened(path: Path) -> Iterator[Dump]:
    try:
        with tarfile.open(path, mode="r:") as archive:
            yield Dump(archive)
    except tarfile.TarError as error:
        raise ChangeError(f"{path} is no dump, or cut off. Name a whole file of manage.py dump.") from error


def check(path: Path) -> Manifest:
    """Read all of it and believe none of it until it is the whole that its manifest tells of."""
    with opened(path) as dump:
        for part in dump.manifest.parts:
            for _row in dump.rows(part):
                pass
        dump.end()
        return dump.manifest
