"""aliases as a whole: names that must be there, owners of lists, targets that nobody is."""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint.context import Finding, Live
from tables.sendmail.lint.groups import FEW, Groups
from tables.sendmail.lint.loops import Ends
from tables.sendmail.lint.routes import Routes, targets
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import note, shown, warning

_CORRECT = "Give the last of them a target that exists."

#: Names of roles (RFC 2142) and of the system, several of whose people are no list.
_ROLES = frozenset(
    (
        *("postmaster", "mailer-daemon", "root", "abuse", "admin", "administrator", "hostmaster", "info", "marketing"),
        *("noc", "operator", "sales", "security", "support", "usenet", "news", "uucp", "webmaster", "www", "ftp"),
    )
)


def missing(aliases: Live) -> Iterator[Finding]:
    """The aliases that mail systems rely on (RFC 5321 4.5.1; RFC 2142; op.me, "the alias database")."""
    if "postmaster" not in aliases:
        message = "There is no alias postmaster, which every mail host must have."
        fix = _add("postmaster", "root")
        yield Finding("aliases", "", warning("aliases.no-postmaster", message, _remedy("postmaster", "root"), "", fix))
    if "mailer-daemon" not in aliases:
        message = "There is no alias mailer-daemon, which every mail host must have."
        fix = _add("mailer-daemon", "postmaster")
        remedy = _remedy("mailer-daemon", "postmaster")
        yield Finding("aliases", "", warning("aliases.no-mailer-daemon", message, remedy, "", fix))
    if "abuse" not in aliases:
        message = "There is no alias abuse, to which other sites complain (RFC 2142)."
        fix = _add("abuse", "postmaster")
        yield Finding("aliases", "", note("aliases.no-abuse", message, _remedy("abuse", "postmaster"), "", fix))


def _remedy(name: str, target: str) -> str:
    return f"Add {name}, for example to {target}."


def _add(name: str, target: str) -> Fix:
    return Fix(f"Add {name}: {target}", adds=(("aliases", name, target),))


def owners(aliases: Live) -> Iterator[Finding]:
    """Lists without ``owner-LIST``, which bounces go to instead of to whoever wrote."""
    found = [key for key, value in aliases.items() if _is_list(key, value) and f"owner-{key}" not in aliases]
    if len(found) > FEW:
        message = f"{len(found):,} lists, such as {shown(found[0])}, have no owner: bounces go to whoever wrote."
        remedy = f"Add an alias owner-{shown(found[0])} and so on, for example to postmaster."
        yield Finding("aliases", found[0], note("aliases.no-owner", message, remedy, "key"))
        return
    for key in found:
        message = f"The list {shown(key)} has no owner-{shown(key)}: bounces go to whoever wrote."
        fix = _add(f"owner-{key}", "postmaster")
        remedy = _remedy(f"owner-{shown(key)}", "postmaster")
        yield Finding("aliases", key, note("aliases.no-owner", message, remedy, "key", fix))


def _is_list(key: str, value: str) -> bool:
    if "," not in value and ":include:" not in value.lower():
        return False
    if key in _ROLES or key[:6] == "owner-" or key.endswith("-request"):
        return False
    if ":include:" in value.lower():
        return True
    names = targets(value)
    return len(names) > 1 and key not in names and f"\\{key}" not in names  # with the own name it is a person's copy


def unknown_targets(routes: Routes) -> Iterator[Finding]:
    """Local names that are neither an alias nor a user, where the users are known."""
    for key, value in routes.aliases.items():
        for target in targets(value):
            if target is not None and "@" not in target and not _is_known(target, key, routes):
                yield Finding("aliases", key, unknown_alias_target(target))


def _is_known(target: str, key: str, routes: Routes) -> bool:
    plain = target.removeprefix("\\")
    if routes.is_user(plain):
        return True
    return plain == target and target != key and routes.alias_of(target) is not None


def unknown_alias_target(name: str) -> Problem:
    message = f"“{shown(name)}” is neither an alias nor a user of this host, so mail to it is refused."
    return warning("aliases.unknown-target", message, "Correct the name, or add the alias or the user.", "value")


def dead_ends(ends: Ends) -> Iterator[Finding]:
    """Aliases with a target, itself an alias or an address of ours, that ends nowhere: few by name, many by target."""
    if not ends.nowhere:
        return
    dead = Groups()
    for key in ends.routes.aliases:
        if key not in ends.looping:
            name = next((name for name in ends.routes.nexts(key) if name in ends.nowhere), None)
            if name is not None:
                dead.add(ends.nowhere[name], key)
    for last, group in dead:
        if group.few:
            for key in group.first:
                yield Finding("aliases", key, _ends_nowhere(key, ends))
        else:
            message = f"{group.count:,} aliases, such as {shown(group.first[0])}, end with nobody: {ends.path(last)}."
            yield Finding("aliases", group.first[0], warning("aliases.ends-nowhere", message, _CORRECT, "value"))


def _ends_nowhere(key: str, ends: Ends) -> Problem:
    dead = next(name for name in ends.routes.nexts(key) if name in ends.nowhere)
    whole = "Mail to it" if key in ends.nowhere else f"Its target {shown(dead)}"
    message = f"{whole} ends with nobody: {shown(key)} → {ends.path(dead)}."
    return warning("aliases.ends-nowhere", message, _CORRECT, "value")
