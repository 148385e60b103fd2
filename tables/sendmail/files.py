"""Files that are replaced whole: the reader sees the old one or the new one, also after a power cut."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Bytes that are read at a time.
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a file and who may do what with it."""

    uid: int
    gid: int
    mode: int

    @classmethod
    def of(cls, path: Path) -> Ownership:
        found = path.stat()
        return cls(found.st_uid, found.st_gid, found.st_mode & 0o7777)

    def give(self, path: Path) -> None:
        """Make ``path`` so. Only root may give a file away."""
        found = path.stat()
        if (found.st_uid, found.st_gid) != (self.uid, self.gid):
            os.chown(path, self.uid, self.gid)
        path.chmod(self.mode)


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, some at a time."""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or the names in a directory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, chunks: Iterable[bytes], ownership: Ownership | None = None) -> None:
    """A new file with its owner and mode, on the disk. Nobody else can read it before it has them."""
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.writelines(chunks)
        stream.flush()
        if ownership:
            ownership.give(path)
        os.fsync(stream.fileno())


def write_atomic(path: Path, chunks: Iterable[bytes], ownership: Ownership | None = None) -> None:
    """Replace ``path`` in one step."""
    fresh = _beside(path)
    try:
        write(fresh, chunks, ownership)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
    sync(path.parent)


def put(source: Path, target: Path) -> None:
    """Move ``source`` over ``target`` in one step, also from another file system, and wake whoever reads the old one.

    sendmail keeps answering from a map that it has open until the mtime of *that* file changes (map.c compares
    seconds), so the file that lost its name is touched through a descriptor held open across the rename.
    """
    old = _open_old(target)
    try:
        _move(source, target)
        if old is not None:
            _touch(old)
    finally:
        if old is not None:
            os.close(old)


def put_away(target: Path) -> None:
    """Remove ``target``, and wake whoever reads it."""
    old = _open_old(target)
    if old is None:
        return
    try:
        target.unlink()
        _touch(old)
    finally:
        os.close(old)


def _open_old(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = _beside(target)
        copy(source, fresh)
        fresh.replace(target)
        source.unlink()


def _touch(handle: int) -> None:
    found = os.fstat(handle)
    seconds = max(time.time(), found.st_mtime + 1)
    os.utime(handle, (found.st_atime, seconds))


def link(source: Path, target: Path) -> None:
    """Give ``source`` a second name; on another file system, a copy."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK}:
            raise
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """A copy with the same owner, mode and times, on the disk."""
    ownership = Ownership.of(source)
    with source.open("rb") as stream:
        write(target, iter(lambda: stream.read(1 << 20), b""), ownership)
    shutil.copystat(source, target)


def leftover(path: Path) -> Path:
    """The name under which a file that replaces ``path`` is made ready in the same directory."""
    return _beside(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.mailadmin-new")


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def identity(path: Path) -> str:
    """Tells cheaply whether a file is still the one that was seen: inode, size and time of its last change."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"
