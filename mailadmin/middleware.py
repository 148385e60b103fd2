"""What every request passes through."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

#: Pages that a person may use before they have chosen a password of their own.
ALLOWED = frozenset({"account_change_password", "account_logout", "theme"})


class HtmxLoginMiddleware:
    """When a session has ended, the request for a fragment leads the whole page to the log-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        if not getattr(request, "htmx", False) or not response.get("Location", "").startswith(f"{login}?"):
            return response
        shown = request.htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(f"{login}?{urlencode({REDIRECT_FIELD_NAME: shown})}")


class PasswordChangeMiddleware:
    """A person whose password somebody else set chooses their own before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not getattr(request.user, "must_change_password", False) or (match and match.url_name in ALLOWED):
            return None
        response = redirect("account_change_password")
        return HttpResponseClientRedirect(response.url) if getattr(request, "htmx", False) else response
