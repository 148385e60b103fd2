"""What one entry alone cannot show: loops, targets that nobody is, domains that are not ours.

Each check reads its tables once, in time that grows with their size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tables.sendmail.spec import Entry, Fix, Grade, Problem
from tables.sendmail.syntax.common import domain_after_at, shown
from tables.sendmail.syntax.targets import Target, items

Tables = Callable[[str], Iterable[Entry]]

#: Aliases that mail systems rely on (RFC 5321 4.5.1; op.me, "the alias database").
REQUIRED = ("postmaster", "mailer-daemon")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the hosts, in lower case; ``None`` for what is not known, and then nothing is said of it."""

    users: frozenset[str] | None = None  # names with a mailbox
    local_domains: frozenset[str] = field(default_factory=frozenset)  # class w beyond local-host-names, VirtHost
    generic_domains: frozenset[str] | None = None  # class G
    aliases_required: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of one entry among others. ``key`` is empty when an entry is missing."""

    table: str
    key: str
    problem: Problem


def lint(tables: Tables, context: Context) -> Iterator[Finding]:
    """Everything that the enabled entries of all tables together show."""
    aliases = _live(tables, "aliases")
    if context.aliases_required and aliases:
        yield from _missing(aliases)
    yield from _alias_loops(aliases)
    if context.users is not None:
        yield from _alias_targets(aliases, context.users)
    local = context.local_domains | frozenset(_live(tables, "local-host-names"))
    virtual = _live(tables, "virtusertable")
    yield from _virtual_domains(virtual, local)
    yield from _virtual_loops(virtual)
    if context.users is not None:
        yield from _virtual_targets(virtual, aliases, context.users)
    if context.generic_domains is not None:
        yield from _generic_domains(_live(tables, "genericstable"), context.generic_domains)


def _live(tables: Tables, name: str) -> dict[str, str]:
    return {entry.key: entry.value.strip(" \t\r") for entry in tables(name) if entry.enabled}


def _finding(table: str, key: str, rule: str, message: str, remedy: str, where: str = "value") -> Finding:
    return Finding(table, key, Problem(f"{table}.{rule}", Grade.WARNING, message, remedy, where))


def _missing(aliases: Mapping[str, str]) -> Iterator[Finding]:
    for name in REQUIRED:
        if name not in aliases:
            message = f"There is no alias {name}, which every mail host must have."
            found = _finding("aliases", "", f"no-{name}", message, f"Add {name}, for example to root.", "")
            fix = Fix(f"Add {name}: root", adds=(("aliases", name, "root"),))
            yield replace(found, problem=replace(found.problem, fix=fix))


def _local_targets(key: str, value: str) -> list[str]:
    """The local names that an alias leads to on; ``\\user`` and the alias's own name end there."""
    names = (item.name for item in items(value) if item.kind is Target.ADDRESS)
    return [name.lower() for name in names if "@" not in name and name[:1] != "\\" and name.lower() != key]


def _alias_loops(aliases: Mapping[str, str]) -> Iterator[Finding]:
    graph = {key: [name for name in _local_targets(key, value) if name in aliases] for key, value in aliases.items()}
    for loop in _loops(graph):
        path = " → ".join(shown(name) for name in [*loop, loop[0]])
        message = f"The aliases lead back to where they began: {path}."
        yield _finding("aliases", loop[0], "loop", message, "Give one of them a target outside the loop.")


def _loops(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """One loop for each part of the graph that has any, by a walk in depth without recursion."""
    done: set[str] = set()
    for start in graph:
        if start in done:
            continue
        path: dict[str, None] = {start: None}
        rest = [iter(graph[start])]
        while rest:
            name = next(rest[-1], None)
            if name is None:
                rest.pop()
                done.add(path.popitem()[0])
            elif name in path:
                yield _loop_from(list(path), name)
            elif name not in done:
                path[name] = None
                rest.append(iter(graph[name]))


def _loop_from(path: list[str], name: str) -> list[str]:
    return path[path.index(name) :]


def _alias_targets(aliases: Mapping[str, str], users: frozenset[str]) -> Iterator[Finding]:
    for key, value in aliases.items():
        for item in items(value):
            if item.kind is Target.ADDRESS and "@" not in item.name and not _known(item.name, key, aliases, users):
                yield _unknown("aliases", key, item.name)


def _known(name: str, key: str, aliases: Mapping[str, str], users: frozenset[str]) -> bool:
    """Whether a local name is a user, or an alias that is looked up on (``\\name`` and the own name are not)."""
    plain = name.removeprefix("\\").partition("(")[0].strip().lower()
    user = plain.partition("+")[0]
    if plain in users or user in users:
        return True
    return not name.startswith("\\") and plain != key and (plain in aliases or user in aliases)


def _unknown(table: str, key: str, name: str) -> Finding:
    message = f"“{shown(name)}” is neither an alias nor a user of this host, so mail to it is refused."
    return _finding(table, key, "unknown-target", message, "Correct the name, or add the alias or the user.")


def _virtual_domains(virtual: Mapping[str, str], local: frozenset[str]) -> Iterator[Finding]:
    if not local:
        return
    for key in virtual:
        domain = domain_after_at(key)
        if domain and domain not in local:
            message = f"“{shown(domain)}” is not among the local domains, so this entry is never looked up."
            remedy = f"Add {shown(domain)} to local-host-names, or to the virtual domains of sendmail.mc."
            yield _finding("virtusertable", key, "domain-not-local", message, remedy, "key")


def _virtual_loops(virtual: Mapping[str, str]) -> Iterator[Finding]:
    graph = {key: [found] for key, value in virtual.items() if (found := _next(key, value, virtual)) is not None}
    whole = {key: [name for name in names if name in graph] for key, names in graph.items()}
    for loop in _loops(whole):
        path = " → ".join(shown(name) for name in [*loop, loop[0]])
        message = f"The entries lead back to where they began: {path}; sendmail gives up after 50 rounds."
        yield _finding("virtusertable", loop[0], "loop", message, "Give one of them a target outside the loop.")


def _next(key: str, value: str, virtual: Mapping[str, str]) -> str | None:
    """The key that is looked up next for the value of ``key``, itself included only for a catch-all's ``%1``."""
    address = value.lower()
    if "@" not in address:
        return None
    catch_all = "@" + domain_after_at(address)
    if address.startswith("%1@") and key.startswith("@"):
        return catch_all if catch_all in virtual and catch_all != key else None
    if address in virtual:
        return address if address != key else None
    return catch_all if catch_all in virtual and catch_all != key else None


def _virtual_targets(
    virtual: Mapping[str, str], aliases: Mapping[str, str], users: frozenset[str]
) -> Iterator[Finding]:
    for key, value in virtual.items():
        plain = not any(mark in value for mark in '@%:\\|/" ,')
        if plain and value and not _known(value, "", aliases, users):
            yield _unknown("virtusertable", key, value)


def _generic_domains(generic: Mapping[str, str], domains: frozenset[str]) -> Iterator[Finding]:
    for key in generic:
        domain = domain_after_at(key)
        if domain and domain not in domains:
            message = f"“{shown(domain)}” is not among the generic domains, so this entry is never looked up."
            remedy = f"Add {shown(domain)} to the generic domains of sendmail.mc."
            yield _finding("genericstable", key, "domain-not-generic", message, remedy, "key")
