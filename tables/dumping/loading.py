"""A new installation out of a dump: all of it, proven, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Model

from tables import append_only, audit, bulk
from tables.actors import Actor
from tables.dumping import manifest, proving
from tables.dumping.manifest import Manifest, Part
from tables.dumping.parts import columns, models
from tables.dumping.reading import Dump, check, opened
from tables.dumping.sequences import go_on
from tables.dumping.values import Turn, inward
from tables.errors import ChangeError
from tables.models import ENTRY_MODELS, Cluster
from tables.searching import gaps, index
from tables.sendmail.tables import TABLES
from tables.unindexed import unindexed
from tables.verifying import verify

#: Rows from which on indexes are built after them.
MANY = 10_000


def inspect(path: Path) -> Manifest:
    """Whether it could be loaded here, without writing anything."""
    found = check(path)
    _refuse_hidden(found)
    _refuse_other_version(found)
    _refuse_filled()
    return found


@transaction.atomic
def load(*, path: Path, actor: Actor) -> Manifest:
    """Fill this empty installation. What does not hold afterwards takes everything back."""
    found = inspect(path)
    append_only.remove(connection)
    with opened(path) as dump:
        if dump.manifest.digest != found.digest:
            raise ChangeError(f"{path} was exchanged while it was read. Begin again.")
        for model, part in zip(models(), found.parts, strict=True):
            with _fitting(part.model):
                _fill(model, part, dump)
    with _fitting("what points at something"):
        connection.check_constraints()
    append_only.install(connection)
    _index()
    _refuse_unproven(found)
    audit.record(actor=actor, action="dump-loaded", detail={"digest": found.digest, "made at": found.made_at})
    return found


def _refuse_hidden(found: Manifest) -> None:
    if found.hidden:
        raise ChangeError(
            f"Passwords are hidden in {found.hidden} rows of the dump: it is for reading, for neither the history nor "
            "the tables can be proven by it. Load one that was made without --without-secrets."
        )


def _refuse_other_version(found: Manifest) -> None:
    here = set(manifest.migrations())
    if newer := set(found.migrations) - here:
        raise ChangeError(
            f"The dump is of a newer version, {found.version}: {len(newer)} migrations are not here ({min(newer)}). "
            "Install that version, and load there."
        )
    if older := here - set(found.migrations):
        raise ChangeError(
            f"The dump is of an older version, {found.version}: it lacks {len(older)} migrations ({min(older)}). "
            "Load it with the version that it is of, and then run manage.py migrate."
        )
    told = [(part.model, part.columns) for part in found.parts]
    known = [(model._meta.label, [field.attname for field in columns(model)]) for model in models()]
    if told != known:
        raise ChangeError("The dump has other tables or columns than this version. Load it with the version it is of.")


def _refuse_filled() -> None:
    filled = [model._meta.verbose_name_plural for model in models() if model._default_manager.exists()]
    if filled:
        raise ChangeError(
            f"This database is not empty: it holds {filled[0]} and {len(filled) - 1} other kinds of things. "
            "Name a new one in MAILADMIN_DATABASE_URL, and run only manage.py migrate before."
        )


@contextmanager
def _fitting(what: str) -> Iterator[None]:
    """Whoever makes a dump by hand can give it the right digests, and any value at all."""
    try:
        with connection.wrap_database_errors:
            yield
    except (IntegrityError, DataError, ProgrammingError, ValueError, TypeError, AttributeError) as error:
        raise ChangeError(
            f"The dump holds what no installation has: {what} does not fit into the database. "
            "Nothing was kept; take a file that manage.py dump wrote."
        ) from error


def _fill(model: type[Model], part: Part, dump: Dump) -> None:
    fields = columns(model)
    names = [field.column or field.attname for field in fields]
    # Before the rows flow: these ask the database, which hears nothing else while it takes rows.
    turns = [(place, turn) for place, field in enumerate(fields) if (turn := inward(field))]
    rows: Iterable[tuple[Any, ...]] = _values(turns, dump.rows(part))
    if hasattr(model, "password") and "password" not in names:
        names.append("password")
        rows = ((*row, make_password(None)) for row in rows)
    with ExitStack() as stack:
        if model in ENTRY_MODELS.values():
            stack.enter_context(index.left_alone(connection, table=model._meta.db_table))
        if part.rows >= MANY:
            stack.enter_context(unindexed(model))
        bulk.insert(model=model, columns=names, rows=rows)
    go_on(model, part.last_id)


def _values(turns: list[tuple[int, Turn]], rows: Iterable[list[Any]]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        for place, turn in turns:
            if row[place] is not None:
                row[place] = turn(row[place])
        yield tuple(row)


def _index() -> None:
    for cluster in Cluster.objects.all():
        for name, model in ENTRY_MODELS.items():
            count = model._default_manager.filter(cluster=cluster).count()
            gaps.settle(cluster=cluster, table=TABLES[name], count=count)
    gaps.close_all()


def _refuse_unproven(found: Manifest) -> None:
    states, _releases = proving.states()
    differing = [name for name, state in found.states.items() if states.get(name) != state]
    if differing:
        raise ChangeError(
            f"{len(differing)} tables are not what they were, first {differing[0]} (cluster, table, change). "
            "Nothing was kept; make the dump anew."
        )
    if finding := next(verify(), None):
        raise ChangeError(
            f"The history does not hold: {finding.subject}: {finding.message} Nothing was kept. "
            "See manage.py audit_verify where the dump was made."
        )
