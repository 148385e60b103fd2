"""Mail hosts on one machine: each has its directory, its publisher process and, if wanted, its sendmail daemon.

Everything that speaks to the database is done in forked children of one process that has read Django once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import stage
from tests.faults.stage import contents, fork
from tests.integration.daemon import MailHost

FILES = {
    "aliases": "postmaster: root\nMAILER-DAEMON: postmaster\n",
    # What the sender of tests.faults asks for, and nobody here changes.
    "access": "From:spam@bad.example\tREJECT\n",
    "virtusertable": "steady@here.example\troot\naway@here.example\terror:5.1.6:551 She moved\n",
    "local-host-names": "here.example\n",
    "relay-domains": "partner.example\n",
}
POLL = 0.1
#: What tells a publisher to end in an orderly way.
ENDS = (signal.SIGTERM, signal.SIGINT)


def ask(work: Callable[[], Any]) -> Any:
    """What a child answers that may speak to the database. Raises ``RuntimeError`` with what went wrong there."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            said = {"said": work()}
        except Exception as error:  # noqa: BLE001 (it is told to the parent)
            said = {"error": f"{type(error).__name__}: {error}"}
        theirs.sendall(json.dumps(said).encode())

    child = fork(answer)
    theirs.close()
    with ours:
        data = b"".join(iter(lambda: ours.recv(1 << 16), b""))
    stage.wait(child)
    found: dict[str, Any] = json.loads(data)
    if "error" in found:
        raise RuntimeError(found["error"])
    return found["said"]


