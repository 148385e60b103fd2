"""Lines to a syslog server: RFC 5424 messages by UDP (RFC 5426), TCP (RFC 6587, octet counting) or a local socket.

Knows of no database. What cannot be sent raises ``OSError``.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from mailadmin.environment import SyslogTarget

#: Facility authpriv (10) and severity informational (6): RFC 5424, section 6.2.1.
PRIORITY = 10 * 8 + 6
APP_NAME = "mailadmin"
#: Seconds that connecting, and each step of sending, may take.
TIMEOUT = 1.0
#: Seconds within which a server must have read what it was sent. Who is slower gets it twice.
ARRIVAL = 3.0
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
    """A connection to a server."""

    socket: socket.socket

    def send(self, messages: Sequence[bytes]) -> None: ...


@contextmanager
def connected(target: SyslogTarget) -> Iterator[Line]:
    line: Line = _Stream(target) if target.kind == "tcp" else _Datagrams(target)
    with line.socket:
        yield line


class _Datagrams:
    """One message a datagram. By UDP nobody knows whether anybody listens, unless the network says that nobody does."""

    def __init__(self, target: SyslogTarget) -> None:
        family, address = _address(target)
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
        if error := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):  # what came back of the last one
            raise OSError(error, os.strerror(error))


def _address(target: SyslogTarget) -> tuple[int, Any]:
    if target.kind == "unix":
        return socket.AF_UNIX, target.address
    found = socket.getaddrinfo(target.address, target.port, type=socket.SOCK_DGRAM)[0]
    return found[0], found[4]


class _Stream:
    """Messages with their length before them, on a connection that is closed to learn that they have arrived."""

    def __init__(self, target: SyslogTarget) -> None:
        self.socket = socket.create_connection((target.address, target.port), timeout=TIMEOUT)

    def send(self, messages: Sequence[bytes]) -> None:
        """Written is not arrived: only when the server, told that no more comes, closes too has it read everything."""
        self.socket.sendall(b"".join(b"%d %s" % (len(one), one) for one in messages))
        self.socket.shutdown(socket.SHUT_WR)
        self.socket.settimeout(ARRIVAL)
        until = time.monotonic() + ARRIVAL
        while self.socket.recv(4096):
            if time.monotonic() > until:
                raise TimeoutError("it goes on talking instead of closing the connection")
