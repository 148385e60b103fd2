"""The database refuses to alter or delete audit events, reviews, contributors and original files, and a review by an
author."""

from collections.abc import Iterator
from typing import Any

TABLES = (
    "tables_auditevent",
    "tables_review",
    "tables_contributor",
    "tables_originalfile",
    "tables_originalpart",
    "tables_auditarchive",
)

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION mailadmin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
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
    "tables_originalfile": 'id = NEW.id OR (request_id = NEW.request_id AND "table" = NEW."table")',
    "tables_originalpart": "id = NEW.id OR (file_id = NEW.file_id AND number = NEW.number)",
    "tables_auditarchive": "id = NEW.id OR first_number = NEW.first_number",
}


#: Tables without which a trigger cannot stand yet: it asks them, or columns that came with them.
_NEEDED = {
    "tables_review_by_another": ("tables_contributor",),
    "tables_review_no_replace": ("tables_contributor",),
}


def install(connection: Any) -> None:
    """Make UPDATE and DELETE on the tables fail. Does nothing where that is so already.

    A migration does it for the tables that there are by then.
    """
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if postgresql:
            cursor.execute(_POSTGRESQL.replace("%(authors)s", _AUTHORS))
        for name, table, statement in _triggers(connection.vendor):
            if not {table, *_NEEDED.get(name, ())} <= present:
                continue
            if postgresql:
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {statement}")
            else:
                cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {statement}")


def remove(connection: Any, *, only: str = "") -> None:
    """Take the triggers away, as only archiving, a migration, a test or a restore by the database's owner may.

    ``only`` names one table. Undone when the surrounding transaction is rolled back.
    """
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for name, table, _statement in _triggers(connection.vendor):
            if table not in present or (only and table != only):
                continue
            suffix = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")


def _triggers(vendor: str) -> Iterator[tuple[str, str, str]]:
    """(name, table, definition) of each."""
    yield from _POSTGRESQL_TRIGGERS if vendor == "postgresql" else _SQLITE_TRIGGERS


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
_SQLITE_TRIGGERS.append(
    (
        "tables_review_by_another",
        "tables_review",
        "BEFORE INSERT ON tables_review " + _refusal(f"NEW.reviewer_id IN ({_AUTHORS})", "an author cannot review"),
    )
)
