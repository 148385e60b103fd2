"""Which hosts share which tables."""

from typing import ClassVar

from django.db import models


class Cluster(models.Model):
    """Hosts that share the same tables (sendmail's confLDAP_CLUSTER). A fresh install has one, ``default``."""

    DEFAULT = "default"

    name = models.SlugField(unique=True)
    #: Number of the last applied change; taken under a lock on this row, so that changes have one order.
    last_change = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Host(models.Model):
    """A mail host of a cluster, on which a publisher runs."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="hosts")
    name = models.CharField(max_length=255, unique=True)
    mail_dir = models.TextField()
    registered_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    #: What the last successful publication left live. Empty before the first.
    release = models.ForeignKey("Release", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    #: Since when nothing is published here, because somebody rolled back by hand; empty: it is not held.
    held_since = models.DateTimeField(null=True, blank=True)
    held_by_name = models.CharField(max_length=255, blank=True)
    held_reason = models.TextField(blank=True)
    #: The number of the release that was rolled back.
    held_from = models.PositiveIntegerField(null=True, blank=True)
    #: Which hold was released last, by its beginning: its file on the host may go.
    hold_released = models.DateTimeField(null=True, blank=True)
    #: What a rollback by hand left, in the place of what the last publication wrote; empty after the next one.
    rolled_back_files = models.JSONField(null=True, blank=True)
    #: What it runs and where its files are, as tables.publishing.reporting.report_of makes it. Empty: not told yet.
    report = models.JSONField(default=dict, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
