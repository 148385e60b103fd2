"""What the index of words does not know yet."""

from typing import ClassVar

from django.db import models

from tables.models.clusters import Cluster


class IndexGap(models.Model):
    """A table of a cluster that was filled without its index: until that is made, searches read the table."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="+", db_index=False)
    table = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            # Each search asks whether its table is one of them.
            models.UniqueConstraint(fields=["cluster", "table"], name="indexgap_table"),
        ]

    def __str__(self) -> str:
        return f"{self.table} of {self.cluster}"
