"""A real sendmail on a loopback port, with a configuration, a queue and a pid file of its own."""

from __future__ import annotations

import getpass
import os
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tables.sendmail.commands import find_program
from tables.sendmail.daemon import is_sendmail

SOURCE = Path(__file__).with_name("sendmail.mc")
MACROS = "/usr/share/sendmail/cf/m4/cf.m4"

#: 127.0.0.1 may always relay; a stranger comes from here.
STRANGER = "127.0.0.2"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "sendmail took too long"
        time.sleep(0.02)


class MailHost:
    """``directory`` holds everything: ``mail/`` is what a publisher writes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mail = directory / "mail"
        self.cf = directory / "sendmail.cf"
        self.pid_file = directory / "sendmail.pid"
        self.port = free_port()
        #: What start() ran: with -bd it ends at once and leaves the daemon behind.
        self.started: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        self.mail.mkdir()
        (self.directory / "queue").mkdir(mode=0o700)
        (self.directory / "service.switch").write_text("hosts files\naliases files\npasswd files\n")
        macros = [f"-DTEST_DIR={self.directory}", f"-DTEST_PORT={self.port}", f"-DTEST_USER={getpass.getuser()}"]
        command = [find_program("m4"), "-D_CF_DIR_=/usr/share/sendmail/cf/", *macros, MACROS, str(SOURCE)]
        made = subprocess.run(command, capture_output=True, check=True)
        self.cf.write_bytes(made.stdout)

    def start(self, mode: str = "-bd") -> None:
        """By its absolute path, without which it could not execute itself again on SIGHUP."""
        command = [find_program("sendmail"), mode, "-C", str(self.cf)]
        nothing = subprocess.DEVNULL
        self.started = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
        self.wait_until_it_greets()

    def wait_until_it_greets(self) -> None:
        wait_for(self.greets)

    def greets(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                return True
        except OSError:
            return False

    @property
    def pid(self) -> int | None:
        try:
            return int(self.pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def stop(self) -> None:
        """End the process that its own pid file names, and nothing else."""
        pid = self.pid
        if pid is not None and is_sendmail(pid):
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not is_sendmail(pid))
        if self.started:
            self.started.wait(10)

    def stranger(self) -> smtplib.SMTP:
        """An SMTP session from an address that may not relay."""
        session = smtplib.SMTP("127.0.0.1", self.port, source_address=(STRANGER, 0), timeout=20)
        session.ehlo("stranger.example")
        return session

    def answer(self, recipient: str, sender: str = "someone@elsewhere.example") -> tuple[int, str]:
        """What a stranger is told: the refusal of the sender, or else the answer to the recipient."""
        with self.stranger() as session:
            return ask(session, recipient, sender)

    def expand(self, address: str) -> str:
        """What ``sendmail -bv`` says of an address."""
        command = [find_program("sendmail"), "-bv", "-C", str(self.cf), address]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def ask(session: smtplib.SMTP, recipient: str, sender: str = "someone@elsewhere.example") -> tuple[int, str]:
    code, text = session.mail(sender)
    if code == 250:
        code, text = session.rcpt(recipient)
    session.rset()
    return code, text.decode()
