"""Everything out, into another database and back: it is the same, and what is not whole goes nowhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, verifying
from tables.actors import Actor
from tables.dumping import loading, manifest, parts, proving, reading, writing
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import AuditEvent, Change, ChangeRequest, OriginalFile, OriginalPart
from tables.releases import cut
from tests.migrated import BASE
from tests.new_database import copy_to
from tests.people import delegate
from tests.services.editing import actor, approve, delete, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(alice: User, bob: User, dora: User) -> None:
    save(alice, "aliases", "sales", "carl", comment="größe")
    approve(bob, save(alice, "relay-domains", "a.example", reason="wanted"))
    save(dora, "access", "AuthInfo:mx.example.net", '"U:us" "P:secret"', reason="wanted")
    cut(cluster=get_cluster(), actor=actor(bob))
    save(alice, "aliases", "sales", "dan")
    delete(alice, "relay-domains", "a.example")
    cut(cluster=get_cluster(), actor=actor(bob))
    save(alice, "relay-domains", "b.example", reason="waits")
    delegate(alice, "virtusertable", "a.example")


@pytest.fixture
def dumped(history: None, tmp_path: Path) -> Path:
    path = tmp_path / "all.tar"
    writing.dump(path=path, actor=Actor.command())
    return path


def empty() -> None:
    """What migrate leaves, in this transaction."""
    connection.check_constraints()
    append_only.remove(connection)
    with connection.cursor() as cursor:
        for model in (*(apps.get_model("tables", name) for name in ("Notice", "Letter")), *parts.models()):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608
    connection.check_constraints()
    append_only.install(connection)


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {item.name: stream.read() for item in archive if (stream := archive.extractfile(item))}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return path


def test_every_model_is_dumped_or_has_a_reason() -> None:
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert known == {model._meta.label for model in parts.models()} | set(parts.LEFT_OUT)


def test_a_dump_goes_to_another_database_and_back(dumped: Path, tmp_path: Path) -> None:
    file, again = tmp_path / "other.sqlite3", tmp_path / "again.tar"
    copy_to(file)
    own = {"MAILADMIN_STATE_DIR": str(tmp_path), "MAILADMIN_DATABASE_URL": f"sqlite:///{file}"}

    def manage(*command: str | Path) -> str:
        words = [sys.executable, str(BASE / "manage.py"), *map(str, command)]
        return subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, **own}).stdout

    assert "Everything holds" in manage("load_dump", dumped)
    manage("dump", again)
    states, last = proving.states(), Change.objects.filter(number__isnull=False).count()
    empty()
    with mock.patch.object(loading, "MANY", 1):
        loading.load(path=again, actor=Actor.command())
    assert proving.states() == states
    assert Change.objects.filter(number__isnull=False).count() == last
    assert list(verifying.verify()) == []
    assert not any(person.has_usable_password() for person in User.objects.all())
    assert {group.name for group in User.objects.get(username="bob").groups.all()} == {"approver"}
    assert AuditEvent.objects.order_by("-number").values_list("action", flat=True)[:3][::-1] == [
        "dump-loaded",
        "dump",
        "dump-loaded",
    ]
    first, second = members(dumped), members(again)
    same = set(first) - {name for name in first if "Audit" in name or "accounts.User/" in name or name == manifest.NAME}
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    # Rows go on being numbered after those that there were.
    save(User.objects.get(username="alice"), "aliases", "new", "carl")


@pytest.mark.one_database
def test_a_dump_is_for_its_owner_and_has_no_password_of_a_person(dumped: Path, alice: User) -> None:
    assert dumped.stat().st_mode & 0o777 == 0o600
    with reading.opened(dumped) as found:
        for part in found.manifest.parts:
            rows = list(found.rows(part))
            assert alice.password not in str(rows)
            assert part.model != "accounts.User" or len(rows) == 4
    assert list(dumped.parent.glob(".*.part")) == []


def test_only_a_file_is_written_or_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/"), Path(), tmp_path, tmp_path / "pipe"):
        with pytest.raises(ChangeError, match="is no file"):
            writing.dump(path=path, actor=Actor.command())
    with pytest.raises(ChangeError, match="cannot be written"):
        writing.dump(path=tmp_path / "nowhere/all.tar", actor=Actor.command())
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.one_database
def test_a_byte_of_any_member_that_was_altered_is_found(dumped: Path, tmp_path: Path) -> None:
    files = members(dumped)
    for name, data in files.items():
        place = len(data.rstrip()) // 2
        wrong = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(ChangeError, match=r"altered|format"):
            reading.check(packed(tmp_path / "wrong.tar", {**files, name: wrong}))


def _without_last(files: dict[str, bytes], _path: Path) -> dict[str, bytes]:
    return dict(list(files.items())[:-1])


def _with_more(files: dict[str, bytes], _path: Path) -> dict[str, bytes]:
    return {**files, "more": b""}


@pytest.mark.one_database
@pytest.mark.parametrize("alter", [_without_last, _with_more])
def test_a_member_too_few_or_too_many_is_found(
    dumped: Path, tmp_path: Path, alter: Callable[[Any, Path], dict[str, bytes]]
) -> None:
    with pytest.raises(ChangeError, match="altered"):
        reading.check(packed(tmp_path / "wrong.tar", alter(members(dumped), dumped)))


def test_without_secrets_no_password_is_in_it_and_nobody_loads_it(
    history: None, bob: User, dora: User, tmp_path: Path
) -> None:
    approve(bob, save(dora, "access", "AuthInfo:mx.example.org", "U:us P:bare-one", comment="was P:older", reason="w"))
    request = ChangeRequest.objects.earliest("pk")
    file = OriginalFile.objects.create(cluster=request.cluster, request=request, table="access", size=7)
    OriginalPart.objects.create(file=file, number=1, data=b"of a file")
    path = tmp_path / "all.tar"
    made = writing.dump(path=path, actor=Actor.command(), secrets=False)
    text = b"".join(gzip.decompress(piece) for name, piece in members(path).items() if name != manifest.NAME)
    assert b"AuthInfo:mx.example.net".lower() in text.lower()
    for word in (b"secret\\", b"P:secret", b"bare-one", b"older", base64.b64encode(b"of a file")):
        assert word not in text
    assert made.hidden == reading.check(path).hidden > 3
    with pytest.raises(ChangeError, match=f"hidden in {made.hidden} rows"):
        loading.inspect(path)
    assert AuditEvent.objects.latest("number").action == "dump-hidden"


@pytest.mark.one_database
def test_where_no_password_stands_a_dump_without_secrets_is_the_same(alice: User, tmp_path: Path) -> None:
    save(alice, "aliases", "sales", "carl")
    made = writing.dump(path=tmp_path / "all.tar", actor=Actor.command(), secrets=False)
    assert made.hidden == 0
    empty()
    loading.load(path=tmp_path / "all.tar", actor=Actor.command())
    assert User.objects.filter(username="alice").exists()


def forged(path: Path, model: str, column: str, value: Any) -> None:
    """The dump with another value in a first row, and with all the digests that belong to that."""
    files = members(path)
    with reading.opened(path) as found:
        made = found.manifest
    part = next(part for part in made.parts if part.model == model)
    name = f"{model}/000001.jsonl.gz"
    first, *others = gzip.decompress(files[name]).splitlines(keepends=True)
    row = json.loads(first)
    row[part.columns.index(column)] = value
    text = json.dumps(row).encode() + b"\n" + b"".join(others)
    files[name] = gzip.compress(text)
    wrong = replace(part, size=len(text), sha256=hashlib.sha256(files[name]).hexdigest())
    told = replace(made, parts=[wrong if part.model == model else part for part in made.parts])
    packed(path, {**files, manifest.NAME: told.as_bytes()})


@pytest.mark.one_database
def test_what_somebody_forged_with_the_right_digests_is_refused_in_words(dumped: Path) -> None:
    whole = dumped.read_bytes()
    empty()
    for model, column, value in (
        ("tables.Alias", "key", None),
        ("tables.Cluster", "name", None),
        ("tables.Change", "request_id", 999_999),
        ("tables.ChangeRequest", "created_at", "yesterday"),
        ("accounts.User", "is_active", {}),
    ):
        dumped.write_bytes(whole)
        forged(dumped, model, column, value)
        with pytest.raises(ChangeError, match="what no installation has"):
            loading.load(path=dumped, actor=Actor.command())
    # PostgreSQL would take a list as a text: then the table is not what it was.
    for column, value in (("value", ["a", "b"]), ("owner", "nobody")):
        dumped.write_bytes(whole)
        forged(dumped, "tables.Alias", column, value)
        with pytest.raises(ChangeError, match=r"what no installation has|1 tables are not what they were"):
            loading.load(path=dumped, actor=Actor.command())
    assert not User.objects.exists()


@pytest.mark.one_database
def test_a_bomb_is_not_unpacked(dumped: Path, tmp_path: Path) -> None:
    files = members(dumped)
    bomb = gzip.compress(b" " * (64 << 20))
    with pytest.raises(ChangeError, match="altered"):
        reading.check(packed(tmp_path / "bomb.tar", {**files, "tables.Cluster/000001.jsonl.gz": bomb}))


@pytest.mark.one_database
def test_a_file_cut_off_is_refused(dumped: Path) -> None:
    whole = dumped.read_bytes()
    for length in (0, 100, manifest.ROOM, manifest.ROOM + 5000, len(whole) * 9 // 10):
        dumped.write_bytes(whole[:length])
        with pytest.raises(ChangeError):
            reading.check(dumped)


def test_a_database_that_holds_anything_is_refused(dumped: Path) -> None:
    with pytest.raises(ChangeError, match="not empty"):
        loading.load(path=dumped, actor=Actor.command())


@pytest.mark.one_database
def test_another_version_is_refused(dumped: Path) -> None:
    here = manifest.migrations()
    with mock.patch.object(manifest, "migrations", return_value=here[:-1]), pytest.raises(ChangeError, match="newer"):
        loading.inspect(dumped)
    more = [*here, "tables.9999"]
    with mock.patch.object(manifest, "migrations", return_value=more), pytest.raises(ChangeError, match="older"):
        loading.inspect(dumped)


def test_what_ends_half_way_leaves_nothing(dumped: Path) -> None:
    empty()
    with (
        mock.patch.object(loading, "_index", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
        transaction.atomic(),
    ):
        loading.load(path=dumped, actor=Actor.command())
    assert not any(model._default_manager.exists() for model in parts.models())


def test_a_history_that_does_not_hold_is_not_loaded(history: None, tmp_path: Path) -> None:
    append_only.remove(connection)
    AuditEvent.objects.filter(number=3).update(reason="forged")
    append_only.install(connection)
    writing.dump(path=tmp_path / "all.tar", actor=Actor.command())
    empty()
    with pytest.raises(ChangeError, match="does not hold"):
        loading.load(path=tmp_path / "all.tar", actor=Actor.command())
    assert not AuditEvent.objects.exists()
