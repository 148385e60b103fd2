"""genericstable as a whole: domains outside class G, and entries that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint import no_effect
from tables.sendmail.lint.context import Context, Finding, Live
from tables.sendmail.lint.groups import Groups
from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import domain_after_at, is_domain, shown, warning
from tables.sendmail.syntax.fixes import write_key


def domains(generic: Live, context: Context, local: frozenset[str]) -> Iterator[Finding]:
    """Keys that sendmail never looks up: in a domain outside class G, or a domain where a user stands."""
    known = context.generic_domains
    outside = Groups()
    for key in generic:
        domain = domain_after_at(key)
        if not domain:
            if is_domain(key) and (key in local or key in (known or ())):
                yield Finding("genericstable", key, _domain_as_user(key))
        elif known is not None and not _is_generic(domain, known, context):
            outside.add(domain, key)
    for domain, group in outside:
        entries = "this entry is" if group.count == 1 else f"its {group.count:,} entries are"
        message = f"“{shown(domain)}” is not among the generic domains, so {entries} never looked up."
        remedy = f"Add {shown(domain)} to the generic domains of sendmail.mc."
        problem = warning("genericstable.domain-not-generic", message, remedy, "key")
        yield Finding("genericstable", group.first[0], problem)


def _is_generic(domain: str, known: frozenset[str], context: Context) -> bool:
    if domain in known:
        return True
    if not context.has("generics_entire_domain"):
        return False
    labels = domain.split(".")
    return any(".".join(labels[index:]) in known for index in range(1, len(labels)))


def _domain_as_user(key: str) -> Problem:
    message = f"“{shown(key)}” is a domain of ours, but without an @ the key is a user's name."
    fix = write_key(f"@{key}")
    return warning("genericstable.domain-as-user", message, f"Write @{shown(key)}.", "key", fix)


def without_effect(generic: Live) -> Iterator[Finding]:
    """Addresses that become what a wider entry would make of them."""
    idle = Groups()
    for key, value in generic.items():
        local, at, domain = key.rpartition("@")
        if not at or not local or "+" in local:
            continue
        other = f"@{domain}" if f"@{domain}" in generic else local
        if other in generic and value.lower() == generic[other].replace("%1", local).lower():
            idle.add(other, key)
    return no_effect.of_groups(
        "genericstable",
        idle,
        lambda name, key: f"“{key}” becomes what “{shown(name)}” would make of it anyway.",
        lambda name, count, key: (
            f"{count} addresses, such as “{key}”, become what “{shown(name)}” would make of them anyway."
        ),
    )
