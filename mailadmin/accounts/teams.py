"""Teams, and what is delegated to a person or a team: an administrator says it, of others, in the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from mailadmin.accounts.grants import PeopleError, check_right
from mailadmin.accounts.models import Delegation, Team, User
from tables import audit
from tables.actors import Actor
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import domain_of

#: Domains of all delegations that one person has. Each is a condition in every question that their pages ask.
MOST_DOMAINS = 300

#: The tables of which a part can be given to somebody.
DELEGABLE = [name for name, table in TABLES.items() if table.can_be_delegated]

Owner = User | Team


# --- delegations ------------------------------------------------------------------------------------------------------


def of(owner: Owner) -> Iterable[Delegation]:
    return Delegation.objects.filter(**_owner(owner))


def _owner(owner: Owner) -> dict[str, Any]:
    return {"person": owner} if isinstance(owner, User) else {"team": owner}


@transaction.atomic
def delegate(
    *,
    actor: Actor,
    to: Owner,
    tables: Collection[str],
    domains: Collection[str],
    catch_alls: bool = False,
    outside_targets: bool = False,
    quota: int | None = None,
) -> Delegation:
    """Let a limited person, or the limited people of a team, see and edit what lies in these tables and domains."""
    _may_widen(actor, to)
    made = Delegation(
        **_owner(to),
        tables=_tables(tables),
        domains=_domains(domains),
        catch_alls=catch_alls,
        outside_targets=outside_targets,
        quota=quota,
        made_by_name=actor.name,
    )
    made.save()
    _refuse_too_many(to)
    audit.record(actor=actor, action="delegation-added", key=str(to), after=_state(made))
    return made


@transaction.atomic
def change_delegation(
    *,
    actor: Actor,
    delegation: Delegation,
    tables: Collection[str],
    domains: Collection[str],
    catch_alls: bool,
    outside_targets: bool,
    quota: int | None,
) -> Delegation:
    delegation, owner = _take(actor, delegation)
    before = _state(delegation)
    delegation.tables, delegation.domains = _tables(tables), _domains(domains)
    delegation.catch_alls, delegation.outside_targets, delegation.quota = catch_alls, outside_targets, quota
    delegation.save(update_fields=["tables", "domains", "catch_alls", "outside_targets", "quota"])
    _refuse_too_many(owner)
    if (after := _state(delegation)) != before:
        audit.record(actor=actor, action="delegation-changed", key=str(owner), before=before, after=after)
    return delegation


@transaction.atomic
def take_back(*, actor: Actor, delegation: Delegation) -> None:
    delegation, owner = _take(actor, delegation)
    audit.record(actor=actor, action="delegation-removed", key=str(owner), before=_state(delegation))
    delegation.delete()


def _take(actor: Actor, delegation: Delegation) -> tuple[Delegation, Owner]:
    found = Delegation.objects.select_for_update(of=("self",)).filter(pk=delegation.pk)
    current = found.select_related("person", "team").first()
    if current is None:
        raise PeopleError("Somebody has taken this back already.")
    owner = owner_of(current)
    _may_widen(actor, owner)
    return current, owner


def owner_of(delegation: Delegation) -> Owner:
    owner = delegation.person or delegation.team
    assert owner is not None, "the database lets no other delegation in"  # noqa: S101  for the type checker
    return owner


def _may_widen(actor: Actor, owner: Owner) -> None:
    check_right(actor)
    if actor.person is None:
        return
    own = owner == actor.person if isinstance(owner, User) else owner.members.filter(pk=actor.person.pk).exists()
    if own:
        raise PeopleError("You cannot change what is delegated to yourself. Ask another administrator.")


def _tables(names: Collection[str]) -> list[str]:
    if not names or not set(names) <= set(DELEGABLE):
        raise PeopleError(f"Choose tables of which a part can be delegated: {', '.join(DELEGABLE)}.")
    return [name for name in DELEGABLE if name in names]


def _domains(typed: Collection[str]) -> list[str]:
    found = [(text, domain_of(text.strip().lstrip("@."))) for text in typed if text.strip()]
    if wrong := [text for text, domain in found if not domain]:
        raise PeopleError(f"“{wrong[0]}” is no domain. Write domains such as example.com, with blanks between them.")
    if not found:
        raise PeopleError("Name at least one domain. It covers itself and everything under it.")
    return sorted({domain for _text, domain in found})


def _refuse_too_many(owner: Owner) -> None:
    people = [owner] if isinstance(owner, User) else owner.members.all()
    for person in people:
        mine = Delegation.objects.filter(Q(person=person) | Q(team__members=person)).values_list("domains", flat=True)
        number = len({domain for domains in mine for domain in domains})
        if number > MOST_DOMAINS:
            raise PeopleError(
                f"{person} would have {number} domains; {MOST_DOMAINS} are the most that one person can have. "
                "Delegate a domain above them, or do not limit this person."
            )
    if isinstance(owner, Team):
        number = len({domain for delegation in of(owner) for domain in delegation.domains})
        if number > MOST_DOMAINS:
            raise PeopleError(f"{owner} would have {number} domains; {MOST_DOMAINS} are the most of one team.")


def _state(delegation: Delegation) -> dict[str, Any]:
    return {
        "tables": ", ".join(delegation.tables),
        "domains": ", ".join(delegation.domains),
        "catch-alls": delegation.catch_alls,
        "targets outside": delegation.outside_targets,
        "most entries": "no limit" if delegation.quota is None else delegation.quota,
    }


# --- teams ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def add(*, actor: Actor, name: str) -> Team:
    check_right(actor)
    team = Team.objects.create(name=_free_name(name))
    audit.record(actor=actor, action="team-added", key=team.name, after=_team_state(team))
    return team


@transaction.atomic
def change(*, actor: Actor, team: Team, name: str, members: Collection[User]) -> Team:
    check_right(actor)
    team = Team.objects.select_for_update().get(pk=team.pk)
    before = _team_state(team)
    _refuse_own_membership(actor, team, members)
    team.name = _free_name(name, team)
    team.save(update_fields=["name"])
    team.members.set(members)
    _refuse_too_many(team)
    if (after := _team_state(team)) != before:
        audit.record(actor=actor, action="team-changed", key=team.name, before=before, after=after)
    return team


@transaction.atomic
def remove(*, actor: Actor, team: Team) -> None:
    """With all that is delegated to it; its members have only their own then."""
    check_right(actor)
    team = Team.objects.select_for_update().get(pk=team.pk)
    _refuse_own_membership(actor, team, ())
    for delegation in of(team):
        audit.record(actor=actor, action="delegation-removed", key=team.name, before=_state(delegation))
    audit.record(actor=actor, action="team-removed", key=team.name, before=_team_state(team))
    team.delete()


def _refuse_own_membership(actor: Actor, team: Team, members: Collection[User]) -> None:
    person = actor.person
    if person is not None and team.members.filter(pk=person.pk).exists() != (person in members):
        raise PeopleError("You cannot take yourself into a team, or out of one. Ask another administrator.")


def _free_name(name: str, own: Team | None = None) -> str:
    name = " ".join(name.split())
    if not name:
        raise PeopleError("Give the team a name.")
    others = Team.objects.exclude(pk=own.pk) if own else Team.objects.all()
    if others.filter(name__iexact=name).exists():
        raise PeopleError(f"There is a team “{name}” already. Choose another name.")
    return name


def _team_state(team: Team) -> dict[str, Any]:
    names = team.members.order_by("username").values_list("username", flat=True)
    return {"name": team.name, "members": ", ".join(names)}
