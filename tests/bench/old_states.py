"""Old states at a million entries: a page of one, who changed which line, two points, and the whole table as a stream.

    .venv/bin/python -m tests.bench.old_states COUNT TIMES        on a database that :mod:`tests.bench.pages` may make

:func:`pages` gives what :func:`tests.bench.visiting.measure` does, :func:`whole` the stream's figures; both expect a
database that :func:`tests.bench.filling.fill` filled.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.pages import FOLDER


@dataclass(frozen=True, slots=True)
class Whole:
    """Seconds until the first byte and until the last one, and by how much the process grew meanwhile, in MB."""

    first: float
    last: float
    grew: float
    size: int

    @property
    def holds(self) -> bool:
        return self.first <= 1.0 and self.grew <= 64

    def __str__(self) -> str:
        return (
            f"whole table at an old state: first byte {self.first:.3f} s, all {self.size / 1e6:.0f} MB "
            f"{self.last:.1f} s, grew by {self.grew:.0f} MB: {'holds' if self.holds else 'broken'}"
        )


def whole() -> Whole:
    """The table of before all that was changed in it."""
    from tables.entries import get_cluster
    from tables.exporting import content
    from tables.snapshots import snapshot
    from tests.bench.visiting import SPEC

    before = _peak()
    started = time.perf_counter()
    with snapshot():
        chunks = content(cluster=get_cluster(), table=SPEC, change_number=1)
        size = len(next(chunks))
        first = time.perf_counter() - started
        size += sum(map(len, chunks))
    return Whole(first, time.perf_counter() - started, _peak() - before, size)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pages(person: object, count: int, times: int) -> list:  # type: ignore[type-arg]
    """Milliseconds in the server of each page of the past."""
    from mailadmin.accounts.models import User
    from tables.entries import get_cluster
    from tests.bench import visiting

    assert isinstance(person, User)
    visits = visiting.Visits(person, count)
    last = get_cluster().last_change
    number, choice = visits.chance.randrange, visits.chance.choice
    at, blame = f"/tables/{visiting.TABLE}/at/", f"/tables/{visiting.TABLE}/blame/"

    def old() -> str:
        return f"change {number(1, last)}"

    def place() -> str:
        return "{}.{}".format(*choice(visits.places))

    ways = {
        "as it was, first page": lambda: visits.get(at, when=old()),
        "as it was, far on": lambda: visits.get(at, when=old(), after=place(), at=999),
        "as it was, last page": lambda: visits.get(at, when=old(), before="end"),
        "as it was, an address": lambda: visits.get(at, when=old(), q=visiting.any_key(visits.chance, count)),
        "as it was, a word in all": lambda: visits.get(at, when=old(), q="example"),
        "as it was, no match": lambda: visits.get(at, when=old(), q=f"nobody{number(count)}"),
        "blame, first page": lambda: visits.get(blame),
        "blame, far on": lambda: visits.get(blame, after=place(), at=999),
        "blame, backwards": lambda: visits.get(blame, before=place(), at=999),
        "compare, near": lambda: visits.get("/compare/", old=f"change {last - 400}"),
        "compare, far apart": lambda: visits.get("/compare/", old="change 1"),
        "changes": lambda: visits.get("/changes/"),
        "changes, a person": lambda: visits.get("/changes/", person="alice"),
        "changes, a key": lambda: visits.get("/changes/", key=visiting.any_key(visits.chance, count)),
        "changes, a value": lambda: visits.get("/changes/", value=f"moved{number(20) * 500}"),
        "changes, no value": lambda: visits.get("/changes/", value=f"nobody{number(count)}"),
        "changes, no reason": lambda: visits.get("/changes/", reason="nobody said this"),
    }
    return [visiting._timed(name, visit, times) for name, visit in ways.items()]


def main(count: int, times: int) -> int:
    import django

    FOLDER.mkdir(parents=True, exist_ok=True)
    if "MAILADMIN_DATABASE_URL" not in os.environ:
        file = FOLDER / "old_states.sqlite3"
        for left in FOLDER.glob("old_states.sqlite3*"):
            left.unlink()
        os.environ["MAILADMIN_DATABASE_URL"] = f"sqlite:///{file}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailadmin.settings")
    os.environ["MAILADMIN_ALLOWED_HOSTS"] = "testserver"
    os.environ["MAILADMIN_STATE_DIR"] = str(FOLDER / "state")
    Path(os.environ["MAILADMIN_STATE_DIR"]).mkdir(exist_ok=True)
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import filling
    from tests.bench.pages import CHANGED, _print

    call_command("collectstatic", interactive=False, verbosity=0)
    person = filling.fill(count, min(CHANGED, count // 10), FOLDER, lambda what: print(what, flush=True))
    found = whole()
    print(f"{connection.vendor}: {found}", flush=True)
    timed = pages(person, count, times)
    _print(connection.vendor, count, timed)
    return int(not found.holds or any(not one.holds for one in timed))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
