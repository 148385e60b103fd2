"""The one line at the top of a file that says where it comes from. Comparing and reading pass over it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tables.sendmail.layout import STAMP_PREFIX

_PREFIX = STAMP_PREFIX.encode()

#: Hexadecimal digits of each checksum: enough to find it in the panel, short enough for the line.
_DIGITS = 16


def line(*, release: int, checksum: str, audit: str) -> bytes:
    """The stamp of a release: its number, the checksum of its changes and the end of the audit chain."""
    return (
        f"{STAMP_PREFIX}{release}, change checksum {checksum[:_DIGITS]}, audit {audit[:_DIGITS] or 'none'}. "
        "Edit in the panel: the next publication rewrites this file.\n"
    ).encode()


def body(path: Path) -> Iterator[bytes]:
    """What the file says below its stamp, in chunks."""
    with path.open("rb") as stream:
        first = stream.readline(4096)
        if first and not first.startswith(_PREFIX):
            yield first
        while chunk := stream.read(1 << 20):
            yield chunk


def length(data: bytes) -> int:
    """How many bytes the stamp takes in a file that begins with ``data``; 0 when it has none."""
    return data.find(b"\n") + 1 if data.startswith(_PREFIX) else 0


def body_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in body(path):
        digest.update(chunk)
    return digest.hexdigest()
