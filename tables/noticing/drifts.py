"""What people are told of files that somebody changed by hand. Called in the transaction in which that is noted."""

from __future__ import annotations

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import PUBLISH
from tables.actors import Actor
from tables.models import Drift, Notice
from tables.noticing import kinds
from tables.noticing.links import DRIFT_KEY
from tables.noticing.people import holders
from tables.noticing.recipients import fit
from tables.noticing.telling import answer, one_line, tell

WHAT = {
    Drift.Kind.CHANGED: "was changed by hand",
    Drift.Kind.REMOVED: "was removed by hand",
    Drift.Kind.MAP_CHANGED: "has a map that somebody built by hand",
}


def drifted(*, drift: Drift) -> None:
    """Tell everybody who publishes and sees whole files: it stops the next publication."""
    people: list[User] = [person for person in holders(PUBLISH) if not person.limited]
    tell(
        kinds.DRIFT,
        fit(people, actor=Actor.publisher(drift.host.name)),
        key=_key(drift),
        subject=f"{drift.table} on {one_line(drift.host.name, 100)} {WHAT[Drift.Kind(drift.kind)]}",
        text="Take it over as a change request, or overwrite it with what mailadmin knows.",
    )


def drift_ended(*, drift: Drift) -> None:
    answer(Notice.objects.filter(key=_key(drift), kind=kinds.DRIFT.name))


def _key(drift: Drift) -> str:
    return f"{DRIFT_KEY}{drift.pk}"
