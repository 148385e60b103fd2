"""The index of the words in the tables: kept by the database itself, by triggers on the tables of entries.

On SQLite an FTS5 table with the tokenizer ``trigram``, on PostgreSQL pg_trgm's trigrams in an array under a GIN index.
It only says in which documents (:mod:`tables.searching.places`) to look; whether an entry is meant is for the entry to
say. So it may say too much, but never too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tables.searching.places import CLUSTER, document, first_position, shift
from tables.searching.trigrams import FOLDED
from tables.sendmail.secret import AUTH_PREFIX, MARKS

#: Tables of entries, and whether a password may stand there, which the index does not hold.
TABLES = {
    "tables_alias": False,
    "tables_accessrule": True,
    "tables_virtualuser": False,
    "tables_genericaddress": False,
    "tables_mailerroute": False,
    "tables_relaydomain": False,
    "tables_localhostname": False,
}

#: Says to the triggers of PostgreSQL, for one transaction, that the index is made anew at its end.
_PUT_OFF = "mailadmin.index_put_off"


def words(table: str) -> str:
    return f"{table}_words"


def _text(vendor: str, row: str, hides: bool) -> str:
    """What is looked for in a row, in SQL. No word that somebody types has a line end in it."""
    value, comment = f"{row}value", f"{row}comment"
    if hides:
        comment = f"CASE WHEN {_marked(vendor, comment)} THEN '' ELSE {comment} END"
        key = f"substr({row}key, 1, {len(AUTH_PREFIX)}) = '{AUTH_PREFIX}'"
        value = f"CASE WHEN {_marked(vendor, value)} OR {key} THEN '' ELSE {value} END"
    joined = f"{row}key || chr(10) || {value} || chr(10) || {comment}"
    if vendor == "sqlite":
        return joined.replace("chr(", "char(")
    # Without the locale, in which "I" may be something else in lower case.
    return f"lower(translate({joined}, '{''.join(FOLDED)}', '{''.join(FOLDED.values())}') COLLATE \"C\")"


def _marked(vendor: str, column: str) -> str:
    folded = f'lower({column} COLLATE "C")' if vendor == "postgresql" else column
    return "(" + " OR ".join(f"{folded} LIKE '%{mark}%'" for mark in MARKS) + ")"


def _documents(vendor: str, table: str, condition: str) -> str:
    """Documents anew from their entries, in SQL: (number, what the index keeps of the text)."""
    text = _text(vendor, "x.", TABLES[table])
    joined = f"group_concat({text}, char(10))" if vendor == "sqlite" else f"string_agg({text}, chr(10))"
    kept = f"SELECT {document(vendor, 'x.')} AS number, {joined} AS text FROM {table} x WHERE {condition} GROUP BY 1"  # noqa: S608
    return kept if vendor == "sqlite" else f"SELECT number, text, show_trgm(text) FROM ({kept}) AS y"  # noqa: S608


# --- making it --------------------------------------------------------------------------------------------------------


def install(connection: Any) -> None:
    """Make the index and its triggers for all tables, and fill it."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for statement in _postgresql(table) if connection.vendor == "postgresql" else _sqlite(table):
                cursor.execute(statement)
            _fill(cursor, connection.vendor, table, "1 = 1")
            _make_triggers(cursor, connection.vendor, table)


def remove(connection: Any) -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            _drop_triggers(cursor, connection.vendor, table)
            cursor.execute(f"DROP TABLE IF EXISTS {words(table)}")
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP FUNCTION IF EXISTS {words(table)}_found, {words(table)}_follow")


def _sqlite(table: str) -> Iterator[str]:
    yield (f"CREATE VIRTUAL TABLE {words(table)} USING fts5(text, tokenize = 'trigram', detail = none, columnsize = 0)")
    yield from without_merging(table)


def without_merging(table: str) -> Iterator[str]:
    """SQLite puts parts of an index together in bursts of 30 ms, within whatever writes: :func:`merge` does it beside.

    More than 15 parts of a size it still joins by itself.
    """
    yield f"INSERT INTO {words(table)}({words(table)}, rank) VALUES ('automerge', 0)"  # noqa: S608  our own names


