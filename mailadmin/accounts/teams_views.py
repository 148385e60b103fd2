"""Pages about teams, and about what is delegated to them and to persons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailadmin.accounts import teams
from mailadmin.accounts.forms import DelegationForm, NewTeamForm, TeamForm
from mailadmin.accounts.grants import PeopleError
from mailadmin.accounts.models import Delegation, Team, User
from mailadmin.accounts.roles import PEOPLE
from tables import scopes
from tables.entries import get_cluster
from tables.views.access import actor_of, needs
from tables.views.fresh import needs_fresh_login


@dataclass(frozen=True, slots=True)
class Row:
    """A delegation, and how many entries stand inside it where they are limited."""

    delegation: Delegation
    used: int | None


def rows_of(found: Iterable[Delegation]) -> list[Row]:
    cluster = get_cluster()
    return [Row(one, None if one.quota is None else scopes.used(cluster, scopes.part_of(one))) for one in found]


# --- teams ------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(PEOPLE)
@needs_fresh_login
def listing(request: HttpRequest) -> HttpResponse:
    form = NewTeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.add(actor=actor_of(request), name=form.cleaned_data["name"])
        except PeopleError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The team {team} is there. Choose its members, and delegate something to it.")
            return redirect("team-edit", pk=team.pk)
    found = Team.objects.annotate(people=Count("members", distinct=True), parts=Count("delegations", distinct=True))
    return render(request, "people/teams.html", {"teams": found, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(PEOPLE)
@needs_fresh_login
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team, pk=pk)
    form = TeamForm(request.POST or None, initial={"name": team.name, "members": team.members.all()})
    if request.method == "POST" and form.is_valid():
        try:
            teams.change(actor=actor_of(request), team=team, **form.cleaned_data)
        except PeopleError as error:
            form.add_error("members", str(error))
        else:
            messages.success(request, f"The team {form.cleaned_data['name']} is saved.")
            return redirect("teams")
    return render(request, "people/team.html", {"team": team, "form": form, "delegations": rows_of(teams.of(team))})


@require_POST
@needs(PEOPLE)
@needs_fresh_login
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team, pk=pk)
    try:
        teams.remove(actor=actor_of(request), team=team)
    except PeopleError as error:
        messages.error(request, str(error))
        return redirect("team-edit", pk=pk)
    messages.success(request, f"The team {team} is removed, with what was delegated to it.")
    return redirect("teams")


# --- delegations ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(PEOPLE)
@needs_fresh_login
def delegate_to_person(request: HttpRequest, pk: int) -> HttpResponse:
    return _delegate(request, get_object_or_404(User, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(PEOPLE)
@needs_fresh_login
def delegate_to_team(request: HttpRequest, pk: int) -> HttpResponse:
    return _delegate(request, get_object_or_404(Team, pk=pk))


def _delegate(request: HttpRequest, owner: teams.Owner) -> HttpResponse:
    form = DelegationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            teams.delegate(actor=actor_of(request), to=owner, **form.cleaned_data)
        except PeopleError as error:
            form.add_error("domains", str(error))
        else:
            messages.success(request, f"It is delegated to {owner}.")
            return redirect(_page_of(owner))
    return _show(request, owner, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(PEOPLE)
@needs_fresh_login
def delegation(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(pk)
    form = DelegationForm(request.POST or None, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            teams.change_delegation(actor=actor_of(request), delegation=found, **form.cleaned_data)
        except PeopleError as error:
            form.add_error("domains", str(error))
        else:
            messages.success(request, f"What is delegated to {teams.owner_of(found)} is saved.")
            return redirect(_page_of(teams.owner_of(found)))
    return _show(request, teams.owner_of(found), form, found)


@require_POST
@needs(PEOPLE)
@needs_fresh_login
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(pk)
    owner = teams.owner_of(found)
    try:
        teams.take_back(actor=actor_of(request), delegation=found)
    except PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"It is no longer delegated to {owner}.")
    return redirect(_page_of(owner))


def _find(pk: int) -> Delegation:
    return get_object_or_404(Delegation.objects.select_related("person", "team"), pk=pk)


def _initial(found: Delegation) -> dict[str, Any]:
    return {
        "domains": "\n".join(found.domains),
        "tables": found.tables,
        "catch_alls": found.catch_alls,
        "outside_targets": found.outside_targets,
        "quota": found.quota,
    }


def _page_of(owner: teams.Owner) -> str:
    return reverse("person-edit" if isinstance(owner, User) else "team-edit", args=[owner.pk])


def _show(request: HttpRequest, owner: teams.Owner, form: DelegationForm, found: Delegation | None) -> HttpResponse:
    context = {
        "owner": owner,
        "page": _page_of(owner),
        "form": form,
        "delegation": found,
        "unlimited": isinstance(owner, User) and not owner.limited,
    }
    return render(request, "people/delegation.html", context, status=422 if form.errors else 200)
