"""The text of a file between its entries, as it stands and as it stood, and the changes of it that requests carry."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tables.models.changes import ChangeRequest
from tables.models.clusters import Cluster


class FilePassage(models.Model):
    """Head comment, section headings, blank lines. A baseline brings it in; after that only changes of it do."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=32)
    position = models.BigIntegerField()
    text = models.TextField()
    #: Numbers of the changes that brought it in (0: the baseline) and that took it away (empty: it stands).
    since = models.BigIntegerField(default=0)
    until = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            # Also the order of the file.
            models.UniqueConstraint(
                fields=["cluster", "table", "position"], condition=Q(until__isnull=True), name="filepassage_place"
            ),
        ]
        indexes: ClassVar = [
            # The file as it was at an earlier change.
            models.Index(fields=["cluster", "table", "position", "since"], name="filepassage_then"),
        ]

    def __str__(self) -> str:
        return f"{self.table} at {self.position}"


class PassageChange(models.Model):
    """One place between entries: the text that stands there and the one that shall; empty for none.

    Its request's checksum covers it. Applied, it has its number in the change log and is never altered or deleted.
    """

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="passage_changes")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=32)
    position = models.BigIntegerField()
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    #: Place in the cluster's change log; empty until applied.
    number = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "table", "position"], name="passagechange_once"),
            models.UniqueConstraint(fields=["cluster", "number"], name="passagechange_number"),
        ]

    def __str__(self) -> str:
        return f"{self.table} at {self.position}"
