"""What the database refuses beside the append-only tables: to alter what was applied, and to bend the chain of events.

Each guard is one condition on the row as it was (``OLD``) and as it would be (``NEW``), in SQL that both databases
understand. SQLite's ``OR REPLACE`` deletes rows without their triggers' knowing, so there the row that would go is
looked for before anything is written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: The table that came last of those that the guards look at: before it they cannot stand.
NEEDED = "tables_passagechange"


#: A column of the row itself in a condition.
_COLUMN = re.compile(r'\b(?:OLD|NEW)\."?(\w+)')


@dataclass(frozen=True, slots=True)
class Guard:
    """One refusal. ``unless_alike``: the columns that may differ; where it is given any other difference is refused."""

    name: str
    table: str
    event: str
    message: str
    condition: str = ""
    unless_alike: frozenset[str] | None = None
    only_on: str = ""
    #: Asks the tables, which PostgreSQL lets a function do but not the condition of a trigger.
    asks: bool = False


#: Of a request that is applied nothing of this changes any more: what was approved, by whom it was made, and why.
FROZEN = (
    "id",
    "cluster_id",
    "kind",
    "state",
    "author_id",
    "author_name",
    "submitter_id",
    "reason",
    "checksum",
    "risks",
    "asked",
    "policy_version",
    "undoes_id",
    "ticket",
)

_APPLIED = "what was applied cannot be altered or deleted"
_DECIDED = "a request that was applied cannot be altered, and only a draft can be deleted"
_REMARK = "a remark can be resolved once, and not be altered or deleted"
_CHAIN = "the history is append-only: an event follows the last one"
_END = "the end of the chain only moves on"
_BETWEEN = "text between entries comes and goes with a baseline or a change only, and cannot be altered"

#: What a row of the same place in the change log, or with the same key in a request, would push out of the way.
_PUSHED_OUT = (
    "EXISTS (SELECT 1 FROM tables_change WHERE number IS NOT NULL AND (id = NEW.id "
    "OR (cluster_id = NEW.cluster_id AND number = NEW.number) "
    'OR (request_id = NEW.request_id AND "table" = NEW."table" AND key = NEW.key)){but})'
)
#: The applied change that brings a text in, or takes it away.
_CHANGED = (
    "EXISTS (SELECT 1 FROM tables_passagechange AS change WHERE change.cluster_id = NEW.cluster_id "
    'AND change."table" = NEW."table" AND change.position = NEW.position '
    'AND change.number = {0} AND change."{1}" = NEW.text)'
)
_BEGUN = "EXISTS (SELECT 1 FROM tables_cluster WHERE id = NEW.cluster_id AND last_change > 0)"
_LAST = (
    "COALESCE((SELECT {0} FROM tables_auditevent ORDER BY number DESC LIMIT 1), "
    "(SELECT {0} FROM tables_audithead WHERE id = 1), {1})"
)

GUARDS = (
    # --- the change log ---
    Guard("tables_change_born_unnumbered", "tables_change", "insert", _APPLIED, "NEW.number IS NOT NULL"),
    Guard(
        "tables_change_applied_once",
        "tables_change",
        "update",
        _APPLIED,
        "OLD.number IS NULL AND NEW.number IS NOT NULL",
        frozenset({"number", "applied_at", "alone", "holds"}),
    ),
    Guard(
        "tables_change_stays",
        "tables_change",
        "update",
        _APPLIED,
        "OLD.number IS NOT NULL",
        # Keys are let go when the changes get their numbers; requests of before did so afterwards.
        frozenset({"holds"}),
    ),
    Guard("tables_change_no_delete", "tables_change", "delete", _APPLIED, "OLD.number IS NOT NULL"),
    Guard("tables_change_no_truncate", "tables_change", "truncate", _APPLIED),
    Guard(
        "tables_change_no_replace",
        "tables_change",
        "insert",
        _APPLIED,
        _PUSHED_OUT.format(but=""),
        only_on="sqlite",
        asks=True,
    ),
    Guard(
        "tables_change_no_push",
        "tables_change",
        "update",
        _APPLIED,
        _PUSHED_OUT.format(but=" AND id <> OLD.id"),
        only_on="sqlite",
        asks=True,
    ),
    # --- requests ---
    Guard(
        "tables_changerequest_stays",
        "tables_changerequest",
        "update",
        _DECIDED,
        f"OLD.state = 'applied' AND ({' OR '.join(f'OLD.{name} IS DISTINCT FROM NEW.{name}' for name in FROZEN)})",
    ),
    Guard("tables_changerequest_same_id", "tables_changerequest", "update", _DECIDED, "OLD.id <> NEW.id"),
    Guard("tables_changerequest_no_delete", "tables_changerequest", "delete", _DECIDED, "OLD.state <> 'draft'"),
    Guard("tables_changerequest_no_truncate", "tables_changerequest", "truncate", _DECIDED),
    Guard(
        "tables_changerequest_no_replace",
        "tables_changerequest",
        "insert",
        _DECIDED,
        "EXISTS (SELECT 1 FROM tables_changerequest WHERE id = NEW.id)",
        only_on="sqlite",
        asks=True,
    ),
    # --- remarks ---
    Guard(
        "tables_remark_resolved_once",
        "tables_remark",
        "update",
        _REMARK,
        "OLD.resolved_at IS NOT NULL OR OLD.parent_id IS NOT NULL",
    ),
    Guard(
        "tables_remark_stays",
        "tables_remark",
        "update",
        _REMARK,
        "1 = 1",
        frozenset({"resolved_by_id", "resolved_by_name", "resolved_at"}),
    ),
    Guard("tables_remark_no_delete", "tables_remark", "delete", _REMARK, "1 = 1"),
    Guard("tables_remark_no_truncate", "tables_remark", "truncate", _REMARK),
    Guard(
        "tables_remark_no_replace",
        "tables_remark",
        "insert",
        _REMARK,
        "EXISTS (SELECT 1 FROM tables_remark WHERE id = NEW.id)",
        only_on="sqlite",
        asks=True,
    ),
    # --- the chain ---
    Guard(
        "tables_auditevent_follows",
        "tables_auditevent",
        "insert",
        _CHAIN,
        f"NEW.number <> {_LAST.format('number', 0)} + 1 OR NEW.previous_hash <> {_LAST.format('hash', repr(''))}",
        asks=True,
    ),
    Guard(
        "tables_audithead_moves_on",
        "tables_audithead",
        "update",
        _END,
        "OLD.id <> NEW.id OR NEW.number < OLD.number OR (NEW.number = OLD.number AND NEW.hash <> OLD.hash)",
    ),
    Guard("tables_audithead_no_delete", "tables_audithead", "delete", _END, "1 = 1"),
    Guard("tables_audithead_no_truncate", "tables_audithead", "truncate", _END),
    Guard(
        "tables_audithead_no_replace",
        "tables_audithead",
        "insert",
        _END,
        "EXISTS (SELECT 1 FROM tables_audithead WHERE id = NEW.id)",
        only_on="sqlite",
        asks=True,
    ),
    # --- text between entries, which goes into a file as it is ---
    Guard(
        "tables_filepassage_at_the_start",
        "tables_filepassage",
        "insert",
        _BETWEEN,
        f"NEW.until IS NOT NULL OR (({_BEGUN} OR NEW.since <> 0) AND NOT {_CHANGED.format('NEW.since', 'after')})",
        asks=True,
    ),
    Guard(
        "tables_filepassage_no_update",
        "tables_filepassage",
        "update",
        _BETWEEN,
        f"OLD.until IS NOT NULL OR NOT {_CHANGED.format('NEW.until', 'before')}",
        asks=True,
    ),
    Guard("tables_filepassage_stays", "tables_filepassage", "update", _BETWEEN, "1 = 1", frozenset({"until"})),
    Guard("tables_filepassage_no_delete", "tables_filepassage", "delete", _BETWEEN, "1 = 1"),
    Guard("tables_filepassage_no_truncate", "tables_filepassage", "truncate", _BETWEEN),
    Guard(
        "tables_filepassage_no_replace",
        "tables_filepassage",
        "insert",
        _BETWEEN,
        "EXISTS (SELECT 1 FROM tables_filepassage WHERE id = NEW.id OR (until IS NULL "
        'AND cluster_id = NEW.cluster_id AND "table" = NEW."table" AND position = NEW.position))',
        only_on="sqlite",
        asks=True,
    ),
    Guard("tables_passagechange_unnumbered", "tables_passagechange", "insert", _APPLIED, "NEW.number IS NOT NULL"),
    Guard("tables_passagechange_once", "tables_passagechange", "update", _APPLIED, "OLD.number IS NOT NULL"),
    Guard("tables_passagechange_stays", "tables_passagechange", "update", _APPLIED, "1 = 1", frozenset({"number"})),
    Guard("tables_passagechange_no_delete", "tables_passagechange", "delete", _APPLIED, "OLD.number IS NOT NULL"),
    Guard("tables_passagechange_no_truncate", "tables_passagechange", "truncate", _APPLIED),
    Guard(
        "tables_passagechange_no_replace",
        "tables_passagechange",
        "insert",
        _APPLIED,
        "EXISTS (SELECT 1 FROM tables_passagechange WHERE id = NEW.id OR (request_id = NEW.request_id "
        'AND "table" = NEW."table" AND position = NEW.position))',
        only_on="sqlite",
        asks=True,
    ),
)

_POSTGRESQL_REFUSE = """
CREATE OR REPLACE FUNCTION mailadmin_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def triggers(vendor: str, columns: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, str]]:
    """(name, table, definition) of each on that database. ``columns``: those that each table has now."""
    for guard in GUARDS:
        there = columns.get(guard.table, ())
        if there and not set(_COLUMN.findall(guard.condition)) <= set(there):
            continue  # a later migration brings the column, and then the guard
        if guard.only_on in {"", vendor} and not (guard.event == "truncate" and vendor == "sqlite"):
            condition = _condition(guard, columns.get(guard.table, ()))
            make = _on_postgresql if vendor == "postgresql" else _on_sqlite
            yield guard.name, guard.table, make(guard, condition)


