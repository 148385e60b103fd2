"""The hosts that publishers register."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tables.entries import get_cluster
from tables.models import Host


@transaction.atomic
def register_host(*, name: str = "") -> Host:
    """The row of this machine's publisher, made when it starts for the first time.

    A host that now publishes into another directory has nothing live there yet.
    """
    mail_dir = str(settings.MAIL_DIR)
    host, _created = Host.objects.select_for_update().get_or_create(
        name=name or settings.HOST_NAME, defaults={"cluster": get_cluster(), "mail_dir": mail_dir}
    )
    if host.mail_dir != mail_dir:
        host.mail_dir, host.release = mail_dir, None
        host.save(update_fields=["mail_dir", "release"])
    return host


def heartbeat(*, host: Host) -> None:
    """Note that the host's publisher is at work."""
    Host.objects.filter(pk=host.pk).update(seen_at=timezone.now())
