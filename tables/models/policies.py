"""Versions of the policy, and what a request to change it carries."""

from typing import ClassVar

from django.db import models

from tables.models.changes import ChangeRequest
from tables.models.clusters import Cluster


class PolicyVersion(models.Model):
    """What the policy of a cluster said from a moment on. The highest number is in force; without any the built-in
    default is, which has number 0. Never changed, never deleted."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    request = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="policy_version_made")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            # Also finds the one in force, which every page asks for.
            models.UniqueConstraint(fields=["cluster", "number"], name="policyversion_number"),
        ]

    def __str__(self) -> str:
        return f"policy {self.number}"


class PolicyChange(models.Model):
    """What a request of the kind policy wants: its checksum covers this. Never changed, never deleted."""

    request = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="policy_change")
    #: Number of the version that it starts from.
    based_on = models.PositiveIntegerField()
    #: Persons other than its author who must approve it: one, and more to loosen what asks for more.
    reviews = models.PositiveSmallIntegerField(default=1)
    before = models.JSONField()
    after = models.JSONField()

    def __str__(self) -> str:
        return f"policy change of {self.request}"
