"""What the last whole check of the tables found. Derived from the entries and replaced as a whole: no history."""

from typing import ClassVar

from django.db import models

from tables.models.clusters import Cluster
from tables.models.fields import ByteOrderField


class CheckRun(models.Model):
    """The last check of a cluster's tables, and whose turn it is to make the next one."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, related_name="check_run")
    #: The last change that the check knew. Empty: nothing was checked yet.
    change_number = models.BigIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0)
    by_name = models.CharField(max_length=255, blank=True)
    #: All that were found, also those that are not stored.
    errors = models.BigIntegerField(default=0)
    warnings = models.BigIntegerField(default=0)
    notes = models.BigIntegerField(default=0)
    #: [{"table", "rule", "grade", "count", "stored", "across", "message"}], the message being that of the first.
    groups = models.JSONField(default=list)
    #: Somebody wants a new check although nothing changed.
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by_name = models.CharField(max_length=255, blank=True)
    #: A token of whoever is checking now; with its time, so that one who was killed does not block the others.
    turn = models.CharField(max_length=64, blank=True)
    turn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"check of {self.cluster}"


class StoredFinding(models.Model):
    """One problem of one entry, or (with an empty key) an entry that is missing."""

    run = models.ForeignKey(CheckRun, on_delete=models.CASCADE, related_name="findings")
    #: Place in the list: errors first, then as in the files.
    number = models.PositiveIntegerField()
    table = models.CharField(max_length=32)
    key = ByteOrderField(blank=True)
    #: As the entry's: who may see the finding.
    zone = ByteOrderField(blank=True, default="")
    rule = models.CharField(max_length=64)
    grade = models.CharField(max_length=8)
    message = models.TextField()
    remedy = models.TextField()
    field = models.CharField(max_length=8, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    #: What one click makes of it (spec.Fix), where it shows across entries: the others are found again at the click.
    fix = models.JSONField(null=True, blank=True)
    #: Whether it takes the other entries to see it.
    across = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            # The page of problems, whole or of one grade: they are numbered by grade.
            models.UniqueConstraint(fields=["run", "number"], name="finding_number"),
        ]
        indexes: ClassVar = [
            # The page of problems, of one table.
            models.Index(fields=["run", "table", "number"], name="finding_of_table"),
            # The page of problems, of one rule.
            models.Index(fields=["run", "rule", "number"], name="finding_of_rule"),
            # What shows across entries about the entries of one page of a list.
            models.Index(fields=["run", "table", "key"], name="finding_of_key"),
            # The page of problems, of a person who may see some domains only.
            models.Index(fields=["run", "table", "zone"], name="finding_of_zone"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} of {self.key} in {self.table}"
