"""What a mail host tells the panel of itself: versions, files, and what its sendmail.cf says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from mailadmin import __version__
from tables import audit
from tables.actors import Actor
from tables.models import Host
from tables.publishing.site import Site
from tables.sendmail.commands import CommandError, Run
from tables.sendmail.mailcf import Listener
from tables.sendmail.maildir import MailDir
from tables.sendmail.maps import host_is_qualified
from tables.sendmail.secret import masked
from tables.sendmail.tables import TABLES
from tables.sendmail.whereabouts import as_json, from_json

_VERSION = re.compile(r"^Version (\S+)", re.MULTILINE)

#: Seconds that a program may take to say its version.
PATIENCE = 20

#: What stands in a report and is told at other times: it stays as it is.
NOTED = ("git",)


def report_of(site: Site) -> dict[str, Any]:
    """All of it as JSON. What cannot be found out is empty."""
    return {
        "mailadmin": __version__,
        "sendmail": sendmail_version(site.run),
        "map_types": map_types(site.run),
        "cf": str(site.cf.path),
        "cf_read": site.cf.path.exists(),
        "used": site.uses_directory,
        "tables": [as_json(site.directory.place(table)) for table in TABLES.values()],
        "lines": [masked(line) for line in site.cf.lines],
        "features": sorted(site.cf.features),
        "listens": [_address(listener) for listener in site.cf.listeners],
        "pid_file": str(site.pid_file),
    }


def sendmail_version(run: Run) -> str:
    """Not asked on a host whose name has no domain: there sendmail sleeps for a minute before it says anything."""
    if not host_is_qualified():
        return ""
    try:
        said = run(["sendmail", "-d0.1", "-bt", "-C", "/dev/null"], timeout=PATIENCE).stdout
    except CommandError:
        return ""
    found = _VERSION.search(said)
    return found[1] if found else ""


def map_types(run: Run) -> list[str]:
    """The types that makemap was compiled with."""
    try:
        return sorted(run(["makemap", "-l"], timeout=PATIENCE).stdout.split())
    except CommandError:
        return []


def _address(listener: Listener) -> str:
    return f"{listener.address}:{listener.port}"


@transaction.atomic
def report(*, host: Host, site: Site) -> bool:
    """Keep what the host tells now; whether that differs from what it told before, which the history then tells."""
    found = report_of(site)
    kept = Host.objects.select_for_update().select_related("cluster").get(pk=host.pk)
    found |= {name: kept.report[name] for name in NOTED if name in kept.report}
    before, kept.report, kept.reported_at = kept.report, found, timezone.now()
    kept.save(update_fields=["report", "reported_at"])
    host.report, host.reported_at = kept.report, kept.reported_at
    changed = sorted(name for name in found if found[name] != before.get(name))
    if changed:
        audit.record(
            actor=Actor.publisher(host.name),
            action="host-reported",
            cluster=kept.cluster,
            key=host.name,
            before={name: _words(before[name]) for name in changed if name in before} or None,
            after={name: _words(found[name]) for name in changed},
        )
    return bool(changed)


def _words(value: Any) -> str:
    """For the history: one text for a value of the report."""
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    if isinstance(value, dict):
        where = [value["text"], value["type"], value["map"]]
        return " ".join(filter(None, [value["table"], *([value["unused"]] if value["unused"] else where)]))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def directory_of(host: Host) -> MailDir:
    """Another host's directory, as it told of it."""
    told = filter(None, map(from_json, host.report.get("tables", [])))
    return MailDir(Path(host.mail_dir), {place.table.name: place for place in told})
