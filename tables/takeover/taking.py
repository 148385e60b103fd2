"""Taking a file over that somebody changed by hand: looking what that would be, and making it a change request."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from mailadmin.accounts.roles import EDIT
from tables import changes, drift_ends, drifts, originals, passages
from tables.actors import Actor
from tables.entries import rows
from tables.errors import ChangeError, Forbidden
from tables.importing import own_names
from tables.models import ChangeRequest, Cluster, Drift
from tables.progress import say
from tables.readings import Pieces
from tables.releases import file_items, snapshot
from tables.sendmail import commands
from tables.sendmail.foreign import look
from tables.sendmail.parse import read_table
from tables.sendmail.secret import MASK
from tables.sendmail.spec import Entry, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import visible
from tables.takeover.blocks import Item
from tables.takeover.hunks import compare, outline
from tables.takeover.merging import Merged, merge, wanted
from tables.takeover.places import widened

NAMES = TABLES["local-host-names"]

#: Bytes of a file beyond which looking what to take over of it is a work of its own: 50,000 lines take two seconds.
LARGE = 3_000_000

#: Problems of a file that are told; more are only counted.
TOLD = 100


@dataclass(slots=True)
class Preview:
    """What taking a file over would do, and what is wrong with the file."""

    merged: Merged
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0

    @property
    def nothing(self) -> bool:
        return not self.merged.pairs and not self.merged.texts


def is_large(drift: Drift) -> bool:
    return (drift.size or 0) > LARGE


def why_not(drift: Drift) -> str:
    """Why there is nothing to take over; empty when there is."""
    if not drift.is_open:
        return f"{drift} is {drift.state} already."
    if drift.kind == Drift.Kind.REMOVED:
        return "A file that is gone says nothing. Overwrite it, which writes it again."
    if drift.kind == Drift.Kind.MAP_CHANGED:
        return "The text is as it was published. The next publication builds the map again."
    waiting = drift.request
    if waiting and waiting.is_open:
        return f"Change request {waiting.pk} takes it over already. Have it decided or withdrawn first."
    return ""


def preview(drift: Drift) -> Preview:
    """Writes nothing. Raises :class:`ChangeError`."""
    if reason := why_not(drift):
        raise ChangeError(reason)
    table = TABLES[drift.table]
    if problem := look(table, _open(drift)):
        raise ChangeError(f"{problem.message} {problem.remedy} Nothing was taken over.")
    with snapshot():
        cluster = Cluster.objects.get(pk=drift.host.cluster_id)
        return _preview(cluster, table, drift)


def _preview(cluster: Cluster, table: TableSpec, drift: Drift) -> Preview:
    found = Preview(Merged())
    change = drift.release.change_number
    names = _local_names(cluster)
    with tempfile.TemporaryDirectory(prefix="mailadmin-take-over-") as name:
        work = Path(name)
        say("Reading what was live")
        base = outline(table, _base(cluster, table, change), work / "base")
        say("Reading the file")
        their = outline(table, _theirs(drift, table, names, found), work / "theirs")
        say("Comparing the two")
        hunks = compare(
            work / "base",
            work / "theirs",
            run=commands.run,
            scratch=work / "diff",
            timeout=settings.COMMAND_SECONDS,
        )
    say("Working out what was changed")
    hunks = widened(hunks, base, [their.size(hunk.their_start, hunk.their_end) for hunk in hunks])
    meant = wanted(
        cluster=cluster,
        table=table,
        hunks=hunks,
        outline=base,
        base=_base(cluster, table, change),
        theirs=_theirs(drift, table, names),
    )
    found.merged = merge(cluster=cluster, table=table, wanted=meant)
    return found


def _base(cluster: Cluster, table: TableSpec, change_number: int) -> Iterator[Item]:
    return file_items(cluster=cluster, table=table, change_number=change_number)


def _theirs(drift: Drift, table: TableSpec, names: frozenset[str], found: Preview | None = None) -> Iterator[Item]:
    for parsed in read_table(table, lambda: _open(drift), local_names=names):
        if found is not None and parsed.problems:
            room = TOLD - len(found.problems)
            found.problems += parsed.problems[:room]
            found.more_problems += max(len(parsed.problems) - room, 0)
        if isinstance(parsed.item, Entry):
            _refuse_hidden(table, parsed.item)
        yield parsed.item


def _refuse_hidden(table: TableSpec, entry: Entry) -> None:
    """Somebody copied a masked file to the host: its dots must not become passwords."""
    if table.holds_passwords and MASK in entry.value:
        raise ChangeError(
            f"The password of {visible(entry.key)} is hidden by {MASK} in the file. Write the password there, or "
            "overwrite the file. Nothing was taken over."
        )


def _open(drift: Drift) -> BinaryIO:
    return io.BufferedReader(Pieces(drifts.content(drift)), originals.PART)


def _local_names(cluster: Cluster) -> frozenset[str]:
    here = rows(cluster=cluster, table=NAMES).filter(enabled=True).values_list("key", flat=True)
    return own_names() | frozenset(here)


# --- as a change request ----------------------------------------------------------------------------------------------


@transaction.atomic
def take_over(*, drift: Drift, actor: Actor, reason: str = "", submit: bool = True) -> ChangeRequest | None:
    """A change request that says in the tables what the hand wrote; it goes through the gate like any other.

    Not submitted it is a draft, for who has not seen before what is in it. ``None`` when the tables say all of it
    already: then the file is taken over as it is.
    """
    if actor.person is not None and not actor.person.has_perm(EDIT):
        raise Forbidden("You may look, but not change anything. Ask an administrator for the role postmaster.")
    drifts.refuse_limited(actor)
    Cluster.objects.select_for_update(no_key=True).get(pk=drift.host.cluster_id)
    drift = drifts.locked(drift)
    found = preview(drift)
    if found.nothing:
        if found.merged.conflicts:
            raise ChangeError(
                f"{_conflicts(found.merged)} Nothing else is different. Edit these, or overwrite the file."
            )
        drift_ends.end(drift, state=Drift.State.TAKEN_OVER, actor=actor)
        return None
    request = _proposed(drift, actor, found.merged, reason)
    drift.request = request
    drift.save(update_fields=["request"])
    return changes.submit(request=request, actor=actor) if submit else request


def _proposed(drift: Drift, actor: Actor, merged: Merged, reason: str) -> ChangeRequest:
    said = [reason.strip(), f"Takes over {drift} as it was changed by hand (SHA-256 {drift.sha256[:16]})."]
    if merged.conflicts:
        said.append(_conflicts(merged))
    request = changes.draft(
        cluster=drift.host.cluster,
        actor=actor,
        kind=ChangeRequest.Kind.TAKE_OVER,
        reason="\n".join(part for part in said if part),
    )
    changes.propose_many(request=request, actor=actor, table=TABLES[drift.table], pairs=merged.pairs)
    passages.propose(request=request, steps=merged.texts)
    return request


def _conflicts(merged: Merged) -> str:
    keys = ", ".join(visible(conflict.key) for conflict in merged.conflicts[:5])
    more = f" and {len(merged.conflicts) - 5} more" if len(merged.conflicts) > 5 else ""
    return f"Not taken, because the panel changed it too: {keys}{more}."
