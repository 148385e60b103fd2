"""The plan: what publishing would do on a host, found without touching anything."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from tables.models import Host, Publication, Release
from tables.publishing.comparing import Comparison, in_order
from tables.publishing.desired import State
from tables.publishing.reporting import directory_of
from tables.publishing.site import Site, here
from tables.publishing.taken import accepted
from tables.sendmail import commands
from tables.sendmail.daemon import NotAlive
from tables.sendmail.manifest import Live
from tables.sendmail.plan import Limits, Plan
from tables.sendmail.tables import TABLES


def make_plan(*, host: Host, release: Release | None = None, run: commands.Run = commands.run) -> Plan:
    """What publishing ``release`` on ``host`` would do; without one, what a release cut now would.

    On another machine, or where a file is not ours to read, what the host's last release wrote stands for the file.
    """
    with tempfile.TemporaryDirectory(prefix="mailadmin-plan-") as work:
        site, local = here(run), host.name == settings.HOST_NAME
        if not local:
            site = replace(site, directory=directory_of(host))
        comparison = compare(host, site, Path(work), release=release, local=local)
        plan = plan_of(comparison, host, release)
    plan.daemon = _daemon_lives(site) if comparison.local else True
    return plan


def compare(
    host: Host, site: Site, work: Path, *, release: Release | None, local: bool = True, building: bool = False
) -> Comparison:
    """Everything that a plan for the host is made from."""
    cluster = host.cluster
    number = release.change_number if release else type(cluster).objects.get(pk=cluster.pk).last_change
    previous = State(cluster, host.release.change_number) if host.release else None
    records = recorded(host, site if local else None) if previous else {}
    return Comparison(
        site=site,
        work=work,
        desired=State(cluster, number),
        previous=previous,
        recorded=records,
        accepted=accepted(host, records),
        limits=Limits(settings.UNSAFE_PERCENT, settings.UNSAFE_FLOOR),
        local=local,
        building=building,
        patches=settings.FULL_EVERY,
    )


def plan_of(comparison: Comparison, host: Host, release: Release | None) -> Plan:
    plan = Plan(host.name, release.number if release else None, list(in_order(comparison)))
    plan.unused = comparison.site.directory.unused
    plan.from_disk = all(comparison.look(file.table).readable for file in plan.files)
    return plan


def recorded(host: Host, site: Site | None) -> dict[str, dict[str, Any]]:
    """What the last successful publication, or a rollback since, noted about each file; of a table that moved, nothing.

    ``site``: the host, if it is this machine. A host that publishes into another directory starts without a release.
    """
    # By number: none is taken that is older than one that was carried out, but a clock may have gone wrong in between.
    last = Publication.objects.filter(host=host, state=Publication.State.SUCCEEDED).order_by("-id").first()
    noted = last.files if last and host.rolled_back_files is None else host.rolled_back_files or []
    files = {item["table"]: item for item in noted}
    return {name: item for name, item in files.items() if site is None or item["path"] == _text(site, name)}


def _text(site: Site, name: str) -> str:
    return str(site.directory.place(TABLES[name]).text)


def live_of(host: Host, recorded: dict[str, dict[str, Any]]) -> Live:
    """What a publication on the host replaces."""
    return Live(host.release.number if host.release else None, None, list(recorded.values()))


def _daemon_lives(site: Site) -> bool:
    try:
        return site.daemon() is not None
    except NotAlive:
        return True
