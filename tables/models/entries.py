"""The seven tables: one abstract base, seven names."""

from typing import ClassVar

from django.db import models

from tables.models.clusters import Cluster
from tables.models.fields import ByteOrderField
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.tables import TABLES


class EntryModel(models.Model):
    """One entry of a cluster's table, as it stands now. Only :mod:`tables.changes` writes it."""

    spec: ClassVar[TableSpec]

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = ByteOrderField()
    #: ``spec.domain(key)``: where in the file a new entry of this domain belongs.
    domain = ByteOrderField(blank=True)
    #: The domain in which the key lies, turned round (:func:`tables.sendmail.territory.zone`): who may see the entry.
    zone = ByteOrderField(blank=True, default="")
    value = models.TextField(blank=True)
    comment = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    position = models.BigIntegerField()
    above = models.TextField(blank=True)
    raw = models.TextField(blank=True)
    #: What stands in no file, and mostly nowhere. NULL and not the empty text: for a column with a default SQLite would
    #: write a million rows anew when it comes.
    owner = models.TextField(blank=True, null=True)  # noqa: DJ001
    ticket = models.TextField(blank=True, null=True)  # noqa: DJ001
    starts = models.CharField(max_length=20, blank=True, null=True)  # noqa: DJ001
    ends = models.CharField(max_length=20, blank=True, null=True)  # noqa: DJ001

    class Meta:
        abstract = True
        constraints: ClassVar = [
            # Also serves the sorted stream that maps are built from, and the look-up of one key.
            # By expressions, so that it is an index of its own on both databases and a large load can do without it.
            models.UniqueConstraint("cluster", "key", name="%(class)s_cluster_key"),
        ]
        indexes: ClassVar = [
            # All of them begin with the cluster, so it needs no index of its own.
            # The order of the file: rendering, lists, and the neighbours of a new entry.
            models.Index(fields=["cluster", "position", "key"], name="%(class)s_place"),
            # The last entry of a domain, after which a new one goes.
            models.Index(fields=["cluster", "domain", "position"], name="%(class)s_domain"),
            # Lists, counts and quotas of a person who may see some domains only.
            models.Index(fields=["cluster", "zone"], name="%(class)s_zone"),
            # The list of what is switched off, which mostly is little.
            models.Index(
                fields=["cluster", "position", "key"], condition=models.Q(enabled=False), name="%(class)s_off"
            ),
            # What begins or ends soon, which mostly is little; and all that somebody owns.
            models.Index(
                fields=["cluster", "starts"], condition=models.Q(starts__isnull=False), name="%(class)s_starts"
            ),
            models.Index(fields=["cluster", "ends"], condition=models.Q(ends__isnull=False), name="%(class)s_ends"),
            models.Index(fields=["cluster", "owner"], condition=models.Q(owner__isnull=False), name="%(class)s_owner"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def entry(self) -> Entry:
        return Entry(
            key=self.key,
            value=self.value,
            comment=self.comment,
            enabled=self.enabled,
            position=self.position,
            above=self.above,
            raw=self.raw,
            owner=self.owner or "",
            ticket=self.ticket or "",
            starts=self.starts or "",
            ends=self.ends or "",
        )


class Alias(EntryModel):
    spec = TABLES["aliases"]


class AccessRule(EntryModel):
    spec = TABLES["access"]


class VirtualUser(EntryModel):
    spec = TABLES["virtusertable"]


class GenericAddress(EntryModel):
    spec = TABLES["genericstable"]


class MailerRoute(EntryModel):
    spec = TABLES["mailertable"]


class RelayDomain(EntryModel):
    spec = TABLES["relay-domains"]


class LocalHostName(EntryModel):
    spec = TABLES["local-host-names"]


ENTRY_MODELS: dict[str, type[EntryModel]] = {
    model.spec.name: model
    for model in (Alias, AccessRule, VirtualUser, GenericAddress, MailerRoute, RelayDomain, LocalHostName)
}
