"""Rows of an imported sheet that could not be taken, until somebody mends them or leaves them out."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tables.models.changes import ChangeRequest


class BrokenRow(models.Model):
    """A row that is in no change of its draft, what stands in it and what is wrong with it."""

    class State(models.TextChoices):
        BROKEN = "broken"
        MENDED = "mended"
        LEFT_OUT = "left out"

    request = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="broken_rows")
    table = models.CharField(max_length=32)
    #: As the spreadsheet shows it; in a flat file the line.
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.BROKEN)
    #: The cells by the names of their columns; or the line of a flat file as ``line``.
    texts = models.JSONField(default=dict)
    #: Each with rule, message, remedy and field.
    problems = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [
            # The pages of those that are still to be mended.
            models.Index(fields=["request", "number"], condition=Q(state="broken"), name="brokenrow_open"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.request}"
