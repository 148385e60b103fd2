"""Hosts that were rolled back by hand: what the database knows of them, and how a hold ends.

The host's own file has the last word on whether it is held; the publisher tells the database of it, and takes the file
away when the panel has released the hold.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from mailadmin.accounts.roles import PUBLISH
from tables import audit, scopes, waking
from tables.actors import Actor
from tables.errors import ChangeError, Forbidden
from tables.models import Host, Publication, Release
from tables.releases import newest
from tables.sendmail.held import Held, held_path, let_go
from tables.sendmail.maildir import MailDir


def stands(host: Host, directory: MailDir) -> bool:
    """Whether the host is held and the database knows all about it: then there is nothing to do."""
    held = Held.load(directory)
    return held is not None and not held.released and host.held_since == _since(held)


def is_news(host: Host, directory: MailDir) -> bool:
    """Whether the files are those of a rollback of which the database knows nothing yet."""
    held = Held.load(directory)
    return held is not None and _since(held) not in {host.held_since, host.hold_released}


def unsettled(host: Host, directory: MailDir) -> bool:
    return host.held_since is not None or held_path(directory).exists()


def settle(*, host: Host, directory: MailDir) -> bool:
    """Let the database and the host's file know the same. True while the host is held."""
    held = Held.load(directory)
    if not _settled(host, held, str(held_path(directory))):
        return held is not None
    let_go(directory)
    return False


@transaction.atomic
def _settled(host: Host, held: Held | None, path: str) -> bool:
    """Whether the hold is over and only its file is left."""
    host = _locked(host)
    if held is None:
        if host.held_since:
            _release(host, Actor.publisher(host.name), reason=f"{path} is gone.")
        return False
    if _since(held) not in {host.held_since, host.hold_released}:
        _report(host, held)
    if held.released and host.held_since:
        _release(host, Actor(f"cli:{held.released.by}"))
    return host.hold_released == _since(held)


def _since(held: Held) -> datetime:
    return datetime.fromisoformat(held.since)


def _locked(host: Host) -> Host:
    return Host.objects.select_for_update(of=("self",)).select_related("cluster", "release").get(pk=host.pk)


def _report(host: Host, held: Held) -> None:
    actor = Actor(f"cli:{held.by}")
    host.held_since, host.held_by_name, host.held_reason = _since(held), actor.name, held.reason
    host.held_from = held.from_release
    host.release = Release.objects.filter(cluster=host.cluster, number=held.to_release or 0).first()
    host.rolled_back_files = held.files
    host.save(update_fields=["held_since", "held_by_name", "held_reason", "held_from", "release", "rolled_back_files"])
    audit.record(
        actor=actor,
        action="host-held",
        cluster=host.cluster,
        key=host.name,
        reason=held.reason,
        detail={
            "host": host.name,
            "since": held.since,
            "from": held.from_release,
            "to": held.to_release,
            "generation": held.generation,
        },
    )


@transaction.atomic
def release(*, host: Host, actor: Actor) -> None:
    """Let the publisher bring the newest release again."""
    if actor.person is not None and not actor.person.has_perm(PUBLISH):
        raise Forbidden("You may not publish. Ask an administrator for the role publisher.")
    if scopes.of_actor(actor).limited:
        raise Forbidden("What is published on a host concerns all domains. Ask somebody who sees all of them.")
    host = _locked(host)
    if host.held_since is None:
        raise ChangeError(f"{host} is not held any more. Look at its last publication.")
    _release(host, actor)


def _release(host: Host, actor: Actor, reason: str = "") -> None:
    since, by = host.held_since, host.held_by_name
    host.hold_released, host.held_since, host.held_from = since, None, None
    host.held_by_name = host.held_reason = ""
    host.save(update_fields=["hold_released", "held_since", "held_from", "held_by_name", "held_reason"])
    audit.record(
        actor=actor,
        action="host-released",
        cluster=host.cluster,
        key=host.name,
        reason=reason,
        detail={"host": host.name, "since": since.isoformat() if since else "", "held_by": by},
    )
    _queue_newest(host, actor)


def _queue_newest(host: Host, actor: Actor) -> None:
    """What was live before the rollback succeeded long ago, and nothing else would bring it again."""
    wanted = newest(host.cluster)
    waits = Publication.objects.filter(host=host, state=Publication.State.QUEUED).exists()
    if wanted and wanted.pk != host.release_id and not waits:
        Publication.objects.create(release=wanted, host=host, requested_by_name=actor.name)
    waking.wake(host.cluster)


def words(host: Host) -> str:
    """That the host is held, since when, by whom and why; empty when it is not."""
    if host.held_since is None:
        return ""
    why = f": {host.held_reason}" if host.held_reason else ""
    when = f"{host.held_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{host} is held since {when} by {host.held_by_name}{why}"
