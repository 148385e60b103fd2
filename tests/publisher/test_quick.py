"""A few changes are published by a patch of the text and in a copy of the map; the outcome is that of doing it all."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tables import exporting
from tables.entries import get_cluster, rows
from tables.errors import ChangeError
from tables.models import Publication
from tables.sendmail import commands, stamp
from tables.sendmail.render import map_pair
from tables.sendmail.spec import Kind
from tables.sendmail.tables import TABLES
from tests.publisher.conftest import Load, Publish, message, output
from tests.services.editing import delete, save, switch

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

VIRTUAL = """\
# who gets what

info@one.example\troot
# the shop
shop@one.example\tshop
sales@one.example    shop
#old@one.example\tgone

@two.example\tbox@two.example.net
info@two.example\troot
info@two.example.net\troot
"""
FILES = {
    "virtusertable": VIRTUAL,
    "access": "From:a@bad.example\tREJECT\n#From:b@bad.example\tREJECT\n# From:c\n",
    "aliases": "postmaster: root\nmailer-daemon: postmaster\nlist: root,\n\tdaemon\nlast: root",
    "relay-domains": "one.example\n# two\ntwo.example three.example\nfour.example\n",
}


def record(table: str) -> dict[str, Any]:
    last = Publication.objects.filter(state=Publication.State.SUCCEEDED).latest("id")
    return next(item for item in last.files if item["table"] == table)


def assert_live(mail_dir: Path) -> None:
    """Every text and every map is what rendering and building all of it gives."""
    cluster = get_cluster()
    for name in FILES:
        table = TABLES[name]
        text = b"".join(exporting.content(cluster=cluster, table=table, change_number=cluster.last_change))
        assert b"".join(stamp.body(mail_dir / name)) == text, name
        if table.kind is not Kind.CLASS:
            enabled = (row.entry for row in rows(cluster=cluster, table=table).filter(enabled=True))
            meant = sorted(b"\t".join(map_pair(table, entry)) for entry in enabled)
            assert dumped(mail_dir / f"{name}.db") == meant, name


def dumped(path: Path) -> list[bytes]:
    argv = ["/usr/sbin/makemap", "-C", "/dev/null", "-u", "-t\t", "hash", str(path)]
    said = subprocess.run(argv, check=True, capture_output=True).stdout
    return sorted(line for line in said.splitlines() if line != b"@\t@")


def test_one_change_is_made_in_a_copy_of_the_map(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    assert (record("virtusertable")["patches"], record("virtusertable")["holds"][0]) == (0, 6)
    save(None, "virtusertable", "shop@one.example", "keeper")

    publication = publish()

    assert publication.state == Publication.State.SUCCEEDED
    assert "makemap -C /dev/null -c 268435456 -o -r hash" in output(publication, "build")
    assert "virtusertable: the pages in which its map differs" in output(publication, "verify")
    assert message(publication, "verify") == "1 map holds exactly the entries of the tables."
    assert "-shop@one.example\tshop\n+shop@one.example\tkeeper\n" in output(publication, "plan")
    assert record("virtusertable")["patches"] == 1
    assert_live(mail_dir)


def test_a_deletion_is_made_in_a_copy_too(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    delete(None, "virtusertable", "sales@one.example")
    save(None, "virtusertable", "new@one.example", "root")
    publication = publish()
    assert "$ perl -MDB_File" in output(publication, "build")
    assert record("virtusertable")["patches"] == 1
    assert_live(mail_dir)


def test_after_so_many_copies_all_of_it_is_made_anew(
    mail_dir: Path, load: Load, publish: Publish, settings: Any
) -> None:
    settings.FULL_EVERY = 2
    load(FILES)
    publish()
    for turn, patches in enumerate([1, 2, 0, 1]):
        save(None, "access", "from:a@bad.example", f"550 no {turn}")
        publish()
        assert record("access")["patches"] == patches
        assert_live(mail_dir)


class WithoutPerl:
    """The real programs, of which one fails or lies."""

    def __init__(self, name: str, answer: commands.Result | Exception | None) -> None:
        self.name = name
        self.answer = answer

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: Iterable[bytes] = (),
        stdout: commands.Output | None = None,
        timeout: float,
    ) -> commands.Result:
        if argv[0] != self.name or (self.name == "makemap" and "-o" not in argv):
            return commands.run(argv, stdin=stdin, stdout=stdout, timeout=timeout)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:  # does nothing, and says that all is well
            return commands.Result(tuple(argv), 0, "", "", 0.0)
        return self.answer


@pytest.mark.parametrize(
    "run",
    [
        WithoutPerl("perl", commands.MissingProgram("perl")),
        WithoutPerl("perl", commands.Result(("perl",), 2, "", "Can't locate DB_File.pm\n", 0.0)),
        WithoutPerl("perl", None),
        WithoutPerl("makemap", commands.Result(("makemap",), 75, "", "", 0.0)),
        WithoutPerl("makemap", None),
    ],
    ids=["no perl", "no DB_File", "lying perl", "failing makemap", "lying makemap"],
)
def test_a_copy_that_comes_to_nothing_is_built_as_a_whole(
    mail_dir: Path, load: Load, publish: Publish, run: commands.Run
) -> None:
    load(FILES)
    publish()
    delete(None, "virtusertable", "info@two.example")
    save(None, "virtusertable", "new@one.example", "root")
    publication = publish(run=run)
    assert publication.state == Publication.State.SUCCEEDED
    assert "virtusertable: its map is built as a whole, because a changed copy of it" in output(publication, "build")
    assert_live(mail_dir)
    save(None, "virtusertable", "new@one.example", "daemon")
    publish()
    assert_live(mail_dir)


def test_a_map_that_somebody_built_by_hand_is_no_base_for_a_copy(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    subprocess.run(["/usr/sbin/makemap", "hash", str(mail_dir / "access")], input=b"x\ty\n", check=True)
    save(None, "access", "from:a@bad.example", "550 no")
    assert " -o -r " not in output(publish(), "build")
    assert_live(mail_dir)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_changed_the_outcome_is_that_of_doing_it_all(
    mail_dir: Path, load: Load, publish: Publish, seed: int
) -> None:
    load(FILES)
    publish()
    chance = random.Random(seed)
    patched = 0
    for turn in range(8):
        for _edit in range(chance.choice([1, 1, 2, 5])):
            with suppress(ChangeError):  # what takes a second person stays out
                some_edit(chance, turn)
        publication = publish(override=True)
        assert publication.state == Publication.State.SUCCEEDED, publication.error
        assert_live(mail_dir)
        patched += any(item["changed"] and item["patches"] for item in publication.files)
    assert patched >= 4


def some_edit(chance: random.Random, turn: int) -> None:
    name = chance.choice(["virtusertable", "virtusertable", "access", "aliases", "relay-domains"])
    keys = sorted(rows(cluster=get_cluster(), table=TABLES[name]).values_list("key", flat=True))
    key, what = chance.choice(keys), chance.choice(["add", "add", "change", "comment", "delete", "switch"])
    current = rows(cluster=get_cluster(), table=TABLES[name]).get(key=key)
    value = "" if name == "relay-domains" else "REJECT" if name == "access" else f"box{turn}{chance.randrange(9)}"
    if what == "add":
        save(None, name, new_key(chance, name), value, reason="why")
    elif what == "change" and value:
        save(None, name, key, value, reason="why", enabled=current.enabled)
    elif what == "comment":
        save(None, name, key, current.value, comment=chance.choice(["", "why", "two\nlines"]), enabled=current.enabled)
    elif what == "delete" and key not in {"postmaster", "mailer-daemon"}:
        delete(None, name, key, reason="why")
    else:
        switch(None, name, key, not current.enabled, reason="why")


def new_key(chance: random.Random, name: str) -> str:
    number = chance.randrange(10**6)
    domain = chance.choice(["one", "two"])
    return {
        "virtusertable": f"n{number}@{domain}.example",
        "access": f"From:n{number}@bad.example",
        "aliases": f"n{number}",
        "relay-domains": f"n{number}.example",
    }[name]
