"""Where a notice leads."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from tables.models import Notice


def path_of(notice: Notice) -> str:
    """The page of what it is about; its own page never needs more than a log-in."""
    if notice.request_id:
        return reverse("request", args=[notice.request_id])
    if notice.publication_id:
        return reverse("publication", args=[notice.publication_id])
    return reverse("people") if notice.key.startswith("role-asked:") else reverse("home")


def absolute(path: str) -> str:
    """The same for a letter: nothing in it but the place, so that whoever gets hold of it still has to log in."""
    return f"{settings.BASE_URL}{path}"
