"""What all rules of the machine stand on: people, time, acts that are watched, and tables that each run begins anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine

from mailadmin.accounts import people, teams
from mailadmin.accounts.grants import PeopleError
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import ChangeRequest
from tables.rules import PolicyInvalid
from tests.machine import clock
from tests.machine.book import COMMAND, Book, Dossier, Limit, Person, Violation, Wish
from tests.machine.watch import Watch

Result = TypeVar("Result")

CAST: dict[str, set[Role]] = {
    "alice": {Role.POSTMASTER},
    "amy": {Role.POSTMASTER},
    "bob": {Role.APPROVER},
    "ben": {Role.APPROVER},
    "charlie": {Role.VIEWER},
    "dora": {Role.ADMINISTRATOR},
    "dan": {Role.ADMINISTRATOR},
    "pat": {Role.POSTMASTER, Role.APPROVER},
    "lee": {Role.POSTMASTER},
    "liz": {Role.APPROVER},
}
PEOPLE = [*CAST, "sue"]  # who is a superuser
#: Who may touch only a part.
LIMITS = {
    "lee": Limit(frozenset({"access", "virtusertable", "mailertable"}), "a.example"),
    "liz": Limit(frozenset({"access", "virtusertable", "relay-domains"}), "a.example"),
}

#: What a service may answer instead of doing what was asked.
REFUSALS = (ChangeError, PeopleError, PermissionDenied, PolicyInvalid)

#: Over all machines of this process: steps driven, and what came of them.
COUNTED: Counter[str] = Counter()


def make_cast() -> None:
    """The people, once and long ago: each run begins with them as they are made here."""
    with clock.running(clock.START - timedelta(days=30)):
        for name, roles in CAST.items():
            _make(name, roles, LIMITS.get(name))
    User.objects.create_superuser("sue")


def _make(name: str, roles: set[Role], limit: Limit | None) -> None:
    actor = Actor.command()
    person, _password = people.add(
        actor=actor, username=name, full_name="", email="", roles=sorted(roles), limited=limit is not None
    )
    if limit:
        teams.delegate(actor=actor, to=person, tables=limit.tables, domains=[limit.domain])


class Base(RuleBasedStateMachine):
    """Whatever a run writes is taken back at its end: it happens inside one transaction of the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.trail: list[str] = []
        self.broken = False
        #: Of the last act; None when it was done.
        self.refusal: Exception | None = None
        self.stack = ExitStack()
        self.stack.enter_context(_taken_back())
        self.clock = self.stack.enter_context(clock.running())
        self.cluster = get_cluster()
        cast = {name: Person(set(roles), LIMITS.get(name)) for name, roles in CAST.items()}
        self.book = Book({**cast, "sue": Person(set(), superuser=True)})
        self.watch = Watch(self.book, self.cluster)

    # --- people -------------------------------------------------------------------------------------------------------

    def actor(self, who: str) -> Actor:
        return Actor.command() if who == COMMAND else Actor.of(self.person(who))

    def person(self, who: str) -> User:
        """As each page loads them: nothing that was known of their rights before is kept."""
        return User.objects.get(username=who)

    # --- acts ---------------------------------------------------------------------------------------------------------

    def act(
        self,
        said: str,
        do: Callable[[], Result],
        *,
        allowed: bool = True,
        then: Callable[[Result], None] | None = None,
    ) -> Result | None:
        """Have a service do something, and look at what came of it; ``None`` when it was refused.

        ``then`` tells the book. ``allowed``: whether the one who acts has the right at all.
        """
        COUNTED["steps"] += 1
        self.refusal = None
        rule = said.split(" ", 2)[1]
        try:
            try:
                result = do()
            except REFUSALS as refusal:
                self.refusal = refusal
                self._note(f"{said}: refused: {refusal}")
                COUNTED[f"{rule} refused"] += 1
                self.watch.refused(said)
                return None
            self._note(f"{said}: {_outcome(result)}")
            COUNTED[f"{rule} done"] += 1
            if not allowed:
                raise Violation(f"{said}, without having the right to.")
            if then:
                then(result)
            self.watch.done(self.clock.now())
        except BaseException as error:
            self._break(error, said)
            raise
        return result

    def _note(self, said: str) -> None:
        self.trail.append(f"{len(self.trail) + 1}. {said}")

    def _break(self, error: BaseException, last: str = "") -> None:
        if self.broken:
            return
        self.broken = True
        error.add_note("\n".join(["What was done:", *self.trail, *([f"and last: {last}"] if last else [])]))

    def expect(self, holds: bool, message: str) -> None:
        if not holds:
            violation = Violation(message)
            self._break(violation)
            raise violation

    # --- requests -----------------------------------------------------------------------------------------------------

    def open_dossier(self, who: str, wishes: dict[tuple[str, str], Wish] | None) -> Callable[[ChangeRequest], None]:
        """Tells the book of a request that somebody made and submitted in one breath."""

        def note(request: ChangeRequest) -> None:
            self.book.dossiers[request.pk] = Dossier({who} - {COMMAND}, wishes)

        return note

    def requests(self, *states: str) -> list[ChangeRequest]:
        return list(ChangeRequest.objects.filter(cluster=self.cluster, state__in=states).order_by("pk"))

    def count(self, *states: str) -> int:
        """Of the requests in any of these states, after the last act."""
        return sum(said[0] in states for said in self.watch.sight.requests.values())

    # --- the end ------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if not self.broken:
                COUNTED["runs"] += 1
                self.finish()
        except BaseException as error:
            self._break(error)
            raise
        finally:
            self.stack.close()

    def finish(self) -> None:
        """Checks that cost too much for each step."""


def _outcome(result: Any) -> str:
    if isinstance(result, ChangeRequest):
        risks = f" ({', '.join(result.risks)})" if result.risks else ""
        return f"request {result.pk} {result.state}{risks}"
    return "done" if result is None else f"{result}"


class _taken_back:  # noqa: N801  reads as a phrase
    """A savepoint that is always rolled back."""

    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *_about: object) -> None:
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)
