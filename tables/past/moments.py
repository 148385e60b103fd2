"""A point in the change log as somebody names it: a release, a time, a change, or now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from tables.errors import ChangeError
from tables.exporting import change_number_at, moment_of
from tables.models import Cluster, Release
from tables.sendmail.text import visible

NOW = "now"
_CHANGE = re.compile(r"change ([0-9]{1,18})")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Moment:
    """``text`` as an address names it. Of ``release`` and ``at`` there is what it was named by; of a change neither."""

    text: str
    change_number: int
    release: Release | None = None
    at: datetime | None = None

    @property
    def is_now(self) -> bool:
        return self.text == NOW

    @property
    def words(self) -> str:
        if self.is_now:
            return NOW
        if self.release:
            return f"release {self.release.number}"
        if self.at:
            return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M:%S %Z}"
        return f"change {self.change_number}"


def now(cluster: Cluster) -> Moment:
    return Moment(NOW, cluster.last_change)


def read(cluster: Cluster, text: str) -> Moment:
    """What ``3`` (a release), ``2026-01-31 12:00 Europe/Berlin``, ``change 17`` or ``now`` mean.

    Raises :class:`ChangeError` at what is no time, names no zone, lies ahead or before the beginning.
    """
    text = " ".join(text.split())
    if text.lower() in {"", NOW}:
        return now(cluster)
    if _NUMBER.fullmatch(text):
        number = change_number_at(cluster, text)
        return Moment(text, number, release=Release.objects.get(cluster=cluster, number=int(text)))
    if named := _CHANGE.fullmatch(text):
        return _at_change(cluster, text, int(named[1]))
    return _at_time(cluster, text)


def _at_change(cluster: Cluster, text: str, number: int) -> Moment:
    if not 1 <= number <= cluster.last_change:
        raise ChangeError(f"There is no change {number}: the last one is {cluster.last_change}. Name one up to that.")
    return Moment(text, number)


def _at_time(cluster: Cluster, text: str) -> Moment:
    at = moment_of(text, otherwise="Or name a release by its number.").astimezone(UTC).replace(microsecond=0)
    if at > timezone.now():
        raise ChangeError(f"{visible(text)} lies in the future. Name a time up to now, or a release.")
    return Moment(text, change_number_at(cluster, f"{at:%Y-%m-%dT%H:%M:%SZ}"), at=at)
