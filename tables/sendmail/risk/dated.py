"""What a change with dates in it puts at risk: all that it will do by itself later, judged when the dates are set.

An entry that is to begin later counts as in force from the day that this was approved, so that its beginning needs
nobody. An entry that is to end is also judged as if it went: what its end opens is approved with the date. And one that
was to be in force for some time only is judged as if it were new when that time becomes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tables.sendmail.risk.together import Step, after_all, remembered, risks_together
from tables.sendmail.spec import Entry, Lookup, Risk


def begun(entry: Entry | None) -> Entry | None:
    """The entry as it will be once it has begun."""
    return replace(entry, enabled=True) if entry is not None and entry.starts else entry


def ends_anew(before: Entry | None, after: Entry | None) -> bool:
    """Whether a change brings an end that nobody has looked at: another one, or the end of something else."""
    if after is None or not after.ends or not (after.enabled or after.starts):
        return False
    return before is None or (before.ends, before.value, before.enabled) != (after.ends, after.value, after.enabled)


def goes_on_longer(before: Entry | None, after: Entry | None) -> bool:
    """Whether what was approved for a time becomes in force earlier, for longer, or for good."""
    if before is None or after is None or not (after.enabled or after.starts):
        return False
    later = bool(before.ends) and not (after.ends and after.ends <= before.ends)
    earlier = bool(before.starts) and (not after.starts or after.starts < before.starts)
    return later or earlier


def dated_risks(steps: Sequence[Step], look: Lookup, then: Lookup | None = None) -> list[frozenset[Risk]]:
    """The risks of each step when all are done at once, and of what each will do by itself later."""
    whole = [(table, begun(before), begun(after)) for table, before, after in steps]
    found = risks_together(whole, look, then)
    more: list[tuple[int, Step]] = []
    for place, (table, before, after) in enumerate(steps):
        if ends_anew(before, after):
            more.append((place, (table, whole[place][2], None)))
        if goes_on_longer(before, after):
            more.append((place, (table, None, whole[place][2])))
    later = remembered(then or after_all(whole, look)) if more else look
    for place, step in more:
        found[place] |= risks_together([step], later)[0]
    return found


def alone(step: Step, look: Lookup) -> frozenset[Risk]:
    """The same of one change that is done by itself."""
    return dated_risks([step], look)[0]
