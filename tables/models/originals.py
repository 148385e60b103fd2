"""The files that were imported, byte for byte. The database itself refuses to alter or delete them."""

from typing import ClassVar

from django.db import models

from tables.models.changes import ChangeRequest
from tables.models.clusters import Cluster


class OriginalFile(models.Model):
    """One file that an import read, as it was."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="originals")
    table = models.CharField(max_length=32)
    #: Where it lay, as text: a name on the host on which the import ran.
    path = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    #: Whether a password stands in it, so that not everybody may have it.
    has_password = models.BooleanField(default=False)
    read_at = models.DateTimeField(auto_now_add=True)
    actor_name = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "table"], name="originalfile_once_in_a_request"),
        ]
        indexes: ClassVar = [
            # The files of one table, the newest first.
            models.Index(fields=["cluster", "table", "-id"], name="originalfile_list"),
        ]

    def __str__(self) -> str:
        return f"{self.table} of request {self.request_id}"


class OriginalPart(models.Model):
    """The next piece of a file, compressed: none is large, so that no file has to fit into memory."""

    file = models.ForeignKey(OriginalFile, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "number"], name="originalpart_place"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.file_id}"
