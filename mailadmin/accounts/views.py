"""Pages about people, and the choice between light and dark."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mailadmin.accounts import grants, people, teams
from mailadmin.accounts.forms import NewPersonForm, PasswordResetForm, PersonForm
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import DESCRIPTIONS, PEOPLE, Role
from mailadmin.accounts.teams_views import rows_of
from tables.context import THEME_COOKIE, THEMES
from tables.views.access import actor_of, needs, person_of
from tables.views.fresh import needs_fresh_login

YEAR = 365 * 24 * 60 * 60


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "home")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    return response


@needs(PEOPLE)
def people_list(request: HttpRequest) -> HttpResponse:
    factor = Authenticator.objects.filter(user=OuterRef("pk"))
    found = User.objects.annotate(has_second_factor=Exists(factor)).prefetch_related("groups")
    rows = [{"person": person, "roles": people.roles_of(person)} for person in found.order_by("-is_active", "username")]
    descriptions = [(role.value, DESCRIPTIONS[role]) for role in Role]
    context = {"rows": rows, "descriptions": descriptions, "grants": grants.waiting(), "myself": person_of(request)}
    return render(request, "people/list.html", context)


@needs(PEOPLE)
@needs_fresh_login
@never_cache
def person_add(request: HttpRequest) -> HttpResponse:
    form = NewPersonForm(request.POST or None, initial={"roles": [Role.VIEWER]})
    if request.method == "POST" and form.is_valid():
        try:
            person, password = people.add(actor=actor_of(request), **form.cleaned_data)
        except people.PeopleError as error:
            form.add_error("username", str(error))
        else:
            return _show_password(request, person, password, new=True)
    return render(request, "people/add.html", {"form": form})


@needs(PEOPLE)
@needs_fresh_login
@never_cache
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.select_related("credentials_set_by"), pk=pk)
    initial = {
        "full_name": person.first_name,
        "email": person.email,
        "roles": people.roles_of(person),
        "limited": person.limited,
    }
    form = PersonForm(request.POST or None, initial=initial)
    myself = person == person_of(request)
    if myself:
        form.fields["roles"].disabled = form.fields["limited"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            people.change(actor=actor_of(request), person=person, **form.cleaned_data)
        except people.PeopleError as error:
            form.add_error("roles", str(error))
        else:
            messages.success(request, f"{person} is saved.{_said_of_roles(person)}")
            return redirect("people")
    factor = Authenticator.objects.filter(user=person).exists()
    reset = PasswordResetForm(has_second_factor=factor)
    context = {
        "form": form,
        "person": person,
        "myself": myself,
        "reset": reset,
        "has_second_factor": factor,
        "delegations": rows_of(teams.of(person)),
        "teams": [(team, rows_of(teams.of(team))) for team in person.teams.all()],
    }
    return render(request, "people/edit.html", context)


@needs(PEOPLE)
@needs_fresh_login
@require_POST
def person_switch(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "yes"
    try:
        people.switch(actor=actor_of(request), person=person, active=active)
    except people.PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{person} may log in again." if active else f"{person} can no longer log in.")
    return redirect("person-edit", pk=pk)


@needs(PEOPLE)
@needs_fresh_login
@require_POST
@never_cache
def person_password(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    try:
        password = people.reset_password(
            actor=actor_of(request), person=person, remove_second_factor="remove_second_factor" in request.POST
        )
    except people.PeopleError as error:
        messages.error(request, str(error))
        return redirect("person-edit", pk=pk)
    return _show_password(request, person, password, new=False)


@needs(PEOPLE)
@needs_fresh_login
@require_POST
def role_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role that another administrator asked for, or do not."""
    give = request.POST.get("decision") == "give"
    try:
        grant = (grants.give if give else grants.refuse)(actor=actor_of(request), pk=pk)
    except people.PeopleError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{grant.person} is {grant.role} now." if give else f"{grant.person} is not {grant.role}."
        )
    return redirect("people")


def _said_of_roles(person: User) -> str:
    asked = [grant.role for grant in grants.waiting() if grant.person == person]
    return f" The role {' and '.join(asked)} waits for another administrator, under People." if asked else ""


def _show_password(request: HttpRequest, person: User, password: str, *, new: bool) -> HttpResponse:
    """The one-time password is in this answer alone: neither the session nor the database keeps it readable."""
    context = {"person": person, "password": password, "new": new, "roles": _said_of_roles(person)}
    return render(request, "people/password.html", context)
