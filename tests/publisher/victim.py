"""A process of its own in which publishers are killed, again and again, and then helped up by another.

    python -m tests.publisher.victim DIRECTORY

Reads a list of scenarios from DIRECTORY/scenarios.json. Each is a list of points, at each of which one publisher dies;
then a last one runs to its end. What was on the disk after each death and at the end goes to DIRECTORY/results.json.
The settings come from the environment: a database of its own, no daemon.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

OLD = {
    "aliases": "postmaster: root\nsales: alice\n",
    "access": "From:a@bad.example\tREJECT\n",
    "virtusertable": "info@here.example\troot\n",
    "relay-domains": "one.example\ntwo.example\n",
}


def main(directory: Path) -> None:
    django.setup()
    load()
    in_child(lambda: make_state(directory))
    scenarios = json.loads((directory / "scenarios.json").read_text())
    results = [play(directory, number, points) for number, points in enumerate(scenarios)]
    (directory / "results.json").write_text(json.dumps(results))


def load() -> None:
    """Read the modules once, before the forks: each child would have to."""
    from importlib import import_module

    for name in ("django.core.management", "tables.importing", "tables.publishing", "tests.services.editing"):
        import_module(name)


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked process, which has to be done before any connection to the database is open."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (the child must not go on as a second parent)
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- what every scenario starts from: release 1 is live, release 2 is queued -----------------------------------------


def make_state(directory: Path) -> None:
    from tables import importing, publishing, releases
    from tables.actors import Actor
    from tables.entries import get_cluster
    from tests import new_database

    use(directory / "start")
    new_database.copy_to(directory / "start/database")
    source = directory / "source"
    source.mkdir()
    for name, text in OLD.items():
        (source / name).write_text(text)
    actor, cluster = Actor.command(), get_cluster()
    importing.baseline(cluster=cluster, actor=actor, files=importing.find_files(source))
    host = publishing.register_host()
    releases.cut(cluster=cluster, actor=actor)
    publishing.converge(host=host)
    edit(actor)
    releases.cut(cluster=cluster, actor=actor)


def edit(actor: Any) -> None:
    """A new value, a new entry, a table that had no file yet, and one relay domain less."""
    from tests.services.editing import delete, save

    save(None, "aliases", "sales", "bob")
    save(None, "access", "From:b@bad.example", "REJECT")
    save(None, "genericstable", "alice", "alice@here.example")
    delete(None, "relay-domains", "two.example")


def use(place: Path) -> None:
    """Work with the database and the mail directory below ``place``."""
    from django.conf import settings
    from django.db import connections

    (place / "mail").mkdir(parents=True, exist_ok=True)
    settings.MAIL_DIR = place / "mail"
    connections["default"].settings_dict["NAME"] = str(place / "database")


# --- a scenario -------------------------------------------------------------------------------------------------------


def play(directory: Path, number: int, points: list[str]) -> dict[str, Any]:
    place = directory / f"case-{number}"
    shutil.copytree(directory / "start", place)
    in_child(lambda: rehost(place))
    deaths = []
    for point in points:
        status = in_child(lambda point=point: publish(place, killer(point)))
        deaths.append({"status": status, "files": contents(place / "mail")})
    passed: list[str] = []
    status = in_child(lambda: note(place, passed))
    result = json.loads((place / "end.json").read_text()) if status == 0 else {"failed": status}
    return {**result, "points": points, "deaths": deaths, "files": contents(place / "mail")}


def rehost(place: Path) -> None:
    """The copied directory is the host's directory, as if it had always been."""
    from tables.models import Host, Publication

    use(place)
    mail = str(place / "mail")
    Host.objects.update(mail_dir=mail)
    for publication in Publication.objects.all():
        for item in publication.files:
            item["path"] = f"{mail}/{item['table']}"
            item["map"] = identity_of(place / "mail" / f"{item['table']}.db")
        publication.save(update_fields=["files"])


def identity_of(path: Path) -> str:
    from tables.sendmail.files import identity

    return identity(path)


def publish(place: Path, checkpoint: Callable[[str], None]) -> Any:
    from tables import publishing

    use(place)
    return publishing.converge(host=publishing.register_host(), checkpoint=checkpoint)


def killer(point: str) -> Callable[[str], None]:
    """Dies at the named point; ``after 5 ms`` means whatever instruction that is."""
    if point.endswith(" ms"):
        threading.Timer(int(point.split()[1]) / 1000, die).start()
        return lambda _passed: None
    return lambda passed: die() if passed == point else None


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def note(place: Path, passed: list[str]) -> None:
    """The last publisher runs to its end; what it left behind is written down."""
    from tables.models import AuditEvent, Host, Publication

    publish(place, passed.append)
    newest = Publication.objects.first()
    host = Host.objects.select_related("release").get()
    assert newest
    assert host.release
    state = place / "mail/.mailadmin"
    end = {
        "passed": passed,
        "state": newest.state,
        "error": newest.error,
        "release": host.release.number,
        "succeeded": AuditEvent.objects.filter(action="publication-succeeded").count(),
        "journal": (state / "journal.json").exists(),
        "staging": sorted(path.name for path in (state / "staging").iterdir()),
        "linked": sorted(
            path.name for path in (place / "mail").iterdir() if path.is_file() and path.stat().st_nlink > 1
        ),
        "hidden": sorted(path.name for path in (place / "mail").glob(".*") if path.name != ".mailadmin"),
    }
    (place / "end.json").write_text(json.dumps(end))


def contents(mail: Path) -> dict[str, str]:
    """Every live text without its stamp, and every map as makemap reads it."""
    from tables.sendmail import stamp

    texts = {path.name: b"".join(stamp.body(path)).decode() for path in mail.iterdir() if plain(path)}
    maps = {path.name: dump(path) for path in mail.glob("*.db") if plain(path, ".db")}
    return dict(sorted((texts | maps).items()))


def plain(path: Path, suffix: str = "") -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix == suffix


def dump(path: Path) -> str:
    """Of a copy: unlike sendmail, makemap does not read a map that has a second name, as one has while it is kept."""
    copy = Path(shutil.copy(path, path.parent.parent / "dumped.db"))
    command = ["/usr/sbin/makemap", "-C", os.devnull, "-u", "hash", str(copy.with_suffix(""))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "".join(sorted(done.stdout.splitlines(keepends=True))) if done.returncode == 0 else done.stderr


if __name__ == "__main__":
    main(Path(sys.argv[1]))
