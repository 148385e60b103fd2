"""A person, as the panel knows them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q


class User(AbstractUser):
    """A person. Never deleted, only switched off: history names them by their id."""

    must_change_password = models.BooleanField(default=False)
    #: Who last made, re-enabled or reset this account: they may not approve what it proposes for some days.
    credentials_set_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    credentials_set_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        permissions: ClassVar = [("manage_people", "Can add people and set what they may do")]

    def __str__(self) -> str:
        return self.username


class RoleGrant(models.Model):
    """A role that lets its holder approve or manage people, asked for by one administrator and given by another."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=32)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    granted = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(decided_by__isnull=True), name="rolegrant_waits_once"
            ),
            # Whoever asked may take it back, but not give it.
            models.CheckConstraint(
                condition=Q(granted=False) | ~Q(decided_by=F("asked_by")), name="rolegrant_by_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.person}"
