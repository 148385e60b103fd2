"""Whatever a file looks like: taken over and exported it is the same, and taking it in again changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tables import exporting, importing
from tables.actors import Actor
from tables.checking import check_cluster
from tables.entries import get_cluster
from tables.importing import MERGE, REPLACE, Outcome
from tables.models import Change
from tables.sendmail.layout import STAMP_PREFIX
from tables.sendmail.spec import Entry, Grade
from tables.sendmail.tables import TABLES
from tests.core.corpus import CORPUS, Sample

pytestmark = pytest.mark.django_db

LINES = {
    "aliases": (
        "a: root",
        "B:\troot,",
        "\tdaemon",
        "c:root \\",
        "#d: root",
        "#e: root,",
        "#\tdaemon",
        '"f.g": root',
        "A: bin",
    ),
    "relay-domains": ("a.example", "B.example c.example", " d.example # why", "e.example#f", "#g.example", "A.example"),
}
LINES["local-host-names"] = LINES["relay-domains"]
MAP = (
    "a@x.example\tb",
    "B@x.example  c \t",
    "#d@x.example\te",
    "a@x.example z",
    "caf\xe9@x.example\tf",
    " g@x.example h",
)
COMMON = ("", "# text", "#", "# a: b", "#text\tb", "#\ttabs", "   ", "# caf\xe9")


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A table and a file for it, with whatever twenty years leave: BOM, CRLF, Latin-1, no final line end."""
    table = draw(st.sampled_from(list(TABLES)))
    lines = draw(st.lists(st.sampled_from(COMMON + LINES.get(table, MAP)), max_size=10))
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    bom = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf"]))
    return table, bom + text.encode(draw(st.sampled_from(["latin-1", "utf-8"])))


@contextmanager
def taken_over(table: str, path: Path, data: bytes) -> Iterator[Outcome]:
    """A cluster that holds this file, for a moment."""
    with transaction.atomic():
        path.write_bytes(data)
        yield importing.baseline(cluster=get_cluster(), actor=Actor.command(), files={table: path})
        transaction.set_rollback(True)


def whole(outcome: Outcome) -> bool:
    """Whether no line had to be switched off: none is refused, and none has the key of another."""
    (report,) = outcome.reports
    return not any(problem.grade is Grade.ERROR or "duplicate" in problem.rule for problem in report.problems)


def exported(table: str) -> bytes:
    cluster = get_cluster()
    return b"".join(exporting.content(cluster=cluster, table=TABLES[table], change_number=cluster.last_change))


def taken_in(table: str, path: Path, data: bytes, mode: str) -> Outcome:
    path.write_bytes(data)
    return importing.request_import(cluster=get_cluster(), actor=Actor.command(), files={table: path}, mode=mode)


def lines_of(table: str, path: Path) -> dict[str, int]:
    found = importing.read_file(TABLES[table], path, importing.local_names({table: path}))
    return {parsed.item.key: parsed.line for parsed in found if isinstance(parsed.item, Entry)}


#: What a database can spoil, such as a byte that it does not take, few files show.
FILES = {"sqlite": 80, "postgresql": 25}
QUICK = settings(
    max_examples=FILES[connection.vendor],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(file=files())
def test_a_file_without_errors_is_exported_as_it_was(tmp_path: Path, file: tuple[str, bytes]) -> None:
    table, data = file
    with taken_over(table, tmp_path / "file", data) as outcome:
        if whole(outcome):
            assert exported(table) == data


@QUICK
@given(file=files(), mode=st.sampled_from([MERGE, REPLACE]))
def test_taking_the_same_file_in_again_changes_nothing(tmp_path: Path, file: tuple[str, bytes], mode: str) -> None:
    table, data = file
    with taken_over(table, tmp_path / "file", data) as outcome:
        if not outcome.reports[0].entries:
            return
        written = exported(table)
        stamped = f"{STAMP_PREFIX}7\n".encode() + written
        for again in (data, written, stamped) if whole(outcome) else (data,):
            assert taken_in(table, tmp_path / "file", again, mode).request is None
        assert exported(table) == written


@QUICK
@given(file=files())
def test_a_problem_bears_the_line_that_the_export_has(tmp_path: Path, file: tuple[str, bytes]) -> None:
    table, data = file
    with taken_over(table, tmp_path / "file", data):
        findings = [found for found in check_cluster(get_cluster()) if found.table == table and found.problem.line]
        path = tmp_path / "out"
        path.write_bytes(exported(table))
        there = lines_of(table, path)
        assert [(found.key, found.problem.line) for found in findings] == [
            (found.key, there[found.key]) for found in findings
        ]


@pytest.mark.parametrize("sample", [sample for sample in CORPUS if sample.accepted], ids=str)
def test_a_real_file_is_taken_over_and_exported_as_it_was(tmp_path: Path, sample: Sample) -> None:
    data = sample.path.read_bytes()
    with taken_over(sample.table, tmp_path / "file", data):
        assert exported(sample.table) == data


def test_a_replacing_import_deletes_what_the_file_lacks_and_leaves_every_other_line(tmp_path: Path) -> None:
    before = b"# head\n\na: root\n# list\nB:\troot,\n\tdaemon\n\n# gone soon\nc:  root\n#d: root\n\ne :root"
    with taken_over("aliases", tmp_path / "file", before):
        after = before.replace(b"# gone soon\nc:  root\n", b"")
        outcome = taken_in("aliases", tmp_path / "file", after, REPLACE)
        assert outcome.request is not None
        assert [(change.action, change.key) for change in Change.objects.filter(request=outcome.request)] == [
            (Change.Action.DELETE, "c")
        ]
        assert exported("aliases") == after
        assert taken_in("aliases", tmp_path / "file", after, REPLACE).request is None
