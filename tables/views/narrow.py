"""One address, two answers: the whole page, or for htmx the fragment that changed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_narrow(request: HttpRequest, page: str, fragment: str, context: dict[str, Any]) -> HttpResponse:
    """``fragment`` when htmx asks for it, else ``page``, which includes it. Told apart for caches, too."""
    asked = bool(getattr(request, "htmx", False))
    response = render(request, fragment if asked else page, {**context, "narrowed": asked})
    patch_vary_headers(response, ["HX-Request"])
    return response