def _postgresql(table: str) -> Iterator[str]:
    name = words(table)
    yield f'CREATE TABLE {name} (document bigint PRIMARY KEY, text text COLLATE "C", trigrams text[] COLLATE "C")'
    # The long columns elsewhere: a common word is in all documents, of which only the numbers are read.
    yield f"ALTER TABLE {name} SET (toast_tuple_target = 128)"
    yield f"ALTER TABLE {name} ALTER COLUMN trigrams SET STORAGE EXTERNAL, ALTER COLUMN text SET STORAGE EXTERNAL"
    yield _index(table)
    # A function, for its setting: the planner counts rows and not the arrays that it would have to fetch for them.
    # "+ 0": by the numbers it would read the arrays as well.
    yield f"""
CREATE OR REPLACE FUNCTION {name}_found(
    wanted text[], patterns text[], first bigint, after bigint, backwards boolean, most integer
) RETURNS TABLE (number bigint, has boolean)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY SELECT d.document, (SELECT w.text FROM {name} w WHERE w.document = d.document) LIKE ALL (patterns)
        FROM (
            SELECT x.document FROM {name} x
            WHERE x.trigrams @> wanted AND x.document + 0 >= first AND x.document + 0 < after
            ORDER BY CASE WHEN backwards THEN -x.document ELSE x.document END LIMIT most
        ) AS d;
END $$"""  # noqa: S608  our own names
    changed = ", ".join(f"n.{column}" for column in ("cluster_id", "key", "value", "comment", "position"))
    yield f"""
CREATE OR REPLACE FUNCTION {name}_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched bigint[];
BEGIN
    IF current_setting('{_PUT_OFF}', true) = 'on' THEN
        RETURN NULL;
    ELSIF TG_OP = 'TRUNCATE' THEN
        DELETE FROM {name};
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT {document("postgresql", "n.")} FROM now_there n);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT {document("postgresql", "o.")} FROM was_there o);
    ELSE
        touched := ARRAY(
            SELECT {document("postgresql", "n.")} FROM now_there n JOIN was_there o USING (id)
            WHERE ({changed}) IS DISTINCT FROM ({changed.replace("n.", "o.")})
            UNION SELECT {document("postgresql", "o.")} FROM now_there n JOIN was_there o USING (id)
            WHERE ({changed}) IS DISTINCT FROM ({changed.replace("n.", "o.")}));
    END IF;
    DELETE FROM {name} WHERE document = ANY(touched);
    INSERT INTO {name} SELECT found.* FROM unnest(touched) AS number CROSS JOIN LATERAL (
        {_documents("postgresql", table, _of_document("postgresql", "number", "number >> " + str(CLUSTER)))}
    ) AS found;
    RETURN NULL;
END $$"""  # noqa: S608  our own names


def _index(table: str) -> str:
    # Without a list of what is still to be put in order: each search would read that.
    return f"CREATE INDEX {words(table)}_trigrams ON {words(table)} USING gin (trigrams) WITH (fastupdate = off)"


def _of_document(vendor: str, number: str, cluster: str) -> str:
    first = first_position(vendor, number)
    return (
        f"x.cluster_id = {cluster} AND x.position >= {first} AND x.position < {first} + {1 << shift(vendor)} "
        f"AND {document(vendor, 'x.')} = {number}"
    )


# --- keeping it -------------------------------------------------------------------------------------------------------


def _make_triggers(cursor: Any, vendor: str, table: str) -> None:
    for name, definition in _triggers(vendor, table):
        cursor.execute(f"CREATE TRIGGER {name} {definition}")


def _drop_triggers(cursor: Any, vendor: str, table: str) -> None:
    for name, _definition in _triggers(vendor, table):
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else ""))


def _triggers(vendor: str, table: str) -> Iterator[tuple[str, str]]:
    if vendor == "postgresql":
        rows = {
            "insert": "REFERENCING NEW TABLE AS now_there",
            "update": "REFERENCING NEW TABLE AS now_there OLD TABLE AS was_there",
            "delete": "REFERENCING OLD TABLE AS was_there",
            "truncate": "",
        }
        for event, given in rows.items():
            does = f"FOR EACH STATEMENT EXECUTE FUNCTION {words(table)}_follow()"
            yield f"{words(table)}_{event}", f"AFTER {event.upper()} ON {table} {given} {does}"
        return
    columns = ("cluster_id", "key", "value", "comment", "position")
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    new, old = _anew(table, "NEW."), _anew(table, "OLD.")
    yield f"{words(table)}_insert", f"AFTER INSERT ON {table} BEGIN {new} END"
    yield f"{words(table)}_delete", f"AFTER DELETE ON {table} BEGIN {old} END"
    of = ", ".join(columns)
    yield f"{words(table)}_update", f"AFTER UPDATE OF {of} ON {table} WHEN {differs} BEGIN {old} {new} END"


def trigger_names(vendor: str) -> set[str]:
    return {name for table in TABLES for name, _definition in _triggers(vendor, table)}


def _anew(table: str, row: str) -> str:
    """The document of a row as the table has it now."""
    number = document("sqlite", row)
    made = _documents("sqlite", table, _of_document("sqlite", number, f"{row}cluster_id"))
    return f"DELETE FROM {words(table)} WHERE rowid = {number}; INSERT INTO {words(table)}(rowid, text) {made};"  # noqa: S608


# --- many rows at once ------------------------------------------------------------------------------------------------


