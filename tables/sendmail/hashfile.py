"""What became of a hash map that was changed in a copy: the pages that differ are read, and no other.

The format is Berkeley DB's (dbinc/db_page.h, versions 8 to 10 of its hash files). Whatever is out of the ordinary there
(records on pages of their own, another version, another page size) is no failure: the answer is then "not this way".
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tables.sendmail.maps import Tally, record

_MAGIC = 0x061561
_VERSIONS = range(8, 11)
#: Byte order, page number, magic, version and page size of the first page; encryption and type follow.
_META = struct.Struct("=8xIIIIBB")
#: Entries on a page, the beginning of their heap, level and type; the page's own numbers come before.
_HEAD = struct.Struct("=20xHHBB")
_HASH_META, _UNSORTED, _SORTED, _FREE = 8, 2, 13, 0
_PLAIN = 1  # an item that holds its bytes itself


class Gone(NamedTuple):
    """Records that are no longer on the pages that differ, and those that are there now."""

    gone: Tally
    come: Tally


class _OtherFormatError(Exception):
    """Not what this module reads."""


def difference(before: Path, after: Path, most: int) -> Gone | None:
    """Compare two files, of which the second is a changed copy of the first.

    ``None`` when more than ``most`` pages differ or one of them is not of the plain kind.
    """
    try:
        with ExitStack() as stack:
            old, new = (_mapped(stack, path) for path in (before, after))
            size = _page_size(old)
            if _page_size(new) != size or len(new) % size or len(old) % size:
                return None
            return _compare(old, new, size, most)
    except (_OtherFormatError, struct.error, ValueError):
        return None


def _mapped(stack: ExitStack, path: Path) -> mmap.mmap:
    stream = stack.enter_context(path.open("rb"))
    return stack.enter_context(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def _page_size(data: mmap.mmap) -> int:
    number, magic, version, size, encrypted, kind = _META.unpack_from(data)
    if (number, magic, encrypted, kind) != (0, _MAGIC, 0, _HASH_META) or version not in _VERSIONS or size < 512:
        raise _OtherFormatError
    return int(size)


def _compare(old: mmap.mmap, new: mmap.mmap, size: int, most: int) -> Gone | None:
    gone, come = Tally(), Tally()
    left = most
    for start in range(size, max(len(old), len(new)), size):
        before, after = old[start : start + size], new[start : start + size]
        if before == after:
            continue
        left -= 1
        if left < 0:
            return None
        for data, tally in ((before, gone), (after, come)):
            for found in _records(data, size) if data else ():
                tally.add(found)
    return Gone(gone, come)


def _records(page: bytes, size: int) -> Iterator[bytes]:
    """The records of a page. A key and its value stand side by side, each item ending where the one before begins."""
    count, _heap, _level, kind = _HEAD.unpack_from(page)
    if kind == _FREE and not count:
        return
    if kind not in {_UNSORTED, _SORTED} or count % 2:
        raise _OtherFormatError
    places = struct.unpack_from(f"={count}H", page, 26)
    items = [_item(page[start:end]) for start, end in zip(places, (size, *places), strict=False)]
    for pair in zip(items[::2], items[1::2], strict=True):
        yield record(pair)


def _item(item: bytes) -> bytes:
    if not item or item[0] != _PLAIN:
        raise _OtherFormatError
    return item[1:].removesuffix(b"\0")
