"""A bare git repository, written by git's own plumbing: no work tree, no index, no hook, one reference at the end."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tables.commits.wording import Authored
from tables.errors import ChangeError
from tables.locks import alone_in
from tables.sendmail.commands import CommandError, Result, Run

#: Seconds that packing may take; until it is done the repository is only larger.
TIDY_SECONDS = 3600
#: KiB of loose objects from which it is done though they are few: a table of a million entries takes 15,000 each time.
LOOSE_KIB = 262_144

#: Of a new repository. Large files of which few lines change are worth packing soon, in little memory, and nobody who
#: pushes into it may take history away.
CONFIGURATION = {
    "gc.auto": "256",
    "gc.autoDetach": "false",
    "pack.threads": "1",
    "pack.windowMemory": "64m",
    "core.logAllRefUpdates": "true",
    "receive.denyNonFastForwards": "true",
    "receive.denyDeletes": "true",
}
#: For each of our own calls: what a reference names is on the disk before it, and no hook runs as us.
ALWAYS = ("-c", "core.fsync=all", "-c", "core.hooksPath=/dev/null")


class GitError(ChangeError):
    """What the repository lacks, and what to do."""


class Busy(GitError):
    """Somebody else commits into it at this moment."""


@dataclass(frozen=True, slots=True)
class Tip:
    """The last commit of a branch, and what its trailers say; empty where one is missing."""

    commit: str
    tree: str
    publication: str
    checksum: str
    passwords: str


TRAILERS = ("Publication", "Checksum", "Passwords")


@dataclass(frozen=True, slots=True)
class Repository:
    path: Path
    run: Run
    timeout: float
    #: Whether passwords stand in it: then it is for its owner alone.
    secrets: bool = False

    # --- being there --------------------------------------------------------------------------------------------------

    def init(self) -> None:
        """Make it, for its owner alone."""
        try:
            self.path.mkdir(mode=0o700)
        except OSError as error:
            raise GitError(f"{self.path} cannot be made: {error.strerror}. Name another path, or make room.") from error
        self._git("init", "--bare", "--quiet", "--template=")
        for name, value in CONFIGURATION.items():
            self._git("config", name, value)

    def check(self) -> None:
        """Raises :class:`GitError` unless it is a bare repository that only its owner can write.

        Whoever can write its configuration can have a program of theirs run by who uses it, and that may be root.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise GitError(
                f"There is no git repository at {self.path}: {error.strerror}. "
                "Make it with manage.py git_export --init, or correct MAILADMIN_GIT_REPOSITORY."
            ) from error
        self._refuse_strange(status)
        if self._try("rev-parse", "--is-bare-repository").stdout.strip() != "true":
            raise GitError(
                f"{self.path} is no bare git repository, or a broken one. See what git fsck says there, or move it "
                "away and make a new one with manage.py git_export --init."
            )

    def _refuse_strange(self, status: os.stat_result) -> None:
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid != os.geteuid():
            raise GitError(f"{self.path} belongs to another user than the publisher's. Give it to that one with chown.")
        if mode & 0o022:
            raise GitError(f"Others may write into {self.path}. Take that from them: chmod -R go-w.")
        if self.secrets and mode & 0o077:
            raise GitError(
                f"Others may read {self.path}, and MAILADMIN_GIT_SECRETS is yes. Take that from them: chmod go-rwx."
            )

    def alone(self) -> AbstractContextManager[None]:
        """Raises :class:`Busy` while somebody else is in here."""
        said = f"Somebody else commits into {self.path} at this moment. Run it again when that is done."
        return alone_in(self.path, busy=Busy(said))

    # --- reading ------------------------------------------------------------------------------------------------------

    def tip(self, branch: str) -> Tip | None:
        found = self._try("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        if found.returncode == 1 and not found.stderr:
            return None
        commit = self._said(found)
        trailers = "%n".join(f"%(trailers:key={name},valueonly,separator=%x2C)" for name in TRAILERS)
        # Only as many lines as were asked for: what a commit of somebody else says there is not ours to trust.
        lines = self._git("log", "-1", "--no-show-signature", f"--format=%T%n{trailers}", commit).split("\n")
        return Tip(commit, *[*lines, "", "", ""][: 1 + len(TRAILERS)])

    def files(self, tree: str) -> dict[str, str]:
        """Name to blob."""
        lines = self._git("ls-tree", tree).splitlines()
        return {name: head.split()[2] for head, _tab, name in (line.partition("\t") for line in lines)}

    # --- writing ------------------------------------------------------------------------------------------------------

    def store(self, chunks: Iterable[bytes]) -> str:
        """A blob of these bytes. git holds all of them in memory."""
        return self._git("hash-object", "-w", "--stdin", stdin=chunks)

    def tree(self, files: Mapping[str, str]) -> str:
        lines = "".join(f"100644 blob {blob}\t{name}\n" for name, blob in sorted(files.items()))
        return self._git("mktree", stdin=[lines.encode()])

    def commit(self, tree: str, parent: str, authored: Authored) -> str:
        """The whole object is ours, so that neither the environment nor a configuration has a word in it."""
        head = [f"tree {tree}", *([f"parent {parent}"] if parent else [])]
        text = "\n".join([*head, *authored.lines, "", authored.message])
        return self._git("hash-object", "-t", "commit", "-w", "--stdin", stdin=[text.encode()])

    def advance(self, branch: str, commit: str, before: str) -> None:
        """Only if the branch still is where it was: two can never both go on from there."""
        self._git("update-ref", "-m", "mailadmin", f"refs/heads/{branch}", commit, before or "0" * len(commit))
        if self._try("rev-parse", "--verify", "--quiet", "HEAD").returncode:
            self._git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def tidy(self) -> str:
        """Pack what is loose, when that is much. What went wrong is returned, for it does no harm."""
        try:
            loose = dict(line.split(": ") for line in self._git("count-objects", "-v").splitlines())
            auto = [] if int(loose["size"]) > LOOSE_KIB else ["--auto"]
            result = self._try("gc", "--quiet", *auto, timeout=TIDY_SECONDS)
        except GitError as error:
            return str(error)
        return "" if result.returncode == 0 else _complaint(result)

    def _git(self, *words: str, stdin: Iterable[bytes] = ()) -> str:
        return self._said(self._try(*words, stdin=stdin))

    def _try(self, *words: str, stdin: Iterable[bytes] = (), timeout: float = 0) -> Result:
        command = ["git", f"--git-dir={self.path}", *ALWAYS, *words]
        try:
            return self.run(command, stdin=stdin, timeout=timeout or self.timeout)
        except CommandError as error:
            raise GitError(str(error)) from error

    def _said(self, result: Result) -> str:
        if result.returncode:
            raise GitError(
                f"git could not write or read {self.path}: {_complaint(result)}. "
                "Mend that; what is missing is then committed by itself."
            )
        return result.stdout.rstrip("\n") if result.stdout.strip("\n") else ""


def _complaint(result: Result) -> str:
    """What git said first of all, which names the cause, or at least how it ended."""
    said = [line.removeprefix("fatal: ").removeprefix("error: ") for line in result.stderr.splitlines() if line.strip()]
    return said[0].rstrip(".") if said else f"it ended with status {result.returncode}"
