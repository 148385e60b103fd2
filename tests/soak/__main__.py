"""``make soak``: three hosts with real daemons on one PostgreSQL, and people and bad luck at work for minutes.

    python -m tests.soak [--minutes 10] [--seed N]

A stranger sends mail to one of them all the while. In the end the audit chain must hold, and each host's maps and texts
must be what the tables say. Prints what was done, and one line with the seed; exit status 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.faults.start import environment
from tests.places import place
from tests.soak.server import Server

HOSTS = [("mx1", "default"), ("mx2", "default"), ("mx3", "campus")]
#: Seconds within which the hosts must converge when all is quiet.
PATIENCE = 120
ATTEMPTS = 3


#: What was done, what was seen of it, and what is wrong.
Soaked = tuple[Counter[str], dict[str, int], list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"Seed {options.seed}, {options.minutes:g} minutes.", flush=True)
    with place() as directory, Server() as server:
        server.fill("")
        os.environ.update(environment(directory, server.url, ""))
        import django

        django.setup()
        from tests.faults.play import prepare

        prepare()
        done, seen, wrong = soaked(directory, server, options)
    for word, count in [*sorted(done.items()), *sorted(seen.items())]:
        print(f"{count:6} {word}")
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"{sum(done.values())} acts with seed {options.seed}: {len(wrong)} wrong.")
    return 1 if wrong else 0


def soaked(directory: Path, server: Server, options: argparse.Namespace) -> Soaked:
    from tests.soak.acts import Soak, make_people
    from tests.soak.fleet import Fleet, Host, ask, cut

    fleet = Fleet([Host(name, cluster, directory / name, daemon=True) for name, cluster in HOSTS])
    soak, done = Soak(fleet, server, random.Random(options.seed)), Counter[str]()
    try:
        fleet.begin()
        ask(make_people)
        for cluster in fleet.clusters:
            ask(lambda cluster=cluster: cut(cluster))
        fleet.wait_until_live(PATIENCE)
        fleet.start_daemons()
        with Sender(fleet.hosts[0]) as sender:
            end = time.monotonic() + 60 * options.minutes
            while time.monotonic() < end:
                done[soak.act()] += 1
            wrong = list(settled(soak))
        sent = {"sessions of the sender": sender.heard["sessions"], "sessions put off": sender.heard["put_off"]}
        return done, ask(publications) | sent, [*wrong, *sender.complaints()]
    finally:
        fleet.end()


def publications() -> dict[str, int]:
    from tests.soak.acts import counted

    found: Counter[str] = Counter()
    for cluster in dict.fromkeys(cluster for _name, cluster in HOSTS):
        found.update({f"publications {state}": count for state, count in counted(cluster).items()})
    return dict(found)


class Sender:
    """A stranger at one host's daemon."""

    def __init__(self, host: Any) -> None:
        self.port, self.path = host.mail_host.port, host.path / "heard.json"
        self.heard: dict[str, Any] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.faults.sender", str(self.port), str(self.path)]
        self.process = subprocess.Popen(command)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        if self.path.exists():  # else it is not what went wrong first
            self.heard = json.loads(self.path.read_text())

    def complaints(self) -> Iterator[str]:
        yield from self.heard["wrong"]
        if self.heard["silent_since"]:
            yield "nobody listens any more where the sender sends"


def settled(soak: Any) -> Iterator[str]:
    """Quiet: everybody runs, somebody publishes over what was written by hand; then all must be as the tables say."""
    from tests.faults.stage import leftovers
    from tests.soak.fleet import ask, cut, verified

    for host in soak.fleet.hosts:
        host.start()
    for attempt in range(ATTEMPTS):
        for cluster in soak.fleet.clusters:
            ask(lambda cluster=cluster: cut(cluster, override=True))
        try:
            soak.fleet.wait_until_live(PATIENCE / ATTEMPTS)
            break
        except RuntimeError as error:
            if attempt == ATTEMPTS - 1:
                yield str(error)
    yield from soak.fleet.differences()
    for host in soak.fleet.hosts:
        if host.stop():
            yield f"the publisher of {host.name} did not end in an orderly way"
        yield from (f"{host.name}: left behind: {name}" for name in leftovers(host.mail))
        if not host.mail_host.greets():
            yield f"{host.name}: no daemon greets"
    yield from ask(verified)


if __name__ == "__main__":
    sys.exit(main())
