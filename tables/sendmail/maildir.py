"""The directory that a publisher writes: its files, its own corner ``.mailadmin`` in it, and its lock."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tables.sendmail.files import Ownership, leftover
from tables.sendmail.spec import Kind, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.whereabouts import Whereabouts, plain

#: Modes of files that did not exist. access can hold passwords of AuthInfo: not for everybody.
MAP_MODE = 0o640
TEXT_MODE = 0o644
TEXT_MODES = {"access": 0o640}


class DirectoryProblem(Exception):
    """The mail directory cannot be published into. The message says why and what to do."""


class Locked(Exception):
    """Another publisher is at work in the directory."""


@dataclass(frozen=True, slots=True)
class MailDir:
    path: Path
    #: Where the tables are and how they are built; one that is not named lies in the directory under its own name.
    places: Mapping[str, Whereabouts] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.path / ".mailadmin"

    @property
    def journal(self) -> Path:
        return self.state / "journal.json"

    @property
    def staging(self) -> Path:
        return self.state / "staging"

    @property
    def generations(self) -> Path:
        return self.state / "generations"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    def place(self, table: TableSpec) -> Whereabouts:
        return self.places.get(table.name) or plain(self.path, table)

    @property
    def tables(self) -> list[TableSpec]:
        """Those that are written here."""
        return [table for table in TABLES.values() if not self.place(table).unused]

    @property
    def unused(self) -> list[Whereabouts]:
        return [place for place in map(self.place, TABLES.values()) if place.unused]

    def text(self, table: TableSpec) -> Path:
        """The file to replace: where a link leads, as Debian's ``aliases -> ../aliases`` does."""
        return Path(os.path.realpath(self.place(table).text))

    def map(self, table: TableSpec) -> Path:
        return Path(os.path.realpath(self.place(table).map or self.path / f"{table.name}.db"))

    def ownership_of_text(self, table: TableSpec) -> Ownership:
        return self._ownership(self.text(table), TEXT_MODES.get(table.name, TEXT_MODE))

    def ownership_of_map(self, table: TableSpec, built: Path) -> Ownership:
        """That of the map it replaces; for a first one what makemap gave it, with the directory's group."""
        live = self.map(table)
        if live.exists():
            return Ownership.of(live)
        return Ownership(built.stat().st_uid, _group(live), MAP_MODE)

    def _ownership(self, live: Path, mode: int) -> Ownership:
        return Ownership.of(live) if live.exists() else Ownership(os.geteuid(), _group(live), mode)

    def prepare(self) -> None:
        """Make the corner that the publisher keeps for itself. Raises :class:`DirectoryProblem`."""
        check(self.path)
        try:
            self.state.mkdir(mode=0o700, exist_ok=True)
            self.generations.mkdir(exist_ok=True)
        except OSError as error:
            raise DirectoryProblem(f"{self.state} cannot be made: {error.strerror}. {_WRITABLE}") from error

    def check_targets(self, tables: Iterable[TableSpec]) -> None:
        """Refuse early what could not be replaced later."""
        for table in tables:
            self._check_alone(table)
            if problem := self.place(table).problem:
                raise DirectoryProblem(problem)
            targets = [self.text(table)] if table.kind is Kind.CLASS else [self.text(table), self.map(table)]
            for target in targets:
                _check_target(target, self.path)

    def _check_alone(self, table: TableSpec) -> None:
        text = self.text(table)
        for other in self.tables:
            if other is not table and self.text(other) == text:
                raise DirectoryProblem(
                    f"{table.name} and {other.name} in {self.path} are one file, {text}: "
                    "publishing one table would change both. Give each a file of its own."
                )


def _group(live: Path) -> int:
    """Of a file that was not there yet: that of its directory."""
    return live.parent.stat().st_gid if os.geteuid() == 0 else os.getegid()


_WRITABLE = "Run the publisher as root, or let its user own the directory."


def check(path: Path) -> None:
    """Refuse a directory that cannot be written, or that sendmail itself would refuse."""
    try:
        _check_reachable(path)
    except PermissionError as error:  # a directory above keeps us out
        raise _not_writable(path) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _not_writable(path)


def _not_writable(path: Path) -> DirectoryProblem:
    return DirectoryProblem(f"The mail directory {path} is not writable. {_WRITABLE}")


def _check_reachable(path: Path) -> None:
    if not path.exists():
        raise DirectoryProblem(
            f"The mail directory {path} does not exist. Create it, or set MAILADMIN_MAIL_DIR to the right one."
        )
    if not path.is_dir():
        raise DirectoryProblem(f"{path} is not a directory. Set MAILADMIN_MAIL_DIR to a directory.")
    _check_closed(path)


def _check_closed(path: Path) -> None:
    for directory in (path.resolve(), *path.resolve().parents):
        if directory.stat().st_mode & stat.S_IWOTH:
            raise DirectoryProblem(
                f"Everybody may write in {directory}, so sendmail refuses every map below it. "
                f"Take that right away (chmod o-w {directory}) or set MAILADMIN_MAIL_DIR to another place."
            )


def _check_target(target: Path, mail_dir: Path) -> None:
    _check_closed(target.parent)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise DirectoryProblem(
            f"{target} cannot be replaced, because {target.parent} is not writable. "
            f"Give the publisher that directory, or move the file into {mail_dir} and turn the link round."
        )
    if target.exists() and not target.is_file():
        raise DirectoryProblem(
            f"{target} is not a plain file, so it is not replaced. "
            f"Remove it, or the link in {mail_dir} that leads there."
        )
    if target.exists() and os.geteuid() not in {0, target.stat().st_uid}:
        raise DirectoryProblem(f"{target} belongs to another user, whom only root can give it back to. {_WRITABLE}")
    leftover(target).unlink(missing_ok=True)


@contextmanager
def locked(directory: MailDir) -> Iterator[None]:
    """Hold the directory against every other publisher. Raises :class:`Locked` when one has it.

    The kernel lets go of the lock when the process ends, however it ends.
    """
    handle = os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(
                f"Another publisher (process {_holder(handle)}) is at work in {directory.path}. "
                "Wait until it has ended."
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    return os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
