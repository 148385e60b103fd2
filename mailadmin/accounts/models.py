"""A person, as the panel knows them."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import F, Q

from mailadmin.accounts.managers import PersonManager
from mailadmin.accounts.roles import BREAK_GLASS, PEOPLE, POLICY, PUBLISH, SECRETS, Role


class User(AbstractUser):
    """A person. Never deleted, only switched off: history names them by their id."""

    must_change_password = models.BooleanField(default=False)
    #: Who last made, re-enabled or reset this account: they may not approve what it proposes for some days.
    credentials_set_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    credentials_set_at = models.DateTimeField(null=True, blank=True)
    #: Sees and edits only what is delegated to them or to their teams; without a delegation nothing.
    limited = models.BooleanField(default=False)

    objects: ClassVar[UserManager["User"]] = PersonManager()

    class Meta(AbstractUser.Meta):
        permissions: ClassVar = [("manage_people", "Can add people and set what they may do")]

    def __str__(self) -> str:
        return self.username

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """What the roles let a person do. A limited one never sees passwords or manages people, whatever the roles."""
        return super().has_perm(perm, obj) and not (self.limited and self._is_withheld(perm))

    def _is_withheld(self, perm: str) -> bool:
        """A publication carries what everybody applied: a limited person makes one only where that is their role."""
        return perm in (PEOPLE, SECRETS, BREAK_GLASS, POLICY) or (perm == PUBLISH and not self._is_publisher)

    @cached_property
    def _is_publisher(self) -> bool:
        return self.groups.filter(name=Role.PUBLISHER).exists()


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


class Team(models.Model):
    """People to whom something is delegated together. It is no role: it lets nobody do anything else."""

    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Delegation(models.Model):
    """What one limited person, or the limited people of one team, may see and edit."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="delegations"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="delegations")
    #: Names of tables.
    tables = models.JSONField()
    #: In lower case and A-labels. Each covers itself and everything under it.
    domains = models.JSONField()
    #: Whether entries for every user of a domain are included.
    catch_alls = models.BooleanField(default=False)
    #: Whether values may lead to addresses and hosts outside these domains.
    outside_targets = models.BooleanField(default=False)
    #: The most entries that may stand in these tables and domains; empty: as many as wanted.
    quota = models.PositiveIntegerField(null=True, blank=True)
    made_by_name = models.CharField(max_length=255)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=True, team__isnull=False) | Q(person__isnull=False, team__isnull=True),
                name="delegation_to_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.tables)} in {', '.join(self.domains)}"
