"""Programs of the mail host, run one way: a list of words, a time limit, and output that cannot fill the memory."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

#: Where Debian keeps makemap and sendmail; an ordinary user's PATH lacks it.
SYSTEM_PATH = "/usr/sbin:/usr/local/sbin:/sbin"

#: Bytes of each output that a Result keeps.
KEPT = 65_536

#: Bytes of a pipe that are read at a time.
BLOCK = 1 << 20

PACKAGES = {
    "makemap": "sendmail-bin",
    "sendmail": "sendmail-bin",
    "git": "git",
    "m4": "m4",
    "diff": "diffutils",
    "sort": "coreutils",
    "perl": "perl",
}


class CommandError(Exception):
    """A program that could not do its work. The message says what happened and what to do."""


class MissingProgram(CommandError):
    def __init__(self, name: str) -> None:
        package = PACKAGES.get(Path(name).name)
        remedy = f"Install the Debian package {package}." if package else "Install it, or correct the PATH."
        super().__init__(f"The program {name} is not on this host. {remedy}")


class CommandTimeout(CommandError):
    def __init__(self, argv: Sequence[str], seconds: float) -> None:
        super().__init__(
            f"{shlex.join(argv)} was ended because it ran longer than {seconds:g} seconds. "
            "See what it waits for, or raise MAILADMIN_COMMAND_SECONDS."
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What a program said. ``stdout`` and ``stderr`` are the first 64 KiB of each."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def command(self) -> str:
        return shlex.join(self.argv)

    @property
    def output(self) -> str:
        """The command and all that it printed, for a record."""
        said = "".join(part if part.endswith("\n") or not part else f"{part}\n" for part in (self.stdout, self.stderr))
        return f"$ {self.command}\n{said}[exit status {self.returncode}, {self.seconds:.2f} s]\n"


#: What takes the whole standard output instead of the Result: a file, or whoever is told of each block as it comes.
Output = Path | Callable[[bytes], None]


class Run(Protocol):
    """Runs a program to its end. All of ``stdin`` is fed before a function is told of the first ``stdout``."""

    def __call__(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = (), stdout: Output | None = None, timeout: float
    ) -> Result: ...


def find_program(name: str) -> str:
    """The absolute path of a program, also of those that only root's PATH has."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}")
    if found is None:
        raise MissingProgram(name)
    return str(Path(found).absolute())


def run(argv: Sequence[str], *, stdin: Iterable[bytes] = (), stdout: Output | None = None, timeout: float) -> Result:
    """Run ``argv`` and feed it ``stdin`` as a stream; the outputs go to files, so neither side waits for the other."""
    program = find_program(argv[0])
    started = time.monotonic()
    told = None if stdout is None or isinstance(stdout, Path) else stdout
    with ExitStack() as stack:
        out = stack.enter_context(_output(stdout if isinstance(stdout, Path) else None))
        errors = stack.enter_context(_output(None))
        process = subprocess.Popen(
            [program, *argv[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if told else out,
            stderr=errors,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )
        with _ended(process), _deadline(process, timeout) as expired:
            _feed(cast("IO[bytes]", process.stdin), stdin)
            if told:
                _tell(cast("IO[bytes]", process.stdout), told)
            returncode = process.wait()
        if expired.is_set():
            raise CommandTimeout(argv, timeout)
        said = "" if stdout else _text(out)
        return Result(tuple(argv), returncode, said, _text(errors), time.monotonic() - started)


def _output(path: Path | None) -> IO[bytes]:
    return path.open("wb") if path else tempfile.TemporaryFile()


def _feed(pipe: IO[bytes], chunks: Iterable[bytes]) -> None:
    # A program that ends early says why by its status; what it did not read is of no interest. But a broken pipe of
    # whoever makes the chunks is an error: the program would take the half that it got for the whole.
    try:
        for chunk in chunks:
            try:
                pipe.write(chunk)
            except BrokenPipeError:
                return
    finally:
        with suppress(BrokenPipeError):
            pipe.close()


def _tell(pipe: IO[bytes], told: Callable[[bytes], None]) -> None:
    with pipe:
        while block := os.read(pipe.fileno(), BLOCK):
            told(block)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leaves no program behind when feeding it fails."""
    try:
        yield
    finally:
        if process.poll() is None:
            _kill(process)
            process.wait()


@contextmanager
def _deadline(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    expired = threading.Event()

    def end() -> None:
        expired.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _text(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    text = stream.read(KEPT).decode("utf-8", "backslashreplace")
    return text if size <= KEPT else f"{text}\n… {size - KEPT} more bytes\n"
