"""Every verified case goes through the core: what sendmail stores is what we keep, and what misleads is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

import pytest

from tables.sendmail.lint import Context, lint
from tables.sendmail.parse import read_table
from tables.sendmail.render import map_pair
from tables.sendmail.spec import Entry, Grade, Parsed, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tests.core.cases import CASES, MORE_CASES, Case

#: makemap's grammar alone, for the cases that no one of the seven tables owns.
MAP = replace(TABLES["virtusertable"], name="map", check_key=lambda _key: [], check_value=lambda _key, _value: [])

#: The host on which the cases were tried.
HOST = "mx.test.example"
CONTEXT = Context(
    users=frozenset(("root", "daemon", "bin", "mail")),
    local_domains=frozenset((HOST, "virt.dom", "other.dom")),
    generic_domains=frozenset(("gen.dom",)),
    aliases_required=False,
)

#: Cases that ask something which the core does not decide, with the reason.
ELSEWHERE = {
    "makemap -r hash": "the publisher never lets the last of two lines win in a map",
    "makemap -d btree": "the publisher builds no map with two values for one key",
    "makemap -f hash": "the publisher never builds a map without folding keys",
    "makemap -t= hash": "the publisher builds with blanks between key and value",
    "makemap -D; hash": "the publisher builds with # for comments",
}

#: Cases whose line newaliases stores in a way that nobody means; we refuse the line and say why.
REFUSED_BY_US = (b"<>: root",)

#: domaintable and userdb are no tables of ours: only their text, which is makemap's, is tried.
TEXT_ONLY = ("domaintable", "userdb")


def specs(case: Case) -> list[TableSpec]:
    if case.table == "class-file":
        return [TABLES["relay-domains"], TABLES["local-host-names"]]
    if case.table == "map" and case.verdict == "dangerous":
        return [TABLES[name] for name in ("access", "virtusertable", "genericstable", "mailertable")]
    return [TABLES.get(case.table, MAP)]


def read(spec: TableSpec, data: bytes) -> list[Parsed]:
    """The items of a case's file, whose last line had its line end when it was tried."""
    ended = data if data.endswith(b"\n") else data + b"\n"
    return list(read_table(spec, lambda: BytesIO(ended), local_names=frozenset((HOST,))))


def live(items: Iterable[Parsed]) -> list[Entry]:
    return [item.item for item in items if isinstance(item.item, Entry) and item.item.enabled]


def problems(spec: TableSpec, data: bytes) -> list[Problem]:
    items = read(spec, data)
    entries = live(items)
    found = [problem for item in items for problem in item.problems]
    tables = {spec.name: entries}
    return found + [finding.problem for finding in lint(lambda name: tables.get(name, []), CONTEXT)]


def of(*verdicts: str) -> list[Case]:
    return [case for case in (*CASES, *MORE_CASES) if case.verdict in verdicts and case.probe not in ELSEWHERE]


@pytest.mark.parametrize("case", of("valid"), ids=str)
def test_a_valid_line_has_no_error(case: Case) -> None:
    for spec in specs(case):
        assert [problem for problem in problems(spec, case.data) if problem.grade is Grade.ERROR] == []


@pytest.mark.parametrize("case", of("invalid"), ids=str)
def test_a_line_that_the_real_program_refuses_is_an_error(case: Case) -> None:
    for spec in specs(case):
        found = problems(spec, case.data)
        assert any(problem.grade is Grade.ERROR and problem.line for problem in found), found


@pytest.mark.parametrize("case", [case for case in of("dangerous") if case.table not in TEXT_ONLY], ids=str)
def test_a_dangerous_line_is_warned_of(case: Case) -> None:
    for spec in specs(case):
        found = problems(spec, case.data)
        assert any(problem.grade in (Grade.ERROR, Grade.WARNING) for problem in found), (spec.name, found)


@pytest.mark.parametrize(
    "case", [case for case in of("valid", "invalid", "dangerous") if case.stored is not None], ids=str
)
def test_what_is_live_is_what_the_real_program_stores(case: Case) -> None:
    for spec in specs(case):
        pairs = sorted(map_pair(spec, entry) for entry in live(read(spec, case.data)))
        assert pairs == ([] if case.data in REFUSED_BY_US else case.stored)


@pytest.mark.parametrize("case", [case for case in (*CASES, *MORE_CASES) if case.names is not None], ids=str)
def test_the_names_of_a_class_file_are_those_that_sendmail_reads(case: Case) -> None:
    for spec in specs(case):
        assert {entry.key for entry in live(read(spec, case.data))} == case.names


def test_every_case_is_tried_or_left_out_for_a_reason() -> None:
    left_out = [case for case in CASES if case.probe in ELSEWHERE]
    assert len(left_out) == len(ELSEWHERE)
    assert {case.verdict for case in CASES} == {"valid", "invalid", "dangerous"}
    assert len(CASES) > 290
    assert len(MORE_CASES) > 150
