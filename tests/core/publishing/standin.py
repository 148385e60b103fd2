"""Stand-ins for a sendmail that does as a test needs it: a process of its name, what it greets with, what it prints."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tables.sendmail.commands import Output, Result, find_program
from tables.sendmail.mailcf import Listener


@contextmanager
def process(directory: Path, name: str | bytes = "sendmail-test") -> Iterator[subprocess.Popen[bytes]]:
    """A living process of that name, which SIGHUP ends."""
    program = Path(directory, name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name)
    shutil.copy(find_program("sleep"), program)
    with subprocess.Popen([program, "60"]) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def listening(*answers: bytes) -> Iterator[Listener]:
    """Answers one connection after the other, each with the next of ``answers``, and then with the last."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, list(answers)), daemon=True)
        thread.start()
        try:
            yield Listener("127.0.0.1", server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(server: socket.socket, answers: list[bytes]) -> None:
    while True:
        try:
            connection, _address = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(answers.pop(0) if len(answers) > 1 else answers[0])


class Programs:
    """Instead of run(): gives the prepared answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: Result | Exception, writes: bytes = b"") -> None:
        self.answers = list(answers)
        self.writes = writes
        self.asked: list[tuple[str, ...]] = []
        self.fed: list[bytes] = []

    def __call__(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = (), stdout: Output | None = None, timeout: float
    ) -> Result:
        self.asked.append(tuple(argv))
        self.fed.append(b"".join(stdin))
        if isinstance(stdout, Path):
            stdout.write_bytes(self.writes)
        elif stdout:
            stdout(self.writes)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def said(stdout: str = "", stderr: str = "", returncode: int = 0) -> Result:
    """What a program answered."""
    return Result(("program",), returncode, stdout, stderr, 0.0)
