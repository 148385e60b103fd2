"""Ten hosts in three clusters on one PostgreSQL: ``python -m tests.soak.several DIRECTORY [MIGRATED]``.

Publishers die and start again in any order, one is away for ten releases, and the server falls. What became of it goes
to DIRECTORY/results.json.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from tests.faults.start import environment
from tests.soak.server import Server

#: (host, cluster, whether a daemon serves it)
HOSTS = [
    *[(f"mx{number}", "default", number == 1) for number in (1, 2, 3, 4)],
    *[(f"mx{number}", "campus", number == 5) for number in (5, 6, 7)],
    *[(f"mx{number}", "relays", False) for number in (8, 9, 10)],
]
AWAY = "mx10"
RELEASES = 10
PATIENCE = 60


def main(directory: Path, migrated: str) -> None:
    seed = random.SystemRandom().randrange(10**6)
    with Server() as server:
        server.fill(migrated)
        os.environ |= environment(directory, server.url, "")
        import django

        django.setup()
        from tests.faults.play import prepare

        prepare()
        results = {"seed": seed, **scenes(directory, server, random.Random(seed))}
    (directory / "results.json").write_text(json.dumps(results))


def scenes(directory: Path, server: Server, chance: random.Random) -> dict[str, Any]:
    from tests.soak.fleet import Fleet, Host, ask, cut, verified

    fleet = Fleet([Host(name, cluster, directory / name, daemon) for name, cluster, daemon in HOSTS])
    found: dict[str, Any] = {}
    try:
        fleet.begin()
        for cluster in fleet.clusters:
            ask(lambda cluster=cluster: cut(cluster))
        found["first"] = fleet.wait_until_live(PATIENCE)
        fleet.start_daemons()
        found["woken"] = woken(fleet)
        found["restarts"] = restarted(fleet, chance)
        found["away"] = away(fleet)
        found["fall"] = fallen(fleet, server)
        found["differences"] = fleet.differences()
        found["hosts"] = ask(clusters_of)
        found["statuses"] = [host.stop() for host in fleet.hosts]
        found["verified"] = ask(verified)
    finally:
        fleet.end()
    return found


def change(name: str, number: int) -> int:
    """An edit in each kind of file, and a release of it."""
    from tests.soak.fleet import cut, editing

    with editing(name) as edit:
        edit.save(None, "virtusertable", f"box{number}@here.example", "root")
        edit.save(None, "access", f"From:b{number}@bad.example", "REJECT")
    return cut(name)


def woken(fleet: Any) -> float:
    """Seconds from a release to the last host of its cluster, all of which only wait."""
    from tests.soak.fleet import ask

    ask(lambda: change("default", 0))
    return float(fleet.wait_until_live(PATIENCE, fleet.of("default")))


def restarted(fleet: Any, chance: random.Random) -> float:
    """Hosts die at any moment of a publication, and come back in any order."""
    from tests.soak.fleet import ask

    seconds = 0.0
    for number, cluster in enumerate(fleet.clusters, start=1):
        victims = chance.sample(fleet.hosts, 4)
        ask(lambda number=number, cluster=cluster: change(cluster, number))
        for host in victims:
            time.sleep(chance.uniform(0, 0.15))
            host.kill()
        chance.shuffle(victims)
        for host in victims:
            host.start()
        seconds += fleet.wait_until_live(PATIENCE)  # a publication whose publisher was stopped twice would be given up
    return seconds


def away(fleet: Any) -> dict[str, Any]:
    """One host is down for ten releases of its cluster."""
    from tests.soak.fleet import ask

    host = next(host for host in fleet.hosts if host.name == AWAY)
    status, before = host.stop(), ask(lambda: carried_out(AWAY))
    numbers = [ask(lambda number=number: change(host.cluster, 100 + number)) for number in range(RELEASES)]
    host.start()
    fleet.wait_until_live(PATIENCE, [host])
    new = [number for number in ask(lambda: carried_out(AWAY)) if number not in before]
    return {"status": status, "releases": numbers, "carried_out": new}


def carried_out(name: str) -> list[int]:
    from tables.models import Publication

    done = Publication.objects.filter(host__name=name, state=Publication.State.SUCCEEDED)
    return list(done.order_by("id").values_list("release__number", flat=True))


def fallen(fleet: Any, server: Server) -> dict[str, Any]:
    """The server falls and comes back; the publishers that met it go on by themselves."""
    from tests.soak.fleet import ask

    pids = [host.publisher for host in fleet.hosts]
    server.stop()
    time.sleep(1.5)
    server.start()
    for number, cluster in enumerate(fleet.clusters):
        ask(lambda number=number, cluster=cluster: change(cluster, 200 + number))
    seconds = fleet.wait_until_live(PATIENCE)
    return {"seconds": seconds, "same": pids == [host.publisher for host in fleet.hosts]}


def clusters_of() -> dict[str, str]:
    from tables.models import Host

    return dict(Host.objects.values_list("name", "cluster__name"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
