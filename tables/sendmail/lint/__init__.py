"""What one entry alone cannot show: loops, targets that nobody is, domains that are not ours, rules without an effect.

Each table is read once, and each check takes time that grows with its size. What is found is yielded as it is found;
where many entries have one thing wrong, such as a domain that is not local, there is one finding for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint import access, aliases, catch_alls, generics, mailers, relaying, virtual
from tables.sendmail.lint.context import Context, Finding, Live, Tables, load
from tables.sendmail.lint.groups import summed
from tables.sendmail.lint.host import holds_here
from tables.sendmail.lint.loops import Ends
from tables.sendmail.lint.routes import Routes

__all__ = ["Context", "Finding", "Tables", "holds_here", "lint"]


def lint(tables: Tables, context: Context) -> Iterator[Finding]:
    """Everything that the enabled entries of all tables together show; a rule that speaks too often is summed up."""
    return summed(_findings(tables, context))


def _findings(tables: Tables, context: Context) -> Iterator[Finding]:
    hosts = yield from load("local-host-names", tables("local-host-names"), context.today)
    local = context.local_domains | hosts.keys()
    yield from _recipients(tables, context, local)
    yield from _relaying(tables, context, local)
    generic = yield from load("genericstable", tables("genericstable"), context.today)
    yield from generics.domains(generic, context, local)
    yield from generics.without_effect(generic)
    routes = yield from load("mailertable", tables("mailertable"), context.today)
    yield from mailers.routes(routes, context, _class_w(context, hosts))
    yield from mailers.without_effect(routes)


def _class_w(context: Context, hosts: Live) -> frozenset[str]:
    """What is local by itself, not as a virtual domain."""
    return (context.local_domains - (context.virtual_domains or frozenset())) | hosts.keys()


def _recipients(tables: Tables, context: Context, local: frozenset[str]) -> Iterator[Finding]:
    """aliases and virtusertable, which lead to each other."""
    names = yield from load("aliases", tables("aliases"), context.today)
    addresses = yield from load("virtusertable", tables("virtusertable"), context.today)
    domains = virtual.domains_of(addresses)
    routes = Routes(names, addresses, domains, context, local)
    ends = Ends(routes)
    if context.aliases_required and names:
        yield from aliases.missing(names)
    yield from ends.loops()
    if context.users is not None:
        yield from aliases.unknown_targets(routes)
    yield from aliases.dead_ends(ends)
    yield from aliases.owners(names)
    yield from virtual.not_local(domains, routes)
    yield from virtual.entries(ends, domains)
    yield from catch_alls.catch_alls(domains, routes)


def _relaying(tables: Tables, context: Context, local: frozenset[str]) -> Iterator[Finding]:
    rules = yield from load("access", tables("access"), context.today)
    relayed = yield from load("relay-domains", tables("relay-domains"), context.today)
    yield from access.without_effect(rules, dotted=context.has("lookupdotdomain"))
    yield from relaying.relayed_and_local(relayed, local)
    yield from relaying.covered(relayed, context)
    yield from relaying.contradictions(rules, relayed, context)
