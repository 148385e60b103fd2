"""Catch-alls of virtusertable that hide nothing, or everything."""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint.context import Finding
from tables.sendmail.lint.routes import Routes
from tables.sendmail.lint.virtual import Domain
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import note, shown, warning
from tables.sendmail.syntax.fixes import remove

_REFUSAL = "error:nouser 550 No such user here"


def catch_alls(domains: dict[str, Domain], routes: Routes) -> Iterator[Finding]:
    for name, domain in domains.items():
        problems = _without_catch_all(name, routes) if domain.catch_all is None else _of(name, domain, routes)
        for problem in problems:
            yield Finding("virtusertable", domain.first if domain.catch_all is None else f"@{name}", problem)


def _of(name: str, domain: Domain, routes: Routes) -> Iterator[Problem]:
    value = domain.catch_all or ""
    if value == "%1" and name in routes.local:
        message = f"“@{shown(name)}” leads to the local user, as mail for {shown(name)} does anyway."
        remedy = "Nothing has to be done; such an entry may go."
        yield note("virtusertable.idle-catch-all", message, remedy, "value", remove())
    if value[:6].lower() == "error:" and domain.count == 1:
        message = f"“@{shown(name)}” is the only entry of its domain, and it refuses all mail."
        remedy = "Nothing, if that is meant; or else add the addresses that take mail."
        yield note("virtusertable.only-refusal", message, remedy, "value")
    if "%1" not in value and f"postmaster@{name}" not in routes.virtual:
        yield _hides_postmaster(name, value, routes)


def _hides_postmaster(name: str, value: str, routes: Routes) -> Problem:
    """The one address that each domain must have (RFC 5321 4.5.1) goes with everybody else's."""
    names = [user for user in ("postmaster", "abuse") if f"{user}@{name}" not in routes.virtual]
    fix = Fix(f"Add {' and '.join(names)}", adds=tuple(("virtusertable", f"{user}@{name}", user) for user in names))
    remedy = f"Add {' and '.join(f'{user}@{shown(name)}' for user in names)}."
    if name in routes.local:
        message = f"“@{shown(name)}” takes the mail of every local user and alias without an entry, also postmaster's."
        return warning("virtusertable.hides-local-users", message, remedy, "key", fix)
    if value[:6].lower() == "error:":
        message = f"“@{shown(name)}” refuses mail to postmaster, which every domain must take."
        return warning("virtusertable.no-postmaster", message, remedy, "key", fix)
    message = f"Mail to postmaster of {shown(name)} goes where all else goes: {shown(value)}."
    return note("virtusertable.postmaster-in-catch-all", message, remedy, "key", fix)


def _without_catch_all(name: str, routes: Routes) -> Iterator[Problem]:
    """In a domain of class VirtHost alone, mail to nobody is sent on to the domain's MX: to this host."""
    if name in (routes.context.virtual_domains or ()) and routes.local and name not in routes.local:
        message = f"Mail to addresses of {shown(name)} without an entry is sent by MX and comes back: a loop."
        fix = Fix(f"Add @{shown(name)} {_REFUSAL}", adds=(("virtusertable", f"@{name}", _REFUSAL),))
        yield warning("virtusertable.no-catch-all", message, f"Add @{shown(name)} with {_REFUSAL}.", "key", fix)