@dataclass
class Host:
    """One mail host; ``mail_host`` is there when a daemon serves it."""

    name: str
    cluster: str
    path: Path
    daemon: bool
    mail_host: MailHost = field(init=False)
    publisher: int = 0

    def prepare(self) -> None:
        self.path.mkdir()
        self.mail_host = MailHost(self.path)
        if self.daemon:
            self.mail_host.prepare()
        else:
            self.mail.mkdir()

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    def use(self) -> None:
        """Be this host, in a child."""
        from django.conf import settings

        settings.MAIL_DIR = self.mail
        settings.SENDMAIL_CF = self.mail_host.cf if self.daemon else self.path / "none.cf"
        settings.SENDMAIL_DAEMON = "auto"
        settings.HOST_NAME = self.name

    # --- its publisher ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        if not self.publisher:
            # A signal that comes before the publisher listens for it waits until it does.
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
            self.publisher = fork(self._run)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)

    def _run(self) -> None:
        from tables.management.commands.publisher import Loop

        self.use()
        loop = Loop(self.name, self.cluster)
        # Neither is about publishing, and each starts a process of its own.
        loop.check = loop.postman.look = lambda *_: None  # type: ignore[method-assign,assignment]
        for number in ENDS:
            signal.signal(number, loop.stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        loop.run()

    def kill(self) -> None:
        """As a power cut would."""
        if self.publisher:
            os.kill(self.publisher, signal.SIGKILL)
            stage.wait(self.publisher)
            self.publisher = 0

    def stop(self) -> int:
        """As systemd does. Returns the exit status."""
        if not self.publisher:
            return 0
        os.kill(self.publisher, signal.SIGTERM)
        status, self.publisher = stage.wait(self.publisher), 0
        return status


@dataclass
class Fleet:
    hosts: list[Host]

    @property
    def clusters(self) -> list[str]:
        return list(dict.fromkeys(host.cluster for host in self.hosts))

    def of(self, cluster: str) -> list[Host]:
        return [host for host in self.hosts if host.cluster == cluster]

    def begin(self) -> None:
        """Register all hosts and take the tables over as a baseline, for each cluster; then start what runs."""
        for host in self.hosts:
            host.prepare()
        ask(self._found)
        for host in self.hosts:
            host.start()

    def _found(self) -> None:
        from django.core.management import call_command
        from django.db import connection

        from tables import append_only, importing, publishing
        from tables.actors import Actor

        call_command("migrate", verbosity=0)
        append_only.install(connection)
        source = self.hosts[0].path / "source"
        source.mkdir()
        for name, text in FILES.items():
            (source / name).write_text(text)
        for host in self.hosts:
            host.use()
            publishing.register_host(name=host.name, cluster=host.cluster)
        for name in self.clusters:
            importing.baseline(cluster=cluster(name), actor=Actor.command(), files=importing.find_files(source))

    def start_daemons(self) -> None:
        """Once there is something to serve."""
        for host in self.hosts:
            if host.daemon:
                host.mail_host.start()

    def end(self) -> None:
        for host in self.hosts:
            host.kill()
        for host in self.hosts:
            if host.daemon:
                host.mail_host.stop()

    # --- what is live -------------------------------------------------------------------------------------------------

    def wait_until_live(self, seconds: float, hosts: Iterable[Host] | None = None) -> float:
        """Wait until the newest release is live on the hosts. Returns the seconds that it took."""
        names, started = {host.name for host in hosts or self.hosts}, time.monotonic()
        while late := [host for host in ask(lagging) if host["name"] in names]:
            if time.monotonic() - started > seconds:
                raise RuntimeError(f"after {seconds:g} s the newest release is not live everywhere: {late}")
            time.sleep(POLL)
        return time.monotonic() - started

    def differences(self) -> list[str]:
        """Where what lies on a host is not what the tables of its cluster say."""
        return [f"{host.name}: {said}" for host in self.hosts for said in different(host)]


def cluster(name: str) -> Any:
    from tables.models import Cluster

    return Cluster.objects.get(name=name)


def lagging() -> list[dict[str, Any]]:
    """Hosts whose newest publication is not ended well, or that do not have the newest release."""
    from tables.models import Host as Row
    from tables.models import Publication, Release

    found = []
    for row in Row.objects.select_related("cluster", "release"):
        newest = Release.objects.filter(cluster=row.cluster).first()
        last = Publication.objects.filter(host=row).first()
        if newest is None or row.release_id != newest.pk or (last and last.state != Publication.State.SUCCEEDED):
            state = f"{last.state} {last.error}" if last else "nothing was asked for"
            found.append({"name": row.name, "release": row.release.number if row.release else 0, "last": state})
    return found


def different(host: Host) -> Iterator[str]:
    wanted: dict[str, str] = ask(lambda: expected(host.cluster))
    found = contents(host.mail)
    for name, text in wanted.items():
        if found.get(name, "") != text:
            yield f"{name} is {found.get(name)!r} instead of {text!r}"


def expected(name: str) -> dict[str, str]:
    """Each text and what each map holds, as the tables stand now."""
    from tables.publishing.desired import State
    from tables.sendmail.render import map_pair
    from tables.sendmail.spec import Kind
    from tables.sendmail.tables import TABLES

    row = cluster(name)
    state, found = State(row, row.last_change), {}
    for table in TABLES.values():
        found[table.name] = b"".join(state.body(table)).decode()
        if table.kind is not Kind.CLASS:
            pairs = {b"%b\t%b\n" % map_pair(table, entry) for entry in state.entries(table)}
            token = {b"@\t@\n"} if table.kind is Kind.ALIASES else set()
            found[f"{table.name}.db"] = b"".join(sorted(pairs | token)).decode()
    return {file: text for file, text in found.items() if text not in {"", "@\t@\n"}}


# --- what people do ---------------------------------------------------------------------------------------------------


@contextmanager
def editing(name: str) -> Iterator[Any]:
    """``tests.services.editing``, in another cluster than the default one."""
    from tests.services import editing as found

    before, chosen = found.get_cluster, cluster(name)
    found.get_cluster = lambda: chosen  # type: ignore[attr-defined]
    try:
        yield found
    finally:
        found.get_cluster = before  # type: ignore[attr-defined]


def cut(name: str, *, override: bool = False) -> int:
    from tables import releases
    from tables.actors import Actor

    return releases.cut(cluster=cluster(name), actor=Actor.command(), override=override).number


def verified() -> list[str]:
    from tables.verifying import verify

    return [f"{finding.subject}: {finding.message}" for finding in verify([])]
