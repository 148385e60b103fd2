"""What is meant to be live, and each attempt to make it so."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from tables.models.clusters import Cluster, Host


class Release(models.Model):
    """A numbered point in the change log of a cluster."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    #: The last change that is in it.
    change_number = models.BigIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_name = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    #: Of the changes since the release before: what was approved is what is in it.
    checksum = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "number"], name="release_number"),
        ]
        indexes: ClassVar = [
            # The first release that has a change: since when it was live.
            models.Index(fields=["cluster", "change_number", "number"], name="release_of_change"),
        ]

    def __str__(self) -> str:
        return f"release {self.number}"


class Publication(models.Model):
    """One release carried out on one host."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        ROLLED_BACK = "rolled back"
        SUPERSEDED = "superseded"

    #: States after which nothing more happens.
    ENDED = (State.SUCCEEDED, State.FAILED, State.ROLLED_BACK, State.SUPERSEDED)

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="publications")
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="publications")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    requested_by_name = models.CharField(max_length=255)
    #: Who said that an unsafe plan or a drifted file may be published all the same. Empty: nobody.
    override_by_name = models.CharField(max_length=255, blank=True)
    #: Of the plan that a person looked at: on the host it must be the same. Empty: nobody saw one.
    plan_checksum = models.CharField(max_length=64, blank=True)
    #: {table: [creates, updates, deletes]} of that plan, to say what differs.
    plan_counts = models.JSONField(default=dict, blank=True)
    #: [[rule, table, message]] that the override covers; none: whatever is found.
    override_findings = models.JSONField(null=True, blank=True)
    #: The host's own plan, once it was made: the fields of tables.seen_plans.SeenPlan.
    plan_found = models.JSONField(null=True, blank=True)
    #: [{"step", "state", "seconds", "message", "output"}] in order.
    steps = models.JSONField(default=list)
    #: What it was about to do (Plan.as_json), from when that was found on.
    plan = models.JSONField(default=dict)
    #: [{"table", "sha256", "entries", "changed", …}] of what is live.
    files = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            # The publisher's question, once a second: is there anything for me?
            models.Index(fields=["host", "state"], name="publication_queue"),
            # When the first release that has a change was live on a host, and what ended a rollback by hand.
            models.Index(
                fields=["host", "release", "finished_at"],
                condition=models.Q(state="succeeded"),
                name="publication_live",
            ),
            models.Index(
                fields=["host", "finished_at"], condition=models.Q(state="succeeded"), name="publication_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} on {self.host}"

    @property
    def ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def seconds(self) -> float | None:
        """From its start to its end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
