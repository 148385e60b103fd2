"""A syslog server on the loopback that keeps what it gets."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from mailadmin.environment import SyslogTarget

#: Seconds after which a server that nobody talks to gives up.
PATIENCE = 5.0


class Server:
    """What arrived, message by message."""

    def __init__(self, listening: socket.socket, target: SyslogTarget) -> None:
        self.listening = listening
        self.target = target
        self.messages: list[bytes] = []

    def numbers(self) -> list[int]:
        return [said["number"] for said in self.said()]

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(message.split(b" - ", 2)[2]) for message in self.messages]

    def read_datagrams(self) -> None:
        """All that is there by now: on one machine a datagram has arrived once it was sent."""
        with suppress(BlockingIOError):
            while True:
                self.messages.append(self.listening.recv(1 << 17, socket.MSG_DONTWAIT))

    def serve(self) -> None:
        """Connection after connection, several at a time, until the socket is closed."""
        readers = []
        with suppress(OSError):
            while True:
                connection, _address = self.listening.accept()
                readers.append(threading.Thread(target=self.read, args=[connection]))
                readers[-1].start()
        for reader in readers:
            reader.join(PATIENCE)

    def read(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            self.messages += split(b"".join(iter(partial(connection.recv, 65536), b"")))


def split(octets: bytes) -> Iterator[bytes]:
    """Messages with their lengths before them (RFC 6587, 3.4.1); nothing may be left over."""
    while octets:
        length = re.match(rb"[1-9][0-9]* ", octets)
        assert length, octets[:40]
        end = length.end() + int(length[0])
        assert end <= len(octets)
        yield octets[length.end() : end]
        octets = octets[end:]


@contextmanager
def udp() -> Iterator[Server]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield Server(listening, SyslogTarget("udp", *listening.getsockname()))


@contextmanager
def unix(directory: Path) -> Iterator[Server]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(directory / "log"))
        yield Server(listening, SyslogTarget("unix", str(directory / "log")))


@contextmanager
def tcp() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(listening, SyslogTarget("tcp", *listening.getsockname()))
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def nobody(kind: str) -> SyslogTarget:
    """A port on which nobody listens."""
    kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    with socket.socket(socket.AF_INET, kinds[kind]) as taken:
        taken.bind(("127.0.0.1", 0))
        return SyslogTarget(kind, *taken.getsockname())
