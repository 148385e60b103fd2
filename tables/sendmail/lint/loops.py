"""Recipients that lead back to where they began, and those all of whose ways end with nobody."""

from __future__ import annotations

from collections.abc import Iterator

from tables.sendmail.lint.context import Finding
from tables.sendmail.lint.graph import Successors, components, loop_in
from tables.sendmail.lint.routes import Routes, start
from tables.sendmail.spec import Problem
from tables.sendmail.syntax.common import domain_after_at, note, shown, warning

#: So many names of a path are written out.
_NAMES = 8


class Ends:
    """The walk over everything that aliases and virtusertable lead to; ``nowhere`` and ``looping`` fill on the way."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes
        #: Recipients that end nowhere, each with the last of the ways from it that go on.
        self.nowhere: dict[str, str] = {}
        self.looping: set[str] = set()
        self._open: dict[str, tuple[str, ...]] = {}

    def loops(self) -> Iterator[Finding]:
        for part in components(self._starts(), self._nexts):
            if len(part) > 1:
                yield from self._of_part(part)
            elif "@" in part[0] and part[0] in self._open.get(part[0], ()):
                self.looping.add(part[0])
                yield from self._at_itself(part[0])
            self._close(part)

    def _of_part(self, part: list[str]) -> Iterator[Finding]:
        """Around a user sendmail stops at the mailbox (recipient.c, self_reference; seen with 8.17)."""
        users = {name for name in part if "@" not in name and self._has_mailbox(name)}
        if not users:
            yield self._loop(part, self.routes.nexts)
            return
        user = next(name for name in part if name in users)
        yield Finding("aliases", user, _loop_at_user(loop_in([user, *part], self.routes.nexts), user))
        self._open.pop(user, None)
        rest = set(part) - users

        def without_users(name: str) -> list[str]:
            return [after for after in self.routes.nexts(name) if after in rest]

        for smaller in components((name for name in part if name in rest), without_users):
            if len(smaller) > 1:
                yield self._loop(smaller, without_users)

    def _has_mailbox(self, name: str) -> bool:
        return self.routes.context.users is not None and self.routes.is_user(name)

    def _starts(self) -> Iterator[str]:
        yield from self.routes.aliases
        looks_up = self.routes.looks_up
        for key, value in self.routes.virtual.items():
            if "@" in key and "@" in value and looks_up(domain_after_at(value.lower())):
                yield start(key)

    def _nexts(self, recipient: str) -> tuple[str, ...]:
        step = self.routes.step(recipient)
        if not step.delivers:
            self._open[recipient] = step.nexts
        return step.nexts

    def _close(self, part: list[str]) -> None:
        """Everything that the part leads to is known by now."""
        ways = [self._open.pop(name, None) for name in part]
        if None in ways:
            return
        inside = set(part) if len(part) > 1 else ()
        after = [name for nexts in ways for name in nexts or () if name != part[0] and name not in inside]
        if all(name in self.nowhere for name in after):
            last = self.nowhere[after[0]] if after else part[0]
            self.nowhere.update((name, last) for name in part)

    def _loop(self, part: list[str], nexts: Successors) -> Finding:
        self.looping.update(part)
        self.looping.update(start(self.entry(name)[1]) for name in part)
        loop = loop_in(part, nexts)
        table, key = self.entry(loop[0])
        return Finding(table, key, _loop_of_aliases(loop) if table == "aliases" else _loop_of_addresses(loop))

    def _at_itself(self, address: str) -> Iterator[Finding]:
        """An address that its own entry leads to. Of the plainest form the entry alone tells."""
        table, key = self.entry(address)
        value = self.routes.virtual[key].lower() if table == "virtusertable" else key
        if value.removeprefix("%1") != key:
            yield Finding(table, key, _loop_of_addresses([address]))

    def entry(self, recipient: str) -> tuple[str, str]:
        """(table, key) of the entry that decides about a recipient that goes on."""
        if "@" not in recipient:
            return "aliases", recipient
        key = self.routes.virtual_key(recipient)
        return ("aliases", recipient.rpartition("@")[0]) if key is None else ("virtusertable", key)

    def path(self, recipient: str) -> str:
        """The way from a recipient that ends nowhere, in words, with the name that nobody has at its end."""
        names = [recipient]
        while len(names) < _NAMES:
            nexts = self.routes.nexts(names[-1])
            after = next((name for name in nexts if name not in names), None)
            if after is None:
                names += [] if nexts else self.routes.unknown(names[-1])[:1]
                break
            names.append(after)
        return " → ".join(_named(name) for name in names)


def _named(recipient: str) -> str:
    return shown(recipient.removeprefix("*") if recipient[:2] == "*@" else recipient)


def _around(loop: list[str]) -> str:
    if len(loop) > _NAMES:
        names = " → ".join(_named(name) for name in loop[:_NAMES])
        return f"{names} → … ({len(loop) - _NAMES:,} more) → {_named(loop[0])}"
    return " → ".join(_named(name) for name in [*loop, loop[0]])


def _loop_of_aliases(loop: list[str]) -> Problem:
    message = f"The aliases lead back to where they began: {_around(loop)}."
    return warning("aliases.loop", message, "Give one of them a target outside the loop.", "value")


def _loop_at_user(loop: list[str], user: str) -> Problem:
    message = f"The aliases lead back to where they began: {_around(loop)}; mail ends in the mailbox of {shown(user)}."
    return note("aliases.loop-at-user", message, "Nothing, if that is meant; \\user says it plainly.", "value")


def _loop_of_addresses(loop: list[str]) -> Problem:
    message = f"The entries lead back to where they began: {_around(loop)}; sendmail gives up after 50 rounds."
    return warning("virtusertable.loop", message, "Give one of them a target outside the loop.", "value")
