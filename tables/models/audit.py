"""The audit history: a chain of events that the database itself refuses to alter."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from tables.models.fields import ByteOrderField


class AuditEvent(models.Model):
    """One thing that somebody did. ``hash`` covers the event and the hash before it."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(max_length=255)
    action = models.CharField(max_length=64)
    cluster = models.CharField(max_length=50, blank=True)
    table = models.CharField(max_length=32, blank=True)
    key = ByteOrderField(blank=True)
    #: As the entry's, where the event is about one. It follows from table and key, so the hash need not cover it.
    zone = ByteOrderField(blank=True, default="")
    request_id = models.BigIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index(fields=["table", "key", "number"], name="audit_of_key"),
            models.Index(fields=["actor_name", "number"], name="audit_of_person"),
            models.Index(fields=["at"], name="audit_of_time"),
            # The history of one kind of act, and the last verification beside it.
            models.Index(fields=["action", "number"], name="audit_of_action"),
            # The history that a person who may see some domains only is shown: of these, and what they did.
            models.Index(fields=["table", "zone", "number"], name="audit_of_zone"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class AuditHead(models.Model):
    """The end of the chain: one row, locked while an event is added, so that a cut-off end is noticed too."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.number}"


class ForwardingCursor(models.Model):
    """How far the syslog server has the history: one row, locked while events are sent."""

    number = models.BigIntegerField(default=0)
    #: What the server's last refusal was, and since when it refuses; empty while it takes events.
    error = models.TextField(blank=True, default="")
    failed_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.number}"


class AuditArchive(models.Model):
    """The oldest events, moved out of the database into a file. The rows join the files and what is left."""

    first_number = models.BigIntegerField(unique=True)
    last_number = models.BigIntegerField()
    count = models.BigIntegerField()
    first_previous_hash = models.CharField(max_length=64, blank=True)
    last_hash = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    #: By cluster, what all events archived so far tell that proof of the rest needs (:mod:`tables.archives`).
    checkpoint = models.JSONField()
    #: Checksum of what is recorded of the archive before.
    before = models.CharField(max_length=64, blank=True)
    archived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["first_number"]

    def __str__(self) -> str:
        return f"events {self.first_number} to {self.last_number}"
