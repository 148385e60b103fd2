"""What of a plan counts as seen, wherever it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tables.sendmail import seen
from tables.sendmail.plan import DIFF_LINES, FilePlan, Finding, Plan
from tables.sendmail.tables import TABLES


def planned(**values: Any) -> Plan:
    return Plan("mx", 1, [FilePlan(TABLES["access"], Path("/etc/mail/access"), **values)])


HEAD = "--- a\n+++ b\n"


def test_alike_lines_in_another_order_are_the_same_difference() -> None:
    one = planned(diff=f"{HEAD}@@ -1,3 +1,2 @@\n # x\n-# x\n-a\tOK\n", deletes=1)
    other = planned(diff=f"{HEAD}@@ -2,2 +1,1 @@\n-a\tOK\n-# x\n # x\n", deletes=1)
    assert seen.checksum(one) == seen.checksum(other)
    assert seen.checksum(one) != seen.checksum(planned(diff=f"{HEAD}@@ -1 +0,0 @@\n-b\tOK\n", deletes=1))


def test_of_a_long_difference_the_numbers_count() -> None:
    one = planned(diff=f"{HEAD}+a\n", diff_cut=DIFF_LINES, creates=900)
    other = planned(diff=f"{HEAD}+b\n", diff_cut=DIFF_LINES + 1, creates=900)
    assert seen.checksum(one) == seen.checksum(other)
    assert seen.checksum(one) != seen.checksum(planned(diff=f"{HEAD}+a\n", diff_cut=DIFF_LINES, creates=901))


def test_findings_count_and_what_only_the_host_can_know_does_not() -> None:
    nothing = Plan("mx", 1, [])
    assert seen.checksum(planned(changed=True, build=True, build_reason="access.db is missing")) == seen.checksum(
        nothing
    )
    warned = planned(findings=[Finding("empty", "access", "access would be empty.", "Look.")])
    assert seen.checksum(warned) != seen.checksum(nothing)


def test_the_numbers_of_each_table_that_was_shown_are_told() -> None:
    assert seen.counts(planned(deletes=2)) == {"access": [0, 0, 2]}
    assert seen.counts(planned()) == {}
    assert seen.difference({"access": [0, 0, 2]}, {"access": [0, 0, 2]}).endswith("but other lines (access).")


def test_tables_that_only_one_of_two_plans_changes_are_named() -> None:
    assert seen.difference({}, {"access": [0, 1, 0]}) == (
        "The plan here updates 0 entries of access, the one that was looked at updates 1."
    )
    assert seen.difference({"access": [1, 0, 0]}, {}).startswith("The plan here creates 1 entry of access,")
    assert seen.difference({}, {}).endswith("but other lines (none of the files).")
