"""Asking again who it is, before something is done that a forgotten open browser must not do."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse

from tables.views.access import person_of

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the person logged in or confirmed who they are, in this session, within the time that settings allow."""
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(record["at"] > since for record in get_authentication_records(request, person_of(request)))


def needs_fresh_login(view: View[Rest]) -> View[Rest]:
    """Ask who it is before a form is acted on; looking at it is free. allauth keeps what was posted meanwhile and
    posts it again afterwards."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        if request.method == "POST" and not recently_authenticated(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return checked
