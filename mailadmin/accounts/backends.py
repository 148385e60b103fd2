"""Who somebody is, and what they may do."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from mailadmin.accounts.models import User


class RolesBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth says no types
    """By name and password; with the rights of their roles and no others.

    The panel gives nobody a permission beside their roles, so one that stands in the database was slipped in there:
    verifying the history names it, and here it counts for nothing.
    """

    def get_user_permissions(self, user_obj: User, obj: Any = None) -> set[str]:
        return set()
