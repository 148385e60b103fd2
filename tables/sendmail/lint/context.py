"""What is known about the hosts, and how the entries of a table come to the checks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import date

from tables.sendmail.lint.expiry import expired
from tables.sendmail.spec import Entry, Problem

Tables = Callable[[str], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the hosts, in lower case; ``None`` for what is not known, and then nothing is said of it."""

    users: frozenset[str] | None = None  # names with a mailbox
    local_domains: frozenset[str] = field(default_factory=frozenset)  # class w beyond local-host-names
    generic_domains: frozenset[str] | None = None  # class G
    aliases_required: bool = True
    virtual_domains: frozenset[str] | None = field(default_factory=frozenset)  # class VirtHost
    relay_domains: frozenset[str] = field(default_factory=frozenset)  # class R beyond relay-domains
    mailers: frozenset[str] | None = None  # names of M lines
    features: frozenset[str] | None = None  # see mailcf.FEATURES
    today: date | None = None

    def has(self, feature: str) -> bool:
        """Whether the configuration is known to have a feature."""
        return self.features is not None and feature in self.features


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of one entry among others. ``key`` is empty when an entry is missing."""

    table: str
    key: str
    problem: Problem


Live = dict[str, str]


def load(table: str, entries: Iterable[Entry], today: date | None) -> Generator[Finding, None, Live]:
    """Read a table once: the value of each enabled entry is returned, entries past their date are yielded."""
    live: Live = {}
    for entry in entries:
        if not entry.enabled:
            continue
        live[entry.key] = entry.value.strip(" \t\r")
        if today is not None and entry.comment:
            problem = expired(entry.comment, today)
            if problem is not None:
                yield Finding(table, entry.key, problem)
    return live
