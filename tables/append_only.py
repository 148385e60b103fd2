"""The database itself refuses to alter or delete what must stay: audit events and reviews."""

from typing import Any

TABLES = ("tables_auditevent", "tables_review")

_POSTGRESQL = """
CREATE OR REPLACE FUNCTION mailadmin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def install(connection: Any) -> None:
    """Make UPDATE and DELETE on the tables fail. Does nothing where that is so already."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL)
        for table in TABLES:
            for statement in _statements(connection.vendor, table):
                cursor.execute(statement)


def remove(connection: Any) -> None:
    """Take the triggers away, as only a test or a restore by the database's owner may."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for event in ("update", "delete"):
                suffix = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{suffix}")


def _statements(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION mailadmin_append_only()"
            for event in ("update", "delete")
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{event} BEFORE {event.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for event in ("update", "delete")
    ]
