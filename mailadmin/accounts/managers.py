"""How an account is made that no administrator makes in the panel."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import UserManager
from django.db import transaction


class PersonManager(UserManager[Any]):
    """Django's own, and the history tells of a superuser: such an account may do everything."""

    @transaction.atomic
    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        from mailadmin.accounts import people

        person = super().create_superuser(username, email, password, **more)
        people.note_new(person)
        return person
