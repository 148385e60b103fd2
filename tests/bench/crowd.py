"""Many people at once against gunicorn as it is deployed. On two cores they share them with the server."""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from mailadmin.accounts.models import User
from tables.converters import entry_url
from tables.sendmail.tables import TABLES
from tests.bench.filling import TABLE, any_key
from tests.web.visits import visitor

ROOT = Path(__file__).resolve().parents[2]
#: Of so many visits one saves an edit.
EDITS = 20


@dataclass
class Served:
    seconds: float
    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    edits: int = 0

    @property
    def errors(self) -> int:
        return len(self.wrong)

    def __str__(self) -> str:
        took = sorted(self.took) or [0.0]
        p95, p99 = (took[int(len(took) * share)] for share in (0.95, 0.99))
        said = f"; the first: {self.wrong[0]}" if self.wrong else ""
        return (
            f"{len(self.took):,} answers ({self.edits} saved edits) in {self.seconds:.0f} s, "
            f"{len(self.took) / self.seconds:.0f}/s, p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms, "
            f"p99 {p99:.0f} ms, {self.errors} errors{said}; clients and server on the same {os.cpu_count()} cores"
        )


def visit(person: User, count: int, *, clients: int, seconds: int) -> Served:
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "mailadmin.wsgi"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "MAILADMIN_BIND": f"127.0.0.1:{port}"})
    try:
        _wait_for(port)
        served = Served(seconds)
        end = time.monotonic() + seconds
        people = [
            threading.Thread(
                target=_one, args=(port, visitor(person).cookies["sessionid"].value, number, count, end, served)
            )
            for number in range(clients)
        ]
        for one in people:
            one.start()
        for one in people:
            one.join()
        return served
    finally:
        server.terminate()
        server.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("gunicorn does not listen after 30 seconds")


def _one(port: int, session: str, number: int, count: int, end: float, served: Served) -> None:
    """One person until the end. A list takes an append from any thread."""
    chance = random.Random(number)
    while time.monotonic() < end:
        try:
            if chance.randrange(EDITS):
                _ask(port, session, _address(chance, count), served)
            else:
                _edit(port, session, any_key(chance, count), chance, served)
        except (OSError, http.client.HTTPException) as error:
            served.wrong.append(repr(error))


def _address(chance: random.Random, count: int) -> str:
    key = any_key(chance, count)
    return chance.choice(
        [
            f"/tables/{TABLE}/",
            f"/tables/{TABLE}/?before=end",
            f"/tables/{TABLE}/?" + urlencode({"q": key}),
            f"/tables/{TABLE}/?q=store7",
            "/search/?" + urlencode({"q": key}),
            entry_url("entry-edit", TABLES[TABLE], key),
            entry_url("entry-history", TABLES[TABLE], key),
            "/requests/",
            "/problems/",
            "/",
        ]
    )


def _edit(port: int, session: str, key: str, chance: random.Random, served: Served) -> None:
    """As a browser does it: the page of the entry, then its form. Somebody else's edit of it in between is no error."""
    address = entry_url("entry-edit", TABLES[TABLE], key)
    page, cookie = _ask(port, session, address, served)
    found = dict(re.findall(r'name="(csrfmiddlewaretoken|seen)" value="([^"]*)"', page))
    typed = {**found, "key": key, "value": f"n{chance.random()}@store.example.net", "enabled": "on"}
    _ask(port, session, address, served, body=urlencode(typed), cookie=cookie, meant=(302, 409))
    served.edits += 1


def _ask(
    port: int,
    session: str,
    address: str,
    served: Served,
    *,
    body: str | None = None,
    cookie: str = "",
    meant: tuple[int, ...] = (200,),
) -> tuple[str, str]:
    headers = {"Cookie": f"sessionid={session}" + (f"; csrftoken={cookie}" if cookie else "")}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.perf_counter()
    connection.request("GET" if body is None else "POST", address, body=body, headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    served.took.append((time.perf_counter() - started) * 1000)
    connection.close()
    if response.status not in meant:
        served.wrong.append(f"{address} answered {response.status}")
    given = re.search(r"csrftoken=([^;]+)", response.headers.get("Set-Cookie") or "")
    return text, given[1] if given else ""
