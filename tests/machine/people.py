"""Rules: roles are given and taken, accounts switched off and on and reset."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailadmin.accounts import grants, people
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tests.machine.base import PEOPLE, Base
from tests.machine.book import COMMAND, MANAGERS, Person
from tests.machine.editing import which

managers = st.sampled_from(["dora", "dan", "dora", "dan", "sue", COMMAND, "alice", "bob", "pat"])
persons = st.sampled_from(sorted(PEOPLE))
#: What nobody may hand out alone.
POWERFUL = {Role.APPROVER, Role.ADMINISTRATOR}


def people_now() -> dict[str, tuple[set[Role], bool, bool]]:
    """Everybody's roles, whether they may log in, and whether they are superusers."""
    return {
        person.username: (set(people.roles_of(person)), person.is_active, person.is_superuser)
        for person in User.objects.prefetch_related("groups")
    }


class People(Base):
    def manages(self, said: str, by: str, person: str, do: object) -> None:
        """An act of an administrator on one account: nobody else's rights change by it."""
        before = people_now()
        done = self.act(said, do, allowed=self.book.may(by, MANAGERS))  # type: ignore[arg-type]
        after = people_now()
        changed = {name for name in after if before[name] != after[name]}
        self.expect(changed <= {person}, f"{said} changed the rights of {changed}.")
        if self.refusal is not None:
            self.expect(not changed, f"{said} was refused and changed rights all the same.")
        self.note_rights(said, by, person, after[person], done)

    def note_rights(self, said: str, by: str, person: str, now: tuple[set[Role], bool, bool], _done: object) -> None:
        known = self.book.people[person]
        roles, active, superuser = now
        self.expect(superuser == known.superuser, f"{said} made or unmade a superuser.")
        if known.active and Role.ADMINISTRATOR in known.roles and not (active and Role.ADMINISTRATOR in roles):
            self.note_put_out(by)
        if active and not known.active:
            self.note_entered(person, by)
        known.roles, known.active = roles, active
        self.expect(bool(self.book.administrators()), f"{said} left nobody who administers.")

    def note_put_out(self, by: str) -> None:
        if by in self.book.people:
            self.book.people[by].put_out_at = self.clock.now()

    def note_entered(self, person: str, by: str) -> None:
        known = self.book.people[person]
        known.entered_by, known.entered_at = by, self.clock.now()

    def may_hand_out_alone(self, by: str, person: str) -> bool:
        """The command line; or an administrator who has no other beside them, and did not see to that lately."""
        if by == COMMAND:
            return True
        others = self.book.administrators() - {by, person}
        put_out = self.book.people[by].put_out_at
        return not others and (put_out is None or (self.clock.now() - put_out).days >= 7)

    @rule(by=managers, name=persons, roles=st.sets(st.sampled_from(list(Role)), max_size=2))
    def set_roles(self, by: str, name: str, roles: set[Role]) -> None:
        known: Person = self.book.people[name]
        had, alone = set(known.roles), self.may_hand_out_alone(by, name)
        said = f"{by} sets the roles of {name} to {sorted(roles)}"
        self.manages(
            said,
            by,
            name,
            lambda: people.change(
                actor=self.actor(by), person=self.person(name), full_name="", email="", roles=sorted(roles)
            ),
        )
        if self.refusal is None:
            gained = (self.book.people[name].roles - had) & POWERFUL
            self.expect(not gained or alone, f"{said}: {sorted(gained)} came from one person alone.")
            self.expect(by != name or known.roles == had, f"{said}: these are their own.")

    @rule(by=managers, name=persons, kind=st.sampled_from(["lets in", "lets in", "locks out", "resets"]))
    def account(self, by: str, name: str, kind: str) -> None:
        def do() -> object:
            actor, person = self.actor(by), self.person(name)
            if kind == "resets":
                return people.reset_password(actor=actor, person=person)
            return people.switch(actor=actor, person=person, active=kind == "lets in")

        self.manages(f"{by} {kind} {name}", by, name, do)
        if self.refusal is None and kind == "resets":
            self.note_entered(name, by)

    @precondition(lambda self: grants.waiting().exists())
    @rule(by=managers, number=which, gives=st.booleans())
    def decide_role(self, by: str, number: int, *, gives: bool) -> None:
        waiting = list(grants.waiting())
        grant = waiting[number % len(waiting)]
        name, asked_by = grant.person.username, grant.asked_by.username
        said = f"{by} {'gives' if gives else 'refuses'} {name} the role {grant.role}, asked for by {asked_by}"
        do = grants.give if gives else grants.refuse
        self.manages(said, by, name, lambda: do(actor=self.actor(by), pk=grant.pk))
        if self.refusal is None and gives:
            self.expect(by not in {name, asked_by, COMMAND}, f"{said}: that takes another person.")
