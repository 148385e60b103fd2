"""What every case starts from: release 1 is live, release 2 is queued, and the real sendmail.cf reads the directory.

Everything runs in forked children of one process that has read Django once; each case gets a copy of the directory and
of the database. The settings come from the environment: MAILADMIN_DATABASE_URL says on which database.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.daemon import MailHost

OLD = {
    "aliases": "postmaster: root\nMAILER-DAEMON: postmaster\nsales: alice\n",
    "access": "From:a@bad.example\tREJECT\n",
    "virtusertable": "info@here.example\troot\ngone@here.example\troot\n",
    "relay-domains": "one.example\ntwo.example\n",
}
HOST = "mx.test.example"
#: Where programs of a test's own come first in the PATH of a case.
BIN = "bin"


def fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a child, and do not wait for it. No connection to the database may be open here."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:  # noqa: BLE001
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            sys.stderr.flush()
        finally:  # whatever happens, also to the message: the child must not go on as a second parent
            os._exit(status)
    return child


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_child(work: Callable[[], None]) -> None:
    status = wait(fork(work))
    if status:
        raise RuntimeError(f"a child that prepares a case ended with status {status}")


# --- databases --------------------------------------------------------------------------------------------------------


def database() -> dict[str, Any]:
    from django.db import connections

    settings: dict[str, Any] = connections["default"].settings_dict
    return settings


def on_postgresql() -> bool:
    return str(database()["ENGINE"]).endswith("postgresql")


def statement(sql: str) -> None:
    """Carried out by the server's owner, outside of every database of a case."""
    import psycopg
    from django.db import connections

    server = {**connections["default"].get_connection_params(), "dbname": "postgres"}
    server.pop("cursor_factory", None)
    server.pop("context", None)
    with psycopg.connect(**server, autocommit=True) as connection:
        connection.execute(sql.encode())


