"""Requests that went live in an emergency, before a second person had looked."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tables.models.changes import ChangeRequest


class BrokenGlass(models.Model):
    """One emergency: the power to apply one request at once, and the debt of a review afterwards.

    Never changed but for being closed once, and never by the person who broke it.
    """

    request = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="glass")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=255)
    reason = models.TextField()
    #: Of the version that went live by it.
    checksum = models.CharField(max_length=64)
    at = models.DateTimeField()
    #: When the review afterwards is overdue.
    due_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_by_name = models.CharField(max_length=255, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    #: A review's decision: approve, or reject.
    decision = models.CharField(max_length=8, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True) | ~Q(closed_by=F("person")), name="glass_closed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True, closed_at__isnull=True, decision="")
                | Q(closed_by__isnull=False, closed_at__isnull=False, decision__in=["approve", "reject"]),
                name="glass_closed_whole",
            ),
        ]
        indexes: ClassVar = [
            # Asked on every page: is any glass broken and not reviewed?
            models.Index(fields=["id"], condition=Q(closed_at__isnull=True), name="glass_open"),
        ]

    def __str__(self) -> str:
        return f"glass of {self.request}"

    @property
    def is_overdue(self) -> bool:
        return self.closed_at is None and timezone.now() > self.due_at
