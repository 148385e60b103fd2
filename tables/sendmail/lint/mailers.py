"""mailertable as a whole: domains that never get there, hosts that lead back here, mailers that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint import no_effect
from tables.sendmail.lint.access import wider
from tables.sendmail.lint.context import Context, Finding, Live
from tables.sendmail.lint.groups import Groups
from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import shown, warning
from tables.sendmail.syntax.fixes import remove
from tables.sendmail.syntax.mailertable import MAILERS


def routes(table: Live, context: Context, local: frozenset[str]) -> Iterator[Finding]:
    for key, value in table.items():
        mailer, colon, host = value.partition(":")
        mailer = mailer.lower()
        if key in local:
            yield Finding("mailertable", key, _local(key))
        if not colon or mailer in ("error", "local"):
            continue
        if context.mailers is not None and mailer in MAILERS and mailer not in context.mailers:
            yield Finding("mailertable", key, _unknown_mailer(mailer, context.mailers))
        back = next((part for part in host.lower().split(":") if part.strip("[]") in local), None)
        if back is not None and key not in local:
            yield Finding("mailertable", key, _back(key, back))


def _local(key: str) -> Problem:
    message = f"{shown(key)} is local, so its mail is delivered here and never takes this route."
    remedy = f"Remove {shown(key)} from local-host-names, or this entry."
    return warning("mailertable.local-domain", message, remedy, "key", remove())


def _unknown_mailer(mailer: str, known: frozenset[str]) -> Problem:
    message = f"sendmail.cf of this host defines no mailer “{shown(mailer)}”, so mail bounces with 554."
    remedy = f"Use one of {', '.join(sorted(known - {'prog', '*file*', '*include*'}))}."
    return warning("mailertable.unknown-mailer", message, remedy, "value")


def _back(key: str, host: str) -> Problem:
    message = f"Mail for {shown(key)} goes to {shown(host)}, which is this host: it comes back, and bounces."
    return warning("mailertable.to-itself", message, "Name the host that takes the mail.", "value")


def without_effect(table: Live) -> Iterator[Finding]:
    """Domains that take the route which a wider entry would give them."""
    idle = Groups()
    for key, value in table.items():
        if key == "." or "%" in value:
            continue
        names = (f".{part}" for part in wider(key.lstrip(".")))
        other = next((name for name in (*names, ".") if name in table and name != key), None)
        if other is not None and table[other] == value:
            idle.add(other, key)
    return no_effect.of_groups(
        "mailertable",
        idle,
        lambda name, key: f"“{key}” takes the route that “{shown(name)}” gives it anyway.",
        lambda name, count, key: f"{count} domains, such as “{key}”, take the route of “{shown(name)}”.",
    )
