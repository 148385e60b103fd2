"""What of a plan a person looked at, in a form that is the same wherever the plan is made.

A plan made on another machine stands on what was published last, the host's own on its files: as long as nobody
changed those, what was seen agrees. What only the host can know (which maps are made anew, whether sendmail is told)
is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tables.sendmail.plan import FilePlan, Finding, Plan

Counts = Mapping[str, Sequence[int]]


def checksum(plan: Plan) -> str:
    """SHA-256 of what was seen, as JSON with sorted names."""
    seen = [_of_file(file) for file in plan.files if _shown(file)]
    return hashlib.sha256(json.dumps(seen, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _shown(file: FilePlan) -> bool:
    """An empty file that only sendmail would miss says nothing."""
    return bool(file.diff or file.drift or file.findings or any(_counts(file)))


def _of_file(file: FilePlan) -> dict[str, Any]:
    return {
        "table": file.table.name,
        "counts": _counts(file),
        "diff": _net(file.diff, file.diff_cut),
        "drift": _net(file.drift, file.drift_cut),
        "findings": [name(finding) for finding in file.findings],
    }


def _counts(file: FilePlan) -> list[int]:
    return [file.creates, file.updates, file.deletes]


def _net(diff: str, cut: int) -> list[list[Any]]:
    """The lines that go and come. Which of several alike, and in which order, each way of comparing says differently.

    Of a difference too long to be shown the counts have to do.
    """
    if cut:
        return []
    lines = Counter[str]()
    for line in diff.splitlines()[2:]:
        if line[:1] in {"+", "-"}:
            lines[line[1:]] += 1 if line[0] == "+" else -1
    return [[line, count] for line, count in sorted(lines.items()) if count]


def counts(plan: Plan) -> dict[str, list[int]]:
    """Entries that each table gains, has changed and loses."""
    return {file.table.name: _counts(file) for file in plan.files if _shown(file)}


def name(finding: Finding) -> list[str]:
    """What tells one finding from the next, so that an override covers just those that were seen."""
    return [finding.rule, finding.table, finding.message]


def difference(here: Counts, there: Counts) -> str:
    """``it deletes 3 entries of access here and 1 there``, for the first table in which the numbers differ."""
    for table in [*here, *(table for table in there if table not in here)]:
        mine, theirs = here.get(table, (0, 0, 0)), there.get(table, (0, 0, 0))
        for verb, one, other in zip(("creates", "updates", "deletes"), mine, theirs, strict=True):
            if one != other:
                entries = "1 entry" if one == 1 else f"{one} entries"
                return f"The plan here {verb} {entries} of {table}, the one that was looked at {verb} {other}."
    tables = ", ".join(here) or "none of the files"
    return f"The plan here has as many changes as the one that was looked at, but other lines ({tables})."
