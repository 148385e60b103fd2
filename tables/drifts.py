"""What a person answers to a file that was changed by hand on a host."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from django.db import transaction

from mailadmin.accounts.roles import PUBLISH
from tables import audit, scopes, waking
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import Drift, Host, Publication
from tables.releases import newest


def content(drift: Drift) -> Iterator[bytes]:
    """The exact bytes that lay on the host, a part at a time."""
    for number in drift.parts.order_by("number").values_list("number", flat=True):
        yield zlib.decompress(drift.parts.get(number=number).data)


def refuse_limited(actor: Actor) -> None:
    if scopes.of_actor(actor).limited:
        raise Forbidden("A whole file concerns all domains. Ask somebody who sees all of them.")


def locked(drift: Drift) -> Drift:
    """As it is now, and still open."""
    found = Drift.objects.select_for_update(of=("self",)).select_related("host__cluster", "release").get(pk=drift.pk)
    if not found.is_open:
        raise ChangeError(
            f"{found} is {found.state} since {found.ended_at:%Y-%m-%d %H:%M}. "
            "If the file was changed again, that is on the page Publish."
        )
    return found


@transaction.atomic
def overwrite(*, drift: Drift, actor: Actor, reason: str = "") -> Publication:
    """Have the newest release written over exactly this state of the file. Another state of it stops again."""
    if actor.person is not None and not actor.person.has_perm(PUBLISH):
        raise Forbidden("You may not publish. Ask an administrator for the role publisher.")
    refuse_limited(actor)
    drift = locked(drift)
    drift.overwrite_by_name = actor.name
    drift.save(update_fields=["overwrite_by_name"])
    host = Host.objects.select_related("release", "cluster").get(pk=drift.host_id)
    release = newest(host.cluster) or drift.release
    audit.record(
        actor=actor,
        action="drift-overwrite-asked",
        cluster=host.cluster,
        table=drift.table,
        reason=reason.strip(),
        detail={"drift": drift.pk, "host": host.name, "sha256": drift.sha256, "release": release.number},
    )
    waking.wake(host.cluster)
    return Publication.objects.create(release=release, host=host, requested_by_name=actor.name)
