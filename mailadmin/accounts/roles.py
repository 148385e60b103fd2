"""What a role may do. A role is a Django group; a person may hold several."""

from enum import StrEnum
from typing import Any


class Role(StrEnum):
    VIEWER = "viewer"
    POSTMASTER = "postmaster"
    APPROVER = "approver"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


VIEW = "tables.view_tables"
EDIT = "tables.edit_tables"
REVIEW = "tables.review_changes"
POLICY = "tables.change_policy"
PUBLISH = "tables.publish_releases"
AUDIT = "tables.view_audit"
SECRETS = "tables.see_secrets"
BREAK_GLASS = "tables.break_glass"
PEOPLE = "accounts.manage_people"

DESCRIPTIONS = {
    Role.VIEWER: "sees the tables, the change requests and the history",
    Role.POSTMASTER: "edits entries and publishes what is applied",
    Role.APPROVER: "reviews what others propose, and publishes",
    Role.PUBLISHER: "sees what a viewer sees, and publishes what is applied",
    Role.ADMINISTRATOR: "does all of this, sees passwords, manages people and may propose another policy, under the "
    "same rules as everybody",
}

RIGHTS: dict[Role, frozenset[str]] = {
    Role.VIEWER: frozenset({VIEW, AUDIT}),
    Role.POSTMASTER: frozenset({VIEW, AUDIT, EDIT, PUBLISH}),
    Role.APPROVER: frozenset({VIEW, AUDIT, REVIEW, PUBLISH}),
    Role.PUBLISHER: frozenset({VIEW, AUDIT, PUBLISH}),
    Role.ADMINISTRATOR: frozenset({VIEW, AUDIT, EDIT, REVIEW, PUBLISH, POLICY, SECRETS, BREAK_GLASS, PEOPLE}),
}


def sync_groups(**_: Any) -> None:
    """Make the five groups hold exactly the permissions declared above."""
    from django.contrib.auth.models import Group, Permission

    found = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    for role, rights in RIGHTS.items():
        group, _created = Group.objects.get_or_create(name=role)
        # Early in a first migration not all permissions exist yet; the next post_migrate completes the group.
        group.permissions.set([found[name] for name in rights if name in found])