def functions() -> Iterator[str]:
    """What the triggers of PostgreSQL call."""
    yield _POSTGRESQL_REFUSE
    for guard in GUARDS:
        if guard.asks and not guard.only_on:
            yield (
                f"CREATE OR REPLACE FUNCTION mailadmin_{guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                f"BEGIN IF {guard.condition} THEN RAISE EXCEPTION '{guard.message}' "
                "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
            )


def _condition(guard: Guard, columns: Collection[str]) -> str:
    if guard.unless_alike is None:
        return guard.condition
    kept = [f'OLD."{name}" IS DISTINCT FROM NEW."{name}"' for name in columns if name not in guard.unless_alike]
    return f"{guard.condition} AND ({' OR '.join(kept) or '1 = 0'})"


def _on_postgresql(guard: Guard, condition: str) -> str:
    scope = f"BEFORE {guard.event.upper()} ON {guard.table}"
    if guard.event == "truncate":
        return f"{scope} FOR EACH STATEMENT EXECUTE FUNCTION mailadmin_refuse('{guard.message}')"
    if guard.asks:
        return f"{scope} FOR EACH ROW EXECUTE FUNCTION mailadmin_{guard.name}()"
    return f"{scope} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION mailadmin_refuse('{guard.message}')"


def _on_sqlite(guard: Guard, condition: str) -> str:
    scope = f"BEFORE {guard.event.upper()} ON {guard.table} WHEN {condition}"
    return f"{scope} BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"


def installed_columns(connection: Any, cursor: Any) -> dict[str, list[str]]:
    """The columns that each guarded table has at this point of the migrations."""
    describe = connection.introspection.get_table_description
    return {table: [column.name for column in describe(cursor, table)] for table in {guard.table for guard in GUARDS}}
