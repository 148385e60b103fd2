"""What hinders a host's commits, as its page tells it and, where it begins and ends, the history."""

from __future__ import annotations

from django.db import transaction

from tables import audit
from tables.actors import Actor
from tables.models import Host

#: Where it stands in a host's report.
NAME = "git"


@transaction.atomic
def note(*, host: Host, trouble: str) -> bool:
    """Keep it, or with an empty text that there is none; whether that is news. Without a report none is kept."""
    kept = Host.objects.select_for_update(of=("self",)).select_related("cluster").get(pk=host.pk)
    before = kept.report.get(NAME, "")
    if not kept.report or before == trouble:
        return False
    kept.report = {**kept.report, NAME: trouble}
    kept.save(update_fields=["report"])
    audit.record(
        actor=Actor.publisher(kept.name),
        action="host-reported",
        cluster=kept.cluster,
        key=kept.name,
        before={NAME: before},
        after={NAME: trouble},
    )
    return True
