"""The outcomes as a table of fault × step × outcome."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

Results = dict[str, list[dict[str, Any]]]

HEAD = ("fault", "step", "points", "ended", "live then", "next publisher")
#: Names of points in which a step is under way, by what a person calls the step.
STEPS = {
    "built": "build",
    "generation made": "swap",
    "kept": "swap",
    "swap journalled": "swap",
    "swapped": "swap",
    "restored": "restore",
    "files recovered": "restore",
    "row recovered": "restore",
    "proved": "prove",
    "recorded": "record",
}


def step_of(name: str) -> str:
    if name.startswith("before "):
        return name.removeprefix("before ")
    return next((step for start, step in STEPS.items() if name.startswith(start)), name)


def rows(results: Results) -> list[tuple[str, ...]]:
    """One row for each fault in each step, over both databases."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for found in results.values():
        for outcome in found:
            groups[outcome["fault"], step_of(outcome["step"])].append(outcome)
    return [(*key, str(len(found)), *row(found)) for key, found in groups.items()]


def row(found: list[dict[str, Any]]) -> tuple[str, str, str]:
    ended = counted(outcome["ended"][-1] for outcome in found)
    live = counted(outcome["live"] or "old" for outcome in found)
    after = counted(after_that(outcome) for outcome in found)
    return ended, live, after


def after_that(outcome: dict[str, Any]) -> str:
    if outcome["problems"]:
        return "WRONG"
    if outcome["ended"][-1] == "succeeded":
        return "nothing to do"
    return "new, published again" if outcome["asked"] else "new, by itself"


def counted(words: Iterable[str]) -> str:
    found = Counter(words)
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{word} ({count})" for word, count in found.most_common())


def table(results: Results) -> str:
    found = [HEAD, *rows(results)]
    widths = [max(len(line[column]) for line in found) for column in range(len(HEAD))]
    return "\n".join(" | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in found)


def summary(results: Results) -> Iterator[str]:
    """A line for each thing that did not hold."""
    for database, found in results.items():
        for outcome in found:
            for problem in outcome["problems"]:
                yield f"{database}: {outcome['fault']}, {outcome['step']}: {outcome['point']}: {problem}"


PAGE = """# What was made to fail, and what became of it

Written by `make faults FAULTS="{command}"`, which prints the same table; without `--sample` it takes every call, and
half an hour.
{count:,} times a fault met a publisher that had four maps and five texts to change ({databases}); the programs, the
signals and the refused system calls are real ones (strace). After each fault a look was taken at what was live, and
then another publisher ran.

What held in every case, or the row would say WRONG:

- Each live file was the old one or the new one, whole, also while the publisher lay dead. Where a text and its map were
  not of one state then (*old and new*), the next publisher put that right before anything else.
- A publication that ended by itself left all files of one state: the new one if it succeeded, else the old one.
- Whatever was not live any more of the previous state was kept in a generation.
- The next publisher brought the new state about: by itself if its forerunner had been stopped, or else once somebody
  published again, for a publication that failed is not tried again unasked. Where the fault was one that lasts, a
  person first mended what the message named.
- Owners, groups and modes stayed, and nothing was left lying beside the live files or in the publisher's own corner.

*killed* is SIGKILL before a system call, at each one by which the publisher changes a file, a name or the database or
starts a program. *from here on* means that this call and all later ones of its kind failed. *while patching* is a
publication of a few changes in copies of the live files. *points* counts the calls or variations of a row.

A stranger who sends mail all the while (`tests/faults/test_sender.py`) gets the same answers through publications,
killed publishers and roll-backs, and finds nobody listening only while sendmail starts anew: 0.02 to 0.3 s, as after a
SIGHUP by hand. One thing remains that sendmail does by itself: it opens its maps for each session, and refuses one that
changes between its look at the name and its opening it ("file changed after open"). Then that session is put off with
451 4.3.0; if it is the virtusertable, what that refuses is accepted and queued until it can be asked. That met one
session in two hundred while publications followed one another without a pause. By measure (a map renamed or given a
second name 200 times a second) it lasts 0.15 ms for each rename or second name, of which a publication has two a map;
locking the map first does not help.

"""


def page(results: Results, command: str) -> str:
    lines = [" | ".join(line) for line in rows(results)]
    head = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    count = sum(len(found) for found in results.values())
    databases = ", ".join(f"{len(found):,} on {name}" for name, found in results.items())
    text = PAGE.format(command=command, count=count, databases=databases)
    return "\n".join([text.rstrip("\n"), "", *head, *(f"| {line} |" for line in lines), ""])
