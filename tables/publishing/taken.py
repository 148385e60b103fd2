"""Which states of a host's files were taken over: writing over them loses nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tables.models import Drift, Host


def accepted(host: Host, recorded: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Per table the checksums of what was taken over since the last publication recorded its file."""
    found: dict[str, set[str]] = defaultdict(set)
    taken = Drift.objects.filter(host=host, state=Drift.State.TAKEN_OVER)
    for table, before, now in taken.values_list("table", "recorded_sha256", "sha256"):
        if before == recorded.get(table, {}).get("sha256", ""):
            found[table].add(now)
    return found
