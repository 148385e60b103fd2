"""Lines to a syslog server: RFC 5424 messages by UDP (RFC 5426), TCP (RFC 6587, octet counting) or a local socket.

Knows of no database. What cannot be sent raises ``OSError``.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from mailadmin.environment import SyslogTarget

#: Facility authpriv (10) and severity informational (6): RFC 5424, section 6.2.1.
PRIORITY = 10 * 8 + 6
APP_NAME = "mailadmin"
#: Seconds that connecting, and that each turn of sending, may take.
TIMEOUT = 1.0
#: Bytes of one message. 2048 is what a receiver by UDP should take whole (RFC 5426, section 3.2); 8192 what rsyslog
#: takes of a local socket unless it is told otherwise.
LIMITS = {"udp": 2048, "unix": 8192, "tcp": 65536}

_UNPRINTABLE = re.compile(r"[^!-~]")


def message(*, at: str, host: str, name: str, text: str) -> bytes:
    """``<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG``; ``text`` is ASCII."""
    return f"<{PRIORITY}>1 {at} {_word(host, 255)} {APP_NAME} - {_word(name, 32)} - {text}".encode()


def _word(text: str, length: int) -> str:
    """What a header field may hold: printable ASCII without blanks."""
    return _UNPRINTABLE.sub("_", text)[:length] or "-"


class Line(Protocol):
    def send(self, messages: Sequence[bytes]) -> None: ...


@contextmanager
def connected(target: SyslogTarget) -> Iterator[Line]:
    """A line to the server. By UDP nobody knows whether anybody listens, unless the same machine says so."""
    line = _Stream(target) if target.kind == "tcp" else _Datagrams(target)
    with line.socket:
        yield line


class _Datagrams:
    """One message a datagram."""

    def __init__(self, target: SyslogTarget) -> None:
        family, address = _UNIX(target) if target.kind == "unix" else _resolved(target, socket.SOCK_DGRAM)
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise

    def send(self, messages: Sequence[bytes]) -> None:
        for one in messages:
            self.socket.send(one)


def _UNIX(target: SyslogTarget) -> tuple[socket.AddressFamily, str]:  # noqa: N802
    return socket.AF_UNIX, target.address


def _resolved(target: SyslogTarget, kind: socket.SocketKind) -> tuple[socket.AddressFamily, object]:
    found = socket.getaddrinfo(target.address, target.port, type=kind)[0]
    return found[0], found[4]


class _Stream:
    """Messages with their length before them, on a connection that is closed to learn that they have arrived."""

    def __init__(self, target: SyslogTarget) -> None:
        self.socket = socket.create_connection((target.address, target.port), timeout=TIMEOUT)

    def send(self, messages: Sequence[bytes]) -> None:
        """Written is not arrived: only when the server, told that no more comes, closes too has it read everything."""
        self.socket.settimeout(TIMEOUT)
        self.socket.sendall(b"".join(b"%d %s" % (len(one), one) for one in messages))
        self.socket.shutdown(socket.SHUT_WR)
        until = time.monotonic() + TIMEOUT
        while self.socket.recv(4096):
            if time.monotonic() > until:
                raise TimeoutError("the server goes on talking instead of closing the connection")
