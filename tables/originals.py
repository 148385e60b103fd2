"""The exact bytes of every file that was imported: kept with the request that the import made, and given out again."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from mailadmin.accounts.roles import SECRETS, VIEW
from tables import archives, audit, scopes
from tables.actors import Actor
from tables.archives import History
from tables.audit import Finding
from tables.errors import ChangeError, Forbidden
from tables.models import ChangeRequest, Cluster, OriginalFile, OriginalPart
from tables.readings import refuse_change
from tables.sendmail.masking import Mask, has_password
from tables.sendmail.spec import TableSpec
from tables.sendmail.text import decode

#: Bytes of a file that one part holds.
PART = 1 << 20
#: The quickest of zlib's levels: text becomes a fifth, which is enough.
LEVEL = 1


# --- keeping ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep(*, request: ChangeRequest, actor: Actor, table: TableSpec, path: Path, size: int, sha256: str) -> OriginalFile:
    """Keep the file that had ``size`` and ``sha256`` when it was parsed. Refused when it is another one by now."""
    file = OriginalFile.objects.create(
        cluster=request.cluster,
        request=request,
        table=table.name,
        path=decode(os.fsencode(path.absolute())),
        size=size,
        sha256=sha256,
        has_password=table.holds_passwords and has_password(_pieces(path)),
        actor_name=actor.name,
    )
    digest = hashlib.sha256()
    for number, piece in enumerate(_pieces(path)):
        digest.update(piece)
        OriginalPart.objects.create(file=file, number=number, data=zlib.compress(piece, LEVEL))
    refuse_change(path, [sha256, digest.hexdigest()])
    return file


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            yield from iter(partial(stream.read, PART), b"")
    except OSError as error:
        raise ChangeError(f"{path} cannot be read: {error.strerror}.") from error


# --- giving out -------------------------------------------------------------------------------------------------------


def of_table(*, cluster: Cluster, table: TableSpec) -> QuerySet[OriginalFile]:
    """The files that were imported into a table, the newest first."""
    return OriginalFile.objects.filter(cluster=cluster, table=table.name).order_by("-id")


def why_not_exact(*, actor: Actor, file: OriginalFile) -> str:
    """Why somebody may have the file with its passwords hidden only; empty when they may have its exact bytes."""
    if not file.has_password or actor.person is None or actor.person.has_perm(SECRETS):
        return ""
    return (
        f"This {file.table} holds passwords, and only an administrator may have its exact bytes. "
        "Take the copy with the passwords hidden instead."
    )


def refuse_limited(actor: Actor) -> None:
    """Whole files hold the lines of all domains."""
    if scopes.of_actor(actor).limited:
        raise Forbidden(f"{actor.name} is limited to what is delegated to them. Whole files are not.")


@transaction.atomic
def take(*, actor: Actor, file: OriginalFile, hide: bool = False) -> Iterator[bytes]:
    """The bytes of a file in pieces, recorded before the first one; with ``hide`` passwords are dots."""
    if actor.person is not None and not actor.person.has_perm(VIEW):
        raise Forbidden("You may not see the tables. Ask an administrator for a role.")
    refuse_limited(actor)
    if not hide and (why_not := why_not_exact(actor=actor, file=file)):
        raise Forbidden(why_not)
    audit.record(
        actor=actor,
        action="original-downloaded",
        cluster=file.cluster,
        table=file.table,
        request=file.request,
        detail={"file": file.pk, "sha256": file.sha256, "passwords": "hidden" if hide else "as they are"},
    )
    return Mask().over(content(file)) if hide else content(file)


def content(file: OriginalFile) -> Iterator[bytes]:
    """The exact bytes, a part at a time."""
    for number in file.parts.order_by("number").values_list("number", flat=True):
        yield zlib.decompress(file.parts.get(number=number).data)


# --- proving ----------------------------------------------------------------------------------------------------------


def verify(history: History, cluster: Cluster) -> Iterator[Finding]:
    """Every kept file still is what was imported, and every import of which the history tells has its files."""
    told: dict[str, str] = dict(archives.checkpoint(cluster).get("originals", {}))
    for event in history.events(cluster=cluster.name, actions=["baseline", "import"]):
        told |= archives.originals_told(event)
    for file in OriginalFile.objects.filter(cluster=cluster).order_by("id").iterator():
        subject = f"original file {file.pk}"
        if told.pop(str(file.pk), None) != file.sha256:
            yield Finding(subject, "The audit history does not tell of it.")
        if _checksum(file) != (file.size, file.sha256):
            yield Finding(subject, f"Its bytes are not those that were imported into {file.table}.")
    for pk in told:
        yield Finding(f"original file {pk}", "It is in the audit history but was not kept.")


def _checksum(file: OriginalFile) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    try:
        for piece in content(file):
            size += len(piece)
            digest.update(piece)
    except zlib.error:
        return -1, ""
    return size, digest.hexdigest()
