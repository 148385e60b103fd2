"""One job on a database in a process of its own: prints its seconds and the process's peak memory as JSON.

    .venv/bin/python -m tests.bench.live_jobs JOB FOLDER

The database comes from the environment (:func:`tests.bench.live.environment`); FOLDER holds the file to import and the
mail directory.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

Found = dict[str, Any]


def prepare(_folder: Path) -> Found:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {"seconds": 0.0}


def import_all(folder: Path) -> Found:
    from tables import importing
    from tables.actors import Actor
    from tables.entries import get_cluster

    cluster, actor, files = get_cluster(), Actor.command(), {"virtusertable": folder / "virtusertable"}
    return timed(lambda: importing.baseline(cluster=cluster, actor=actor, files=files))


def index_words(_folder: Path) -> Found:
    from tables.searching import gaps

    return timed(gaps.close_all)


def full(_folder: Path) -> Found:
    """From the database to the proven map, into a directory that has none."""
    return timed(publish)


def one_change(_folder: Path) -> Found:
    return _one(lambda key: (key, f"changed{random.random()}@elsewhere.example"))


def one_addition(_folder: Path) -> Found:
    return _one(lambda key: (f"new{random.randrange(10**9)}{key}", "someone@elsewhere.example"))


def one_deletion(_folder: Path) -> Found:
    from tests.services.editing import delete

    delete(None, "virtusertable", some_key())
    return timed(publish)


def _one(edit: Callable[[str], tuple[str, str]]) -> Found:
    from tests.services.editing import save

    save(None, "virtusertable", *edit(some_key()))
    return timed(publish)


def some_key() -> str:
    """Any address that is there, by its primary key: no order of the table is preferred. What is of a whole domain
    would need a second person."""
    from tables.models import VirtualUser

    addresses = VirtualUser.objects.exclude(key__startswith="@")
    first, last = addresses.earliest("pk"), addresses.latest("pk")
    row = addresses.filter(pk__gte=random.randint(first.pk, last.pk)).order_by("pk").first()
    assert row
    return row.key


def publish() -> Found:
    from tables import publishing, releases
    from tables.actors import Actor
    from tables.entries import get_cluster
    from tables.models import Publication

    host = publishing.register_host()
    releases.cut(cluster=get_cluster(), actor=Actor.command(), override=True)
    done = publishing.converge(host=host)
    assert done
    assert done.state == Publication.State.SUCCEEDED, done.error
    return {"steps": {step["step"]: step["seconds"] for step in done.steps}}


def timed(work: Callable[[], Any]) -> Found:
    started = time.perf_counter()
    told = work()
    seconds = time.perf_counter() - started
    return {"seconds": seconds, **(told if isinstance(told, dict) else {})}


JOBS: dict[str, Callable[[Path], Found]] = {
    "prepare": prepare,
    "import": import_all,
    "index": index_words,
    "full": full,
    "change": one_change,
    "addition": one_addition,
    "deletion": one_deletion,
}


def main(job: str, folder: str) -> None:
    django.setup()
    found = JOBS[job](Path(folder))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "peak_mb": own}))


if __name__ == "__main__":
    main(*sys.argv[1:])
