"""What a plan counts, when it is unsafe and how it shows what would change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tables.sendmail import commands
from tables.sendmail.commands import CommandError
from tables.sendmail.plan import (
    DIFF_LINES,
    DIFF_WIDTH,
    SAMPLES,
    Create,
    Delete,
    Difference,
    FilePlan,
    Finding,
    Limits,
    Plan,
    Tallied,
    UnsafePlan,
    Update,
    difference,
    unified_diff,
    unsafe,
)
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.core.publishing.standin import Programs, said

ONE, OTHER, OFF = Entry("a", "1"), Entry("a", "2"), Entry("a", "1", enabled=False)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, ONE, Create(ONE)),
        (ONE, None, Delete(ONE)),
        (ONE, OTHER, Update(ONE, OTHER)),
        (ONE, ONE, None),
        (ONE, Entry("a", "1", comment="why"), None),
        (ONE, OFF, Delete(ONE)),
        (OFF, ONE, Create(ONE)),
        (None, OFF, None),
        (OFF, None, None),
    ],
)
def test_a_difference_is_what_sendmail_notices(
    before: Entry | None, after: Entry | None, expected: Difference | None
) -> None:
    assert difference(before, after) == expected


def findings(*, entries: int, deletes: int = 0, updates: int = 0, percent: int = 30, floor: int = 10) -> list[str]:
    tallied = Tallied()
    for number in range(deletes):
        tallied.add(Delete(Entry(f"gone{number}", "x")))
    for number in range(updates):
        tallied.add(Update(Entry(f"new{number}", "x"), Entry(f"new{number}", "y")))
    plan = FilePlan(TABLES["aliases"], ETC, entries=entries)
    plan.count(tallied)
    return [finding.message for finding in unsafe(plan, tallied, Limits(percent, floor))]


ETC = Path("/etc/mail/aliases")


def test_too_many_deletes_are_unsafe_and_the_numbers_are_told() -> None:
    assert findings(entries=22, deletes=18) == ["Too many deletes in aliases, 45 % is over 30 % (18/40)."]


def test_too_many_updates_are_unsafe() -> None:
    assert findings(entries=40, updates=18) == ["Too many updates in aliases, 45 % is over 30 % (18/40)."]


def test_deletes_and_updates_count_together() -> None:
    assert findings(entries=30, deletes=10, updates=10) == [
        "Too many deletes and updates in aliases, 50 % is over 30 % (20/40)."
    ]


@pytest.mark.parametrize(("entries", "deletes"), [(1, 9), (0, 10), (70, 30)])
def test_few_or_a_small_share_are_safe(entries: int, deletes: int) -> None:
    assert findings(entries=entries, deletes=deletes) == []


def test_a_full_table_that_would_be_empty_is_unsafe() -> None:
    assert findings(entries=0, deletes=11) == ["aliases would be empty, and 11 entries are live."]


def test_a_share_just_over_the_limit_is_told_as_over_it() -> None:
    assert findings(entries=696, deletes=304) == ["Too many deletes in aliases, 31 % is over 30 % (304/1000)."]


def test_adding_is_never_unsafe() -> None:
    plan = FilePlan(TABLES["access"], ETC, entries=1000)
    tallied = Tallied(creates=1000)
    plan.count(tallied)
    assert unsafe(plan, tallied, Limits(30, 10)) == []


def lost(table: str, *keys: str) -> list[Finding]:
    tallied = Tallied()
    for key in keys:
        tallied.add(Delete(Entry(key, "root")))
    plan = FilePlan(TABLES[table], ETC, entries=100)
    plan.count(tallied)
    return unsafe(plan, tallied, Limits(30, 10))


def test_each_alias_that_every_host_needs_is_missed_by_name() -> None:
    found = lost("aliases", "mailer-daemon", "sales", "postmaster")
    assert [(finding.rule, str(finding)) for finding in found] == [
        (
            "required-alias",
            (
                f"aliases would lose {alias}, to which mail servers write when something is wrong. "
                f"Add an entry for {alias}, or publish with the override."
            ),
        )
        for alias in ("mailer-daemon", "postmaster")
    ]


def test_another_table_may_lose_a_key_of_that_name() -> None:
    assert lost("genericstable", "postmaster") == []


# --- counting ---------------------------------------------------------------------------------------------------------


def test_differences_are_counted_and_the_first_kept_as_examples() -> None:
    tallied = Tallied()
    found = [Create(Entry(f"new{number}", "root")) for number in range(SAMPLES + 5)]
    for one in (None, Update(ONE, OTHER), Delete(ONE), *found):
        tallied.add(one)
    assert (tallied.creates, tallied.updates, tallied.deletes) == (SAMPLES + 5, 1, 1)
    assert tallied.samples == [Update(ONE, OTHER), Delete(ONE), *found[: SAMPLES - 2]]
    assert tallied.lost == []


def test_the_numbers_before_follow_from_those_after() -> None:
    plan = FilePlan(TABLES["access"], ETC, entries=10)
    plan.count(Tallied(creates=3, updates=2, deletes=1))
    assert (plan.existing, plan.summary) == (8, "3 created, 2 updated, 1 deleted")
    plan.count(Tallied(deletes=1))
    assert (plan.existing, plan.summary) == (11, "1 deleted")


# --- a plan -----------------------------------------------------------------------------------------------------------

DRIFT = Finding("drift", "access", "access was changed by hand.", "Import it, or publish with the override.")


def made(*files: FilePlan, daemon: bool = True) -> Plan:
    return Plan("mx.test.example", 3, list(files), daemon=daemon)


def file(table: str, *, changed: bool = False, build: bool = False, findings: list[Finding] | None = None) -> FilePlan:
    return FilePlan(
        TABLES[table], Path("/etc/mail") / table, changed=changed, build=build, entries=4, findings=findings or []
    )


def test_a_plan_without_a_touched_file_is_empty() -> None:
    plan = made(file("access"), file("relay-domains"))
    assert (plan.empty, plan.changed, plan.maps, plan.signal) == (True, [], [], False)
    plan.raise_if_unsafe()


def test_a_map_that_is_built_anew_for_an_unchanged_text_is_work_too() -> None:
    access = file("access", build=True)
    plan = made(access)
    assert (plan.empty, plan.changed, plan.maps, plan.classes_changed) == (False, [], [access], False)


@pytest.mark.parametrize(
    ("table", "daemon", "signal"),
    [("relay-domains", True, True), ("relay-domains", False, False), ("access", True, False)],
)
def test_only_a_daemon_is_told_and_only_of_class_files(table: str, daemon: bool, signal: bool) -> None:
    assert made(file(table, changed=True), daemon=daemon).signal is signal


def test_an_unsafe_plan_says_every_reason_and_remedy() -> None:
    empty = Finding("empty", "aliases", "aliases would be empty.", "Look again.")
    plan = made(file("aliases", findings=[empty]), file("access", findings=[DRIFT]))
    with pytest.raises(UnsafePlan) as problem:
        plan.raise_if_unsafe()
    assert problem.value.findings == [empty, DRIFT]
    assert str(problem.value) == f"{empty} {DRIFT}"
    assert [found.drifted for found in plan.files] == [False, True]


def test_a_script_is_told_of_files_that_are_touched_or_stand_in_the_way() -> None:
    plan = made(file("aliases", changed=True, build=True), file("access", findings=[DRIFT]), file("mailertable"))
    found = json.loads(json.dumps(plan.as_json()))
    assert (found["host"], found["release"], found["empty"], found["signal"]) == ("mx.test.example", 3, False, False)
    assert found["maps"] == ["aliases"]
    assert [(one["table"], one["path"], one["entries"]) for one in found["files"]] == [
        ("aliases", "/etc/mail/aliases", 4),
        ("access", "/etc/mail/access", 4),
    ]
    assert found["files"][1]["findings"] == [
        {"rule": "drift", "message": DRIFT.message, "remedy": DRIFT.remedy},
    ]


# --- its diff ---------------------------------------------------------------------------------------------------------


def diff(directory: Path, before: bytes, after: bytes, *, passwords: bool = False) -> tuple[str, int]:
    (directory / "after").write_bytes(after)
    shown = unified_diff(
        [before],
        directory / "after",
        labels=("access (live)", "access (new)"),
        scratch=directory / "scratch",
        run=commands.run,
        timeout=10,
        passwords=passwords,
    )
    assert not (directory / "scratch").exists()
    return shown


def test_a_diff_has_the_labels_and_only_what_differs(tmp_path: Path) -> None:
    assert diff(tmp_path, b"a\nb\n", b"a\nc\n") == (
        "--- access (live)\n+++ access (new)\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        0,
    )
    assert diff(tmp_path, b"a\n", b"a\n") == ("", 0)


def test_a_long_diff_ends_with_the_number_of_lines_left_out(tmp_path: Path) -> None:
    shown, cut = diff(tmp_path, b"", b"a\n" * (DIFF_LINES + 100))
    assert (shown.count("\n"), cut) == (DIFF_LINES, 103)


def test_a_long_line_ends_with_the_number_of_characters_left_out(tmp_path: Path) -> None:
    shown, _cut = diff(tmp_path, b"", b"x" * (DIFF_WIDTH + 50) + b"\n")
    assert shown.endswith(f"+{'x' * (DIFF_WIDTH - 1)}… (52 more characters)\n")


def test_bytes_that_are_no_text_are_shown_and_no_reason_to_refuse(tmp_path: Path) -> None:
    assert diff(tmp_path, b"", b"\xff\0\n")[0].endswith("+\\xff\\x00\n")


def test_passwords_are_hidden_in_the_diff_of_a_table_that_may_hold_them(tmp_path: Path) -> None:
    line = b'AuthInfo:mx.example\t"U:me" "P:Wjq83-hidden"\n'
    shown, _cut = diff(tmp_path, b"", line, passwords=True)
    assert "Wjq83-hidden" not in shown
    assert '"U:me"' in shown
    assert "Wjq83-hidden" in diff(tmp_path, b"", line)[0]


def test_a_diff_that_cannot_be_made_is_told_with_what_diff_said(tmp_path: Path) -> None:
    programs = Programs(said(stderr="diff: memory exhausted\n", returncode=2))
    with pytest.raises(CommandError) as problem:
        unified_diff(
            [b""],
            tmp_path / "after",
            labels=("access (live)", "access (new)"),
            scratch=tmp_path / "scratch",
            run=programs,
            timeout=10,
            passwords=False,
        )
    assert str(problem.value) == "diff could not compare access (live): diff: memory exhausted"
