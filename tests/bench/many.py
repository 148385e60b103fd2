"""``make bench``, many: a hundred thousand changes in one request, on both databases.

    .venv/bin/python -m tests.bench --only many [--entries N]

A draft of so many changes among so many entries is looked at, submitted, approved and applied, each step by the service
that the page or its job calls. Previewed, approved and applied within a minute is the bound; making the draft and
handing it in, for which its author waits, are told beside it.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench" / "many"
#: Changes of the request, of an entry in ten or more; and the seconds that the rest of its way may take.
CHANGES, BOUND = 100_000, 60.0
#: Rows of a spreadsheet that are kept back to be mended.
BROKEN = 37

Done = TypeVar("Done")


def run(count: int, _runs: int) -> list[str]:
    from tests import postgres

    FOLDER.mkdir(parents=True, exist_ok=True)
    broken = _in_process(f"sqlite:///{FOLDER / 'many.sqlite3'}", count)
    with postgres.server() as url:
        broken |= _in_process(url, count)
    shutil.rmtree(FOLDER, ignore_errors=True)
    return ["A request of many changes took more than a minute: see its table."] if broken else []


def _in_process(url: str, count: int) -> int:
    environment = {
        **os.environ,
        "MAILADMIN_DATABASE_URL": url,
        "MAILADMIN_STATE_DIR": str(FOLDER / "state"),
        "MAILADMIN_ALLOWED_HOSTS": "testserver 127.0.0.1",
        "MAILADMIN_EMAIL": "no",
        "DJANGO_SETTINGS_MODULE": "mailadmin.settings",
    }
    (FOLDER / "state").mkdir(exist_ok=True)
    for left in FOLDER.glob("many.sqlite3*"):
        left.unlink()
    return subprocess.run(
        [sys.executable, "-m", "tests.bench.many", str(count)], env=environment, check=False
    ).returncode


def main(count: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from mailadmin.accounts.roles import Role, sync_groups
    from tables import changes, drafting, reviews
    from tables.actors import Actor
    from tables.entries import get_cluster, rows
    from tables.models import VirtualUser
    from tables.sendmail.tables import TABLES
    from tables.sheets import importing
    from tests.bench import texts
    from tests.bench.filling import TABLE
    from tests.people import make_person
    from tests.web.visits import visitor

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    sync_groups()
    alice, bob = make_person("alice", Role.POSTMASTER), make_person("bob", Role.APPROVER)
    lines = FOLDER / TABLE
    texts.write_virtusertable(lines, count)
    call_command("import_tables", str(lines), table=TABLE, verbosity=0)
    lines.unlink()

    took: dict[str, float] = {}

    def timed(name: str, do: Callable[[], Done]) -> Done:
        started = time.perf_counter()
        done = do()
        took[name] = time.perf_counter() - started
        return done

    number, spec, actor = min(CHANGES, count // 2), TABLES[TABLE], Actor.of(alice)
    # No catch-all among them: those put something at risk and would ask for two approvals.
    plain = rows(cluster=get_cluster(), table=spec).exclude(key__startswith="@").order_by("position")[:number]
    pairs = [(row.entry, replace(row.entry, value=f"new-{row.value}", raw="")) for row in plain]
    draft = changes.draft(cluster=get_cluster(), actor=actor)
    timed("propose", lambda: changes.propose_many(request=draft, actor=actor, table=spec, pairs=pairs))
    client = visitor(alice)
    client.get(f"/requests/{draft.pk}/")
    page = timed("preview, a page", lambda: client.get(f"/requests/{draft.pk}/"))
    assert page.status_code == 200
    timed("preview, the last page", lambda: client.get(f"/requests/{draft.pk}/?before=end"))
    asked = timed("submit", lambda: drafting.submit(request=draft, actor=actor, reason="another store"))
    assert asked.state == "submitted", asked.state
    reviews.note_viewing(request=asked, person=bob)
    done = timed("approve and apply", lambda: reviews.approve(request=asked, reviewer=bob, checksum=asked.checksum))
    assert done.state == "applied", done.state
    assert VirtualUser.objects.filter(value__startswith="new-").count() == number

    whole = sum(seconds for name, seconds in took.items() if name not in {"propose", "submit"})
    sheet = FOLDER / "sheet.csv"
    with sheet.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "value"])
        writer.writerows(
            [before.key, "" if place < BROKEN else f"again-{before.value}"]
            for place, (before, _after) in enumerate(pairs)
        )
    read = timed(
        f"draft of a CSV of {number:,} rows, {BROKEN} broken",
        lambda: importing.draft_from(cluster=get_cluster(), actor=actor, table=spec, path=sheet),
    )
    assert (read.rows, read.changes, read.broken) == (number, number - BROKEN, BROKEN), read
    table = Table(title=f"{connection.vendor}: a request of {number:,} changes among {count:,} entries, seconds")
    for name in took:
        table.add_column(name, justify="right")
    table.add_column(f"previewed, approved, applied, ≤ {BOUND:.0f}", justify="right")
    table.add_row(*(f"{seconds:.2f}" for seconds in took.values()), f"{whole:.1f}")
    Console(width=max(120, Console().width)).print(table)
    return int(whole > BOUND)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
