"""The database refuses to alter or delete audit events, reviews, contributors, releases, policies and original files,
and a review by an author. What else it refuses is in :mod:`tables.guards`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tables import guards

TABLES = (
    "tables_auditevent",
    "tables_review",
    "tables_contributor",
    "tables_release",
    "tables_originalfile",
    "tables_originalpart",
    "tables_policyversion",
    "tables_policychange",
    "tables_auditarchive",
)

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION mailadmin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION mailadmin_glass_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_by_id IN (%(authors)s) THEN
        RAISE EXCEPTION 'an author cannot review' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION mailadmin_review_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reviewer_id IN (%(authors)s) THEN
        RAISE EXCEPTION 'an author cannot review' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

#: Everybody who made, edited or submitted any of the request that a new review is about.
_AUTHORS = (
    "SELECT author_id FROM tables_changerequest WHERE id = NEW.request_id AND author_id IS NOT NULL "
    "UNION SELECT submitter_id FROM tables_changerequest WHERE id = NEW.request_id AND submitter_id IS NOT NULL "
    "UNION SELECT author_id FROM tables_change WHERE request_id = NEW.request_id AND author_id IS NOT NULL "
    "UNION SELECT person_id FROM tables_contributor WHERE request_id = NEW.request_id"
)

#: SQLite's INSERT OR REPLACE deletes without a trigger's knowing: what makes a new row the same as one that stands.
_SAME = {
    "tables_auditevent": "id = NEW.id OR number = NEW.number",
    "tables_review": "id = NEW.id OR (request_id = NEW.request_id AND reviewer_id = NEW.reviewer_id "
    "AND checksum = NEW.checksum AND turn = NEW.turn)",
    "tables_contributor": "id = NEW.id OR (request_id = NEW.request_id AND person_id = NEW.person_id)",
    "tables_release": "id = NEW.id OR (cluster_id = NEW.cluster_id AND number = NEW.number)",
    "tables_originalfile": 'id = NEW.id OR (request_id = NEW.request_id AND "table" = NEW."table")',
    "tables_originalpart": "id = NEW.id OR (file_id = NEW.file_id AND number = NEW.number)",
    "tables_policyversion": "id = NEW.id OR request_id = NEW.request_id "
    "OR (cluster_id = NEW.cluster_id AND number = NEW.number)",
    "tables_policychange": "id = NEW.id OR request_id = NEW.request_id",
    "tables_auditarchive": "id = NEW.id OR first_number = NEW.first_number",
}


#: Tables without which a trigger cannot stand yet: it asks them, or columns that came with them.
_NEEDED = {
    "tables_review_by_another": ("tables_contributor",),
    "tables_review_no_replace": ("tables_contributor",),
}


def install(connection: Any, *, only: str = "") -> None:
    """Make the database refuse. Does nothing where that is so already.

    A migration does it for the tables that there are by then. ``only`` names one table that had it before.
    """
    postgresql = connection.vendor == "postgresql"
    create = "CREATE OR REPLACE TRIGGER" if postgresql else "CREATE TRIGGER IF NOT EXISTS"
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        guarded = guards.NEEDED in present
        columns = guards.installed_columns(connection, cursor) if guarded else {}
        if postgresql and not only:
            cursor.execute(_POSTGRESQL.replace("%(authors)s", _AUTHORS))
            for function in guards.functions() if guarded else ():
                cursor.execute(function)
        for name, table, statement in _triggers(connection.vendor, columns):
            if {table, *_NEEDED.get(name, ())} <= present and only in {"", table}:
                cursor.execute(f"{create} {name} {statement}")


def remove(connection: Any, *, only: str = "") -> None:
    """Take the triggers away, as only archiving, a migration, a test or a restore by the database's owner may.

    ``only`` names one table. Undone when the surrounding transaction is rolled back.
    """
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for name, table in names(connection.vendor):
            if table not in present or (only and table != only):
                continue
            suffix = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")


def hold(_apps: Any, editor: Any) -> None:
    """A step of a migration: the triggers stand, for the tables that there are by then."""
    install(editor.connection)


def let_go(_apps: Any, editor: Any) -> None:
    """A step of a migration: SQLite makes tables anew, with which their triggers would go, or stand in the way."""
    remove(editor.connection)


def names(vendor: str) -> list[tuple[str, str]]:
    """(name, table) of every trigger that stands once all migrations are done."""
    return [(name, table) for name, table, _statement in _triggers(vendor, {guards.NEEDED: ()})]


def _triggers(vendor: str, columns: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, str]]:
    """(name, table, definition) of each; of the guards only where it is known which columns there are."""
    yield from _POSTGRESQL_TRIGGERS if vendor == "postgresql" else _SQLITE_TRIGGERS
    if columns:
        yield from guards.triggers(vendor, columns)


def _refusal(condition: str, message: str) -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{message}') WHERE {condition}; END"


def _stands(table: str, same: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  our own names


_POSTGRESQL_TRIGGERS = [
    (
        f"{table}_no_{event}",
        table,
        f"BEFORE {event.upper()} ON {table} FOR EACH {scope} EXECUTE FUNCTION mailadmin_append_only()",
    )
    for table in TABLES
    for event, scope in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT"))
]
_POSTGRESQL_TRIGGERS.append(
    (
        "tables_review_by_another",
        "tables_review",
        "BEFORE INSERT ON tables_review FOR EACH ROW EXECUTE FUNCTION mailadmin_review_by_another()",
    )
)

_SQLITE_TRIGGERS = [
    (f"{table}_no_{event}", table, f"BEFORE {event.upper()} ON {table} {_refusal('1', f'{table} is append-only')}")
    for table in TABLES
    for event in ("update", "delete")
]
_SQLITE_TRIGGERS += [
    (
        f"{table}_no_replace",
        table,
        f"BEFORE INSERT ON {table} {_refusal(_stands(table, same), f'{table} is append-only')}",
    )
    for table, same in _SAME.items()
]
#: Broken glass is born open and may be closed once, by a second person; all else that is said of it stays.
_GLASS = "tables_brokenglass"
_GLASS_KEEPS = ("id", "request_id", "person_id", "person_name", "reason", "checksum", "at", "due_at")
_GLASS_ALTERED = "OLD.closed_at IS NOT NULL OR " + " OR ".join(
    f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _GLASS_KEEPS
)
_GLASS_REFUSED = (
    ("born_open", "INSERT", "NEW.closed_at IS NOT NULL OR NEW.closed_by_id IS NOT NULL"),
    ("no_update", "UPDATE", _GLASS_ALTERED),
    ("no_delete", "DELETE", "1 = 1"),
)
_SQLITE_TRIGGERS += [
    (
        f"{_GLASS}_{name}",
        _GLASS,
        f"BEFORE {event} ON {_GLASS} "
        + _refusal(condition.replace("IS DISTINCT FROM", "IS NOT"), f"{_GLASS} is append-only"),
    )
    for name, event, condition in (
        *_GLASS_REFUSED,
        ("no_replace", "INSERT", _stands(_GLASS, "id = NEW.id OR request_id = NEW.request_id")),
    )
]
_SQLITE_TRIGGERS.append(
    (
        f"{_GLASS}_by_another",
        _GLASS,
        f"BEFORE UPDATE ON {_GLASS} " + _refusal(f"NEW.closed_by_id IN ({_AUTHORS})", "an author cannot review"),
    )
)
_POSTGRESQL_TRIGGERS += [
    (
        f"{_GLASS}_{name}",
        _GLASS,
        f"BEFORE {event} ON {_GLASS} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION mailadmin_append_only()",
    )
    for name, event, condition in _GLASS_REFUSED
]
_POSTGRESQL_TRIGGERS += [
    (
        f"{_GLASS}_no_truncate",
        _GLASS,
        f"BEFORE TRUNCATE ON {_GLASS} FOR EACH STATEMENT EXECUTE FUNCTION mailadmin_append_only()",
    ),
    (
        f"{_GLASS}_by_another",
        _GLASS,
        f"BEFORE UPDATE ON {_GLASS} FOR EACH ROW EXECUTE FUNCTION mailadmin_glass_by_another()",
    ),
]
_SQLITE_TRIGGERS.append(
    (
        "tables_review_by_another",
        "tables_review",
        "BEFORE INSERT ON tables_review " + _refusal(f"NEW.reviewer_id IN ({_AUTHORS})", "an author cannot review"),
    )
)
