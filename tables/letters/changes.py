"""The changes of a request as a letter tells of them: what they do, their risks, and the lines that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tables import judging, policy_gate
from tables.differences import difference_of
from tables.models import Change, ChangeRequest
from tables.rules import meaning
from tables.sendmail.risk.effect import effects

#: Lines of a difference that a letter holds, and characters of one line.
LINES, WIDTH = 60, 200
#: Sentences about effects that it holds.
SENTENCES = 20
#: Changes that are looked at for it; of an import of a million the rest is only counted.
LOOKED_AT = 500

SIGNS = {"removed": "-", "added": "+"}


def meanings(risks: Sequence[str]) -> list[str]:
    """``relay: lets somebody send …``, a line for each risk."""
    return [f"{risk}: {meaning(risk)}" for risk in risks]


def effects_of(request: ChangeRequest, changes: Sequence[Change]) -> list[str]:
    """What these changes of a request do, one sentence for each thing that needs a second person."""
    said = [
        sentence
        for change, risks in zip(changes, judging.risks_within(request, changes), strict=True)
        for sentence in effects(*judging.step_of(change), sorted(risks))
    ]
    return _first(list(dict.fromkeys(said)), SENTENCES, "effects")


def of_policy(request: ChangeRequest) -> list[str]:
    """What a request would change of the policy: each thing by its name, and whether that loosens."""
    said: list[str] = []
    for line in policy_gate.difference(request):
        said.append(f"{line.name}{' (loosens)' if line.loosens else ''}:")
        said += [f"{SIGNS[part['kind']]}{part['text']}" for part in line.lines]
    return _first(said, LINES, "lines")


def difference(changes: Sequence[Change], beyond: int = 0) -> list[str]:
    """The lines that differ, table by table with the signs of a unified difference; ``beyond``: changes not given."""
    return _first(list(_all_lines(changes)), LINES, "lines", f" and {beyond} more changes" if beyond else "")


def _all_lines(changes: Sequence[Change]) -> Iterator[str]:
    table = ""
    for change in sorted(changes, key=lambda change: (change.table, change.pk)):
        if change.table != table:
            table = change.table
            yield from (f"--- {table}", f"+++ {table}")
        yield from (_cut(f"{SIGNS.get(line.kind, ' ')}{line.text}") for line in difference_of(change))


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}… ({len(line) - WIDTH} more characters)"


def _first(lines: list[str], most: int, what: str, beyond: str = "") -> list[str]:
    more = len(lines) - most
    if more > 0:
        return [*lines[:most], f"… and {more} more {what}{beyond}"]
    return [*lines, f"…{beyond}"] if beyond else lines
