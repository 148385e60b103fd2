"""Long work that somebody asked for and that goes on without them: its page shows how far it is."""

from typing import ClassVar

from django.conf import settings
from django.db import models

#: Characters of an address that a job keeps.
LONGEST_ADDRESS = 500


class Job(models.Model):
    """One piece of work by one person. What it changes it changes in one transaction: whole or not at all."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    #: Which work: a name in :data:`tables.jobs.works.WORKS`.
    work = models.CharField(max_length=64)
    arguments = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    #: The process that does it, on the machine that serves the page.
    pid = models.IntegerField(null=True, blank=True)
    #: What came of it, or why nothing did, and the page to go on with: until it is done the one that it was asked from.
    said = models.TextField(blank=True)
    address = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"job {self.pk}: {self.title}"

    @property
    def ended(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED}
