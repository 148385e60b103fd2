"""Files on hosts that are no longer what the last publication wrote: each state that was found, and its bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tables.models.changes import ChangeRequest
from tables.models.clusters import Host


class Drift(models.Model):
    """One state in which a publisher found a file. When the file changes again, that is another one."""

    class State(models.TextChoices):
        OPEN = "open"
        TAKEN_OVER = "taken over"
        OVERWRITTEN = "overwritten"
        #: Whoever changed the file put it back, or changed it again.
        GONE = "gone"

    class Kind(models.TextChoices):
        CHANGED = "changed"
        REMOVED = "removed"
        #: The text is as it was, but somebody built its map by hand.
        MAP_CHANGED = "map changed"

    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="drifts")
    table = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    #: The file itself, where a link leads; all of the following is empty when it was removed.
    path = models.TextField()
    owner = models.CharField(max_length=255, blank=True)
    group = models.CharField(max_length=255, blank=True)
    mode = models.PositiveIntegerField(null=True, blank=True)
    modified_at = models.DateTimeField(null=True, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    #: Of a map that somebody built: inode, size and time of its last change.
    identity = models.CharField(max_length=128, blank=True)
    #: What the last publication recorded of the file (nothing: it left none), and its release.
    recorded_sha256 = models.CharField(max_length=64, blank=True)
    release = models.ForeignKey("Release", on_delete=models.PROTECT, related_name="+")
    #: From what mailadmin knows to what lies there: its first lines, passwords hidden, and how many more there are.
    diff = models.TextField(blank=True)
    diff_cut = models.PositiveIntegerField(default=0)
    #: The last change request that takes it over.
    request = models.ForeignKey(ChangeRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="drifts")
    #: Who said that exactly this state may be overwritten. Empty: nobody.
    overwrite_by_name = models.CharField(max_length=255, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_name = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints: ClassVar = [
            # Also finds what is open on a host, which each look asks for.
            models.UniqueConstraint(fields=["host", "table"], condition=Q(state="open"), name="drift_open_once"),
        ]
        indexes: ClassVar = [
            # The list, and what was taken over of a file.
            models.Index(fields=["host", "table", "-id"], name="drift_of_file"),
        ]

    def __str__(self) -> str:
        return f"{self.table} on {self.host}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class DriftPart(models.Model):
    """The next piece of a drifted file, compressed: the panel never reads a host's directory."""

    drift = models.ForeignKey(Drift, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["drift", "number"], name="driftpart_place"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of drift {self.drift_id}"