@contextmanager
def put_off(connection: Any, *, table: str, cluster: int) -> Iterator[None]:
    """Leave the index alone while many rows of a cluster come or go, and make its part anew at the end.

    Within a transaction, which takes everything back when this fails.
    """
    with left_alone(connection, table=table):
        yield
    make_anew(connection, table=table, cluster=cluster)


@contextmanager
def left_alone(connection: Any, *, table: str) -> Iterator[None]:
    """The same, and it is for somebody else to make its part anew."""
    vendor = connection.vendor
    with connection.cursor() as cursor:
        if vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'on', true)", [_PUT_OFF])
        else:
            _drop_triggers(cursor, vendor, table)
        yield
        if vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'off', true)", [_PUT_OFF])
        else:
            _make_triggers(cursor, vendor, table)


def make_anew(connection: Any, *, table: str, cluster: int) -> None:
    """The part of one cluster. The triggers may be there: nothing here writes into the table of entries."""
    with connection.cursor() as cursor:
        _make_anew(cursor, connection.vendor, table, cluster)


def _make_anew(cursor: Any, vendor: str, table: str, cluster: int) -> None:
    column = "rowid" if vendor == "sqlite" else "document"
    bounds = [cluster << CLUSTER, (cluster + 1) << CLUSTER]
    cursor.execute(f"DELETE FROM {words(table)} WHERE {column} >= %s AND {column} < %s", bounds)  # noqa: S608
    _fill(cursor, vendor, table, f"x.cluster_id = {int(cluster)}")


def _fill(cursor: Any, vendor: str, table: str, condition: str) -> None:
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {words(table)})")  # noqa: S608
    # Measured at a million entries: into the index 40 s or more, and making it over them 4 s.
    whole = vendor == "postgresql" and not cursor.fetchone()[0]
    if whole:
        cursor.execute(f"DROP INDEX {words(table)}_trigrams")
        cursor.execute("SELECT set_config('work_mem', '64MB', true)")
    columns = "(rowid, text)" if vendor == "sqlite" else "(document, text, trigrams)"
    cursor.execute(f"INSERT INTO {words(table)}{columns} {_documents(vendor, table, condition)} ORDER BY 1")
    if whole:
        cursor.execute(_index(table))


def merge(connection: Any, *, table: str, pages: int) -> bool:
    """On SQLite: put parts of an index together, and write about so many pages; false when there is nothing to do."""
    with connection.cursor() as cursor:
        before = connection.connection.total_changes
        cursor.execute(f"INSERT INTO {words(table)}({words(table)}, rank) VALUES ('merge', %s)", [pages])  # noqa: S608
        return bool(connection.connection.total_changes - before >= 2)


# --- asking it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: trigrams that a text has, and patterns (of LIKE, with backslashes) of all of it."""

    wanted: Sequence[str]
    patterns: Sequence[str]


def documents_with(
    connection: Any, *, table: str, asked: Asked, within: tuple[int, int], backwards: bool, most: int
) -> list[tuple[int, bool]]:
    """Numbers of the documents that have all of the trigrams, in the order of the file or against it, and whether
    they have the patterns, too."""
    name = words(table)
    if connection.vendor == "postgresql":
        statement = f"SELECT * FROM {name}_found(%s::text[], %s::text[], %s::bigint, %s::bigint, %s, %s)"  # noqa: S608
        parameters = [list(asked.wanted), list(asked.patterns), *within, backwards, most]
    else:
        order = "DESC" if backwards else "ASC"
        has = " AND ".join(["text LIKE %s ESCAPE '\\'"] * len(asked.patterns)) or "1"
        statement = (
            f"SELECT rowid, {has} FROM {name} WHERE {name} MATCH %s AND rowid >= %s AND rowid < %s "  # noqa: S608
            f"ORDER BY rowid {order} LIMIT %s"
        )
        match = " AND ".join('"' + part.replace('"', '""') + '"' for part in asked.wanted)
        parameters = [*asked.patterns, match, *within, most]
    return _numbered(connection, statement, parameters)


def documents_near(
    connection: Any, *, table: str, asked: Asked, within: tuple[int, int], backwards: bool, most: int
) -> list[tuple[int, bool]]:
    """The first documents, whatever they have: their numbers, and whether they have the patterns. Without the index."""
    postgresql, order = connection.vendor == "postgresql", "DESC" if backwards else "ASC"
    column, like = ("document", "LIKE %s") if postgresql else ("rowid", "LIKE %s ESCAPE '\\'")
    has = " AND ".join([f"text {like}"] * len(asked.patterns)) or "1 = 1"
    statement = (
        f"SELECT {column}, {has} FROM {words(table)} WHERE {column} >= %s AND {column} < %s "  # noqa: S608
        f"ORDER BY {column} {order} LIMIT %s"
    )
    return _numbered(connection, statement, [*asked.patterns, *within, most])


def _numbered(connection: Any, statement: str, parameters: Sequence[Any]) -> list[tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [(number, bool(has)) for number, has in cursor.fetchall()]