@dataclass(frozen=True)
class Place:
    """A directory with ``mail/`` and ``sendmail.cf``, and the database that belongs to it."""

    path: Path

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def quick(self) -> Path:
        """While this file is there, a few changes are published by patches; otherwise all is built as a whole."""
        return self.path / "quick"

    @property
    def database(self) -> str:
        return (
            f"faults_{os.environ['FAULTS_NAME']}_{self.path.name}" if on_postgresql() else str(self.path / "database")
        )

    def use(self) -> None:
        """Work with this directory and its database from now on."""
        from django.conf import settings

        settings.MAIL_DIR = self.mail
        settings.FULL_EVERY = 50 if self.quick.exists() else 0
        settings.SENDMAIL_CF = self.path / "sendmail.cf"
        database()["NAME"] = self.database

    def make(self) -> None:
        self.mail.mkdir(parents=True)
        if on_postgresql():
            statement(f"CREATE DATABASE {self.database}")

    def copy_to(self, other: Place) -> None:
        """The same at another place. Whoever comes to work there calls :func:`rehost` first."""
        shutil.copytree(self.path, other.path, symlinks=True)
        cf = other.path / "sendmail.cf"
        cf.write_text(cf.read_text().replace(str(self.path), str(other.path)))
        for path in self.mail.iterdir():
            copied = other.mail / path.name
            os.chown(copied, path.stat().st_uid, path.stat().st_gid)
        if on_postgresql():
            statement(f"CREATE DATABASE {other.database} TEMPLATE {self.database} STRATEGY file_copy")

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if on_postgresql():
            statement(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")


# --- the start --------------------------------------------------------------------------------------------------------


def load() -> None:
    """Read the modules once, before the forks: each child would have to."""
    from importlib import import_module

    for name in ("django.core.management", "tables.importing", "tables.publishing", "tests.services.editing"):
        import_module(name)


def make_start(place: Place, files: dict[str, str] = OLD) -> MailHost:
    """With a database that has been migrated; FAULTS_MIGRATED names one that may be copied instead."""
    place.path.mkdir()
    host = MailHost(place.path)
    host.prepare()
    migrated = os.environ.get("FAULTS_MIGRATED", "")
    if on_postgresql():
        statement(f"CREATE DATABASE {place.database}")
        if migrated:
            copy_database(migrated, place.database)
    elif migrated:
        shutil.copy(migrated, place.database)
    in_child(lambda: fill(place, files))
    return host


def copy_database(source: str, target: str) -> None:
    """By a dump: a database that somebody is connected to cannot be a template."""
    from tests.postgres import programs

    server = [f"--host={database()['HOST']}", f"--username={database()['USER']}"]
    restore: list[str | Path]
    with subprocess.Popen([programs() / "pg_dump", *server, source], stdout=subprocess.PIPE) as dumped:
        restore = [
            programs() / "psql",
            *server,
            "--quiet",
            "--no-psqlrc",
            "--set=ON_ERROR_STOP=1",
            f"--dbname={target}",
        ]
        subprocess.run(restore, stdin=dumped.stdout, stdout=subprocess.DEVNULL, check=True)


def fill(place: Place, files: dict[str, str]) -> None:
    from django.core.management import call_command
    from django.db import connection

    from tables import append_only, importing, publishing, releases
    from tables.actors import Actor
    from tables.entries import get_cluster

    place.use()
    call_command("migrate", verbosity=0)
    append_only.install(connection)
    source = place.path / "source"
    source.mkdir()
    for name, text in files.items():
        (source / name).write_text(text)
    actor, cluster = Actor.command(), get_cluster()
    importing.baseline(cluster=cluster, actor=actor, files=importing.find_files(source))
    host = publishing.register_host()
    releases.cut(cluster=cluster, actor=actor)
    done = publishing.converge(host=host)
    assert done
    assert done.state == "succeeded", done.error
    if files is OLD:
        edit()
        releases.cut(cluster=cluster, actor=actor)
    close()


def edit() -> None:
    """A new value, new entries, a table that was empty, and two entries less."""
    from tests.services.editing import delete, save

    save(None, "aliases", "sales", "bob")
    save(None, "access", "From:b@bad.example", "REJECT")
    delete(None, "virtusertable", "gone@here.example")
    save(None, "genericstable", "alice", "alice@here.example")
    delete(None, "relay-domains", "two.example")


def close() -> None:
    from django.db import connections

    connections.close_all()


def rehost(place: Place) -> None:
    """The copied directory is the host's directory, as if it had always been."""
    from tables.models import Host, Publication
    from tables.sendmail.files import identity

    place.use()
    Host.objects.update(mail_dir=str(place.mail))
    for publication in Publication.objects.filter(state=Publication.State.SUCCEEDED):
        for item in publication.files:
            item["path"] = str(place.mail / item["table"])
            item["map"] = identity(place.mail / f"{item['table']}.db") if item["map"] else ""
        publication.save(update_fields=["files"])


# --- what lies there --------------------------------------------------------------------------------------------------


def contents(mail: Path) -> dict[str, str]:
    """Every live text without its stamp, and every map as makemap reads it."""
    from tables.sendmail import stamp

    texts = {path.name: b"".join(stamp.body(path)).decode() for path in mail.iterdir() if plain(path)}
    maps = {path.name: dump(path, mail.parent) for path in mail.glob("*.db") if plain(path, ".db")}
    return dict(sorted((texts | maps).items()))


def plain(path: Path, suffix: str = "") -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix == suffix


def dump(path: Path, scratch: Path) -> str:
    """Of a copy: unlike sendmail, makemap does not read a map that has a second name, as one has while it is kept."""
    copy = Path(shutil.copy(path, scratch / "dumped.db"))
    command = ["/usr/sbin/makemap", "-C", os.devnull, "-u", "hash", str(copy.with_suffix(""))]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return f"unreadable: {done.stderr.decode()}"
    return b"".join(sorted(done.stdout.splitlines(keepends=True))).decode("utf-8", "backslashreplace")


def kept(mail: Path) -> list[dict[str, str]]:
    """What each generation holds."""
    generations = mail / ".mailadmin/generations"
    there = generations.iterdir() if generations.is_dir() else iter(())
    numbered = sorted(path for path in there if path.name.isdecimal())
    return [contents_of(path, mail.parent) for path in numbered]


def contents_of(generation: Path, scratch: Path) -> dict[str, str]:
    from tables.sendmail import stamp

    found = {}
    for path in generation.iterdir():
        if path.suffix == ".db":
            found[path.name] = dump(path, scratch)
        elif not path.suffix:
            found[path.name] = b"".join(stamp.body(path)).decode()
    return found


def ownerships(mail: Path) -> dict[str, list[int]]:
    there = mail.iterdir() if mail.is_dir() else iter(())
    files = (path for path in there if path.is_file() and not path.name.startswith("."))
    return {path.name: [found.st_uid, found.st_gid, found.st_mode] for path in files for found in [path.stat()]}


def leftovers(mail: Path) -> list[str]:
    """Names that a publisher should not leave: beside the live files, second names of them, and in its own corner."""
    state = mail / ".mailadmin"
    hidden = [path.name for path in mail.glob(".*") if path.name != ".mailadmin"]
    linked = [
        f"{path.name} has a second name" for path in mail.iterdir() if plain_file(path) and path.stat().st_nlink > 1
    ]
    staged: list[str] = []
    with suppress(FileNotFoundError, NotADirectoryError):
        staged = [f"staging/{path.name}" for path in (state / "staging").iterdir()]
    odd = [f".mailadmin/{path.name}" for path in state.glob(".*")]
    journal = ["journal"] if (state / "journal.json").exists() else []
    return sorted([*hidden, *linked, *staged, *odd, *journal])


def plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def write_json(path: Path, found: Any) -> None:
    path.write_text(json.dumps(found))
