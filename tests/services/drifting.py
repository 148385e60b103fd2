"""A file that somebody changed by hand, found by a look of the publisher."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from tables.models import Drift, DriftPart, Host, Release
from tables.publishing.drift import look_at
from tables.publishing.site import here
from tables.sendmail import commands


def found_after(table: str, text: str | bytes) -> Drift:
    """Write that into the live file of a published table, and look."""
    path = Path(settings.MAIL_DIR) / table
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return found(table)


def appended(table: str, text: str) -> Drift:
    return found_after(table, (Path(settings.MAIL_DIR) / table).read_bytes() + text.encode())


def found(table: str) -> Drift:
    look()
    return Drift.objects.get(table=table, state=Drift.State.OPEN)


def look() -> None:
    host = Host.objects.select_related("release", "cluster").get(name=settings.HOST_NAME)
    look_at(host=host, site=here(commands.run))


def written_down(host: Host, release: Release, table: str, text: str | bytes) -> Drift:
    """What a look would have noted, on a host that there is not."""
    data = text if isinstance(text, bytes) else text.encode()
    now = timezone.now()
    drift = Drift.objects.create(
        host=host,
        release=release,
        table=table,
        kind=Drift.Kind.CHANGED,
        found_at=now,
        last_seen_at=now,
        modified_at=now,
        path=f"{host.mail_dir}/{table}",
        owner="root",
        group="root",
        mode=0o644,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        recorded_sha256="0" * 64,
        diff="".join(f"+{line}\n" for line in data.decode(errors="replace").replace("\0", "").split("\n")),
    )
    DriftPart.objects.create(drift=drift, number=0, data=zlib.compress(data))
    return drift
