"""What was applied, released, resolved or recorded is held by the database, whatever statement somebody types."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, audit, changes, importing, releases, threads
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import AuditHead, Change, ChangeRequest, FilePassage, Release, Remark
from tables.searching import index
from tests.services.editing import approve, save

pytestmark = pytest.mark.django_db

SQLITE = connection.vendor == "sqlite"


@pytest.fixture
def history(alice: User, bob: User, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of everything one: passages, applied changes, a release, a request that waits with a resolved thread."""
    aliases = tmp_path_factory.mktemp("etc") / "aliases"
    aliases.write_text("# head\n\npostmaster: root\n\n# section\n\nsales: alice\n")
    importing.baseline(cluster=get_cluster(), actor=Actor.command(), files={"aliases": aliases})
    save(alice, "aliases", "press", "alice")
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    releases.cut(cluster=get_cluster(), actor=Actor.of(bob))
    waiting = save(alice, "relay-domains", "other.example", reason="wanted")
    thread = threads.ask(request=waiting, person=bob, text="Why?")
    threads.reply(thread=thread, person=alice, text="They pay.")
    threads.resolve(thread=thread, person=bob)
    threads.ask(request=waiting, person=bob, text="How much?")
    connection.check_constraints()  # PostgreSQL truncates nothing while a check is put off to the end


REFUSALS = r"cannot be|can be|append-only|only moves on|baseline only"


def refused(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=REFUSALS),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


#: Of each table the rows that are settled.
FROZEN = {
    "tables_change": "number = 2",
    "tables_release": "number = 1",
    "tables_filepassage": "position >= 0",
    "tables_remark": "resolved_at IS NOT NULL",
    "tables_changerequest": "state = 'applied'",
}


def altered(table: str, column: str) -> str:
    """An expression that is another value than the one that stands in the column."""
    model = {m._meta.db_table: m for m in (Change, Release, FilePassage, Remark, ChangeRequest)}[table]
    field = next(field for field in model._meta.concrete_fields if field.column == column)
    kind = field.get_internal_type()
    if kind == "JSONField":
        return "'{\"a\": 1}'"
    if kind == "BooleanField":
        return f'NOT "{column}"'
    if kind == "DateTimeField":
        return "'2001-01-01 00:00:00+00:00'"
    if kind in {"CharField", "TextField", "ByteOrderField"}:
        return "'x'"
    return f'COALESCE("{column}", 0) + 1'


REQUEST = "id cluster_id kind state author_id author_name submitter_id reason checksum risks"


@pytest.mark.parametrize("table", FROZEN)
def test_nothing_of_what_is_settled_can_be_altered(history: None, table: str) -> None:
    names = REQUEST.split() if table == "tables_changerequest" else columns(table)
    for column in (name for name in names if (table, name) != ("tables_change", "holds")):
        for how in ("", "OR REPLACE ") if SQLITE else ("",):
            refused(f'UPDATE {how}{table} SET "{column}" = {altered(table, column)} WHERE {FROZEN[table]}')  # noqa: S608


GUARDED = [*FROZEN, "tables_audithead"]


@pytest.mark.parametrize("table", GUARDED)
def test_nothing_of_what_is_settled_can_be_deleted(history: None, table: str) -> None:
    refused(f"DELETE FROM {table} WHERE {FROZEN.get(table, '1 = 1')}")  # noqa: S608
    if not SQLITE:
        refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", GUARDED)
def test_nothing_of_what_is_settled_can_be_replaced(history: None, table: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns(table))
    statement = f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM {table}"  # noqa: S608
    if not SQLITE:
        settled = FROZEN.get(table, "1 = 1")
        statement = (
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE {settled} "  # noqa: S608
            f"ON CONFLICT (id) DO UPDATE SET id = {table}.id + 1000"
        )
    refused(statement)


def test_an_applied_change_cannot_be_pushed_out_of_its_place(history: None) -> None:
    free = Change.objects.get(number=None)
    target = Change.objects.get(number=2)
    for how in ("", "OR REPLACE ") if SQLITE else ("",):
        where = f"WHERE id = {free.pk}"
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {how}tables_change SET number = 2 {where}")  # noqa: S608
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {how}tables_change SET request_id = {target.request_id}, "  # noqa: S608
                f"\"table\" = 'aliases', key = 'press' {where}"
            )
    assert Change.objects.filter(pk=target.pk, number=2, key="press").exists()


def test_a_change_gets_its_number_and_nothing_else_with_it(history: None) -> None:
    free = Change.objects.get(number=None)
    refused(f"UPDATE tables_change SET number = 99, key = 'evil.example' WHERE id = {free.pk}")  # noqa: S608
    names = ", ".join(f'"{name}"' for name in columns("tables_change") if name not in {"id", "key", "number"})
    refused(
        f"INSERT INTO tables_change ({names}, key, number) "  # noqa: S608
        f"SELECT {names}, 'evil.example', 99 FROM tables_change WHERE id = {free.pk}"
    )


def test_a_draft_can_be_deleted_and_a_request_that_waits_cannot(history: None) -> None:
    refused("DELETE FROM tables_changerequest WHERE state = 'submitted'")
    changes.draft(cluster=get_cluster(), actor=Actor.command()).delete()


def test_a_thread_is_resolved_once(history: None) -> None:
    refused("UPDATE tables_remark SET resolved_by_name = 'x' WHERE resolved_at IS NOT NULL")
    refused("UPDATE tables_remark SET text = 'x' WHERE resolved_at IS NULL")
    refused("UPDATE tables_remark SET resolved_by_name = 'x' WHERE parent_id IS NOT NULL")
    assert Remark.objects.filter(parent=None, resolved_at=None).update(resolved_by_name="bob") == 1


@pytest.mark.parametrize(("number", "previous"), [(0, "''"), (1, "'x'"), (2, "hash"), (-1, "previous_hash")])
def test_no_event_gets_in_but_at_the_end_of_the_chain(history: None, number: int, previous: str) -> None:
    names = [name for name in columns("tables_auditevent") if name not in {"id", "number", "previous_hash"}]
    quoted = ", ".join(f'"{name}"' for name in names)
    refused(
        f"INSERT INTO tables_auditevent ({quoted}, number, previous_hash) "  # noqa: S608
        f"SELECT {quoted}, number + {number}, {previous} FROM tables_auditevent ORDER BY number DESC LIMIT 1"
    )


def test_the_end_of_the_chain_does_not_move_back(history: None) -> None:
    refused("UPDATE tables_audithead SET number = number - 1")
    refused("UPDATE tables_audithead SET hash = 'x'")
    audit.record_many([])
    event = audit.record(actor=Actor.command(), action="export")
    assert AuditHead.objects.get().hash == event.hash


def test_no_text_gets_between_the_entries_later(history: None) -> None:
    passage = FilePassage.objects.first()
    assert passage is not None
    passage.pk, passage.position, passage._state.adding = None, 999, True
    with pytest.raises(DatabaseError, match="a change only"), transaction.atomic():
        passage.save()


def test_every_guard_stands_once_all_migrations_are_done(db: None) -> None:
    """A migration that makes a table anew takes its triggers away: it must install them again."""
    look = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if not SQLITE:
        look = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(look)
        standing = {name for (name,) in cursor.fetchall()}
    guards = {name for name, _table in append_only.names(connection.vendor)}
    assert guards | index.trigger_names(connection.vendor) == standing
