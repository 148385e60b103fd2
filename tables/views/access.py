"""Who may open a view, in one place."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailadmin.accounts import roles
from mailadmin.accounts.models import User
from tables import seeing
from tables.actors import Actor
from tables.context import scope_of
from tables.converters import read_key
from tables.sendmail.spec import TableSpec

Rest = ParamSpec("Rest")
Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, Rest], Response]

#: What a person without the right is told that they may not do.
DEEDS = {
    roles.VIEW: "see the tables and the change requests",
    roles.EDIT: "propose changes to the tables",
    roles.REVIEW: "approve or reject what others propose",
    roles.PUBLISH: "publish",
    roles.POLICY: "propose changes to the policy",
    roles.AUDIT: "see the history",
    roles.SECRETS: "see the passwords in the tables",
    roles.BREAK_GLASS: "break glass",
    roles.PEOPLE: "manage people",
}


def needs(right: str) -> Callable[[View[Rest, Response]], View[Rest, Response]]:
    """Let only a person with the right into a view; others get a page that names who may."""

    def decorate(view: View[Rest, Response]) -> View[Rest, Response]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Response:
            if not request.user.has_perm(right):
                raise PermissionDenied(refusal(right, limited=person_of(request).limited))
            return view(request, *args, **kwargs)

        return checked

    return decorate


def refusal(right: str, *, limited: bool = False) -> str:
    holders = [role for role, rights in roles.RIGHTS.items() if right in rights]
    if limited and right == roles.PUBLISH:
        return f"You may not {DEEDS[right]}. Whoever is limited to what is delegated to them needs the role publisher."
    return f"You may not {DEEDS[right]}. This needs one of these roles: {', '.join(holders)}."


def person_of(request: HttpRequest) -> User:
    """Whoever is logged in: LoginRequiredMiddleware lets nobody else through."""
    return cast("User", request.user)


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of(person_of(request))


def key_of(request: HttpRequest, table: TableSpec) -> str:
    """The key that a page is about, for somebody who may see it."""
    key = read_key(request)
    seeing.refuse_unseen(scope_of(request), table, key)
    return key
