"""Where a notice leads."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from tables.models import Notice

#: What the key of a notice about a file changed by hand begins with; its number follows.
DRIFT_KEY = "drift:"


def path_of(notice: Notice) -> str:
    """The page of what it is about; its own page never needs more than a log-in."""
    if notice.request_id:
        return reverse("request", args=[notice.request_id])
    if notice.publication_id:
        return reverse("publication", args=[notice.publication_id])
    if notice.key.startswith(DRIFT_KEY):
        return reverse("drift", args=[int(notice.key.removeprefix(DRIFT_KEY))])
    return reverse("people") if notice.key.startswith("role-asked:") else reverse("home")


def absolute(path: str) -> str:
    """The same for a letter: nothing in it but the place, so that whoever gets hold of it still has to log in."""
    return f"{settings.BASE_URL}{path}"
