"""Publications become commits, in their order, each once: the branch itself says which was the last."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import cast

from django.conf import settings
from django.db.models import QuerySet

from tables.commits import approvals
from tables.commits.repository import GitError, Repository, Tip
from tables.commits.wording import Authored, authored, branch_of
from tables.models import Host, Publication
from tables.publishing.desired import State
from tables.sendmail import commands
from tables.sendmail.masking import Mask
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES

Progress = Callable[[int, int], None]


def repository(run: commands.Run = commands.run) -> Repository | None:
    """The one of the settings; none when they name none."""
    if settings.GIT_REPOSITORY is None:
        return None
    return Repository(settings.GIT_REPOSITORY, run, settings.COMMAND_SECONDS, secrets=settings.GIT_SECRETS)


def publications(host: Host) -> QuerySet[Publication]:
    """Those that went live, in their order."""
    return Publication.objects.filter(host=host, state=Publication.State.SUCCEEDED).order_by("pk")


def newest(host: Host) -> int:
    """The number of the last one; 0: none."""
    return publications(host).values_list("pk", flat=True).last() or 0


def commit_publications(*, host: Host, into: Repository, progress: Progress | None = None) -> int:
    """Commit whatever the host's branch lacks, and return how many that were. Ended anywhere, the next goes on."""
    into.check()
    with into.alone():
        branch = branch_of(host.name)
        tip = into.tip(branch)
        last = _last(host, branch, tip)
        waiting = list(publications(host).filter(pk__gt=last.pk if last else 0).values_list("pk", flat=True))
        for done, pk in enumerate(waiting, start=1):
            publication = _publication(pk)
            tip, last = _commit(publication, last, into, branch, tip), publication
            into.tidy()
            if progress:
                progress(done, len(waiting))
        return len(waiting)


def _publication(pk: int) -> Publication:
    return Publication.objects.select_related("release__cluster", "release__author", "host").get(pk=pk)


def _last(host: Host, branch: str, tip: Tip | None) -> Publication | None:
    """The publication with which the branch ends. One that this database does not know must not be built on."""
    if tip is None:
        return None
    number = int(tip.publication) if tip.publication.isascii() and tip.publication.isdecimal() else 0
    known = publications(host).filter(pk=number, release__checksum=tip.checksum).first()
    if known is None:
        raise GitError(
            f"The branch {branch} ends with commit {tip.commit[:12]}, which is no publication on {host.name} in this "
            "database: it is of somebody else, or of before a backup was put back. Rename the branch (git branch -m); "
            "a new one is begun."
        )
    return _publication(known.pk)


def _commit(
    publication: Publication, before: Publication | None, into: Repository, branch: str, tip: Tip | None
) -> Tip:
    passwords = "included" if into.secrets else "masked"
    kept = _kept(publication, before, into, tip) if tip and tip.passwords == passwords else {}
    tree = into.tree(
        {table.name: kept.get(table.name) or _store(publication, table, into) for table in live(publication)}
    )
    words = _words(publication, before, passwords)
    commit = into.commit(tree, tip.commit if tip else "", words)
    into.advance(branch, commit, tip.commit if tip else "")
    return Tip(commit, tree, str(publication.pk), publication.release.checksum, passwords)


def live(publication: Publication) -> Iterator[TableSpec]:
    """The tables that have a file on the host."""
    return (TABLES[item["table"]] for item in publication.files if item["table"] in TABLES)


def _kept(publication: Publication, before: Publication | None, into: Repository, tip: Tip) -> dict[str, str]:
    """The blobs of files that the publication did not touch: those are not written again."""
    was = {item["table"]: item["sha256"] for item in before.files} if before else {}
    same = {item["table"] for item in publication.files if was.get(item["table"]) == item["sha256"]}
    return {name: blob for name, blob in into.files(tip.tree).items() if name in same}


def _store(publication: Publication, table: TableSpec, into: Repository) -> str:
    """The file without its stamp, which the trailers have."""
    release = publication.release
    body = cast("Generator[bytes, None, None]", State(release.cluster, release.change_number).body(table))
    with closing(body):
        return into.store(Mask().over(body) if table.holds_passwords and not into.secrets else body)


def _words(publication: Publication, before: Publication | None, passwords: str) -> Authored:
    release = publication.release
    return authored(
        name=release.author_name,
        email=release.author.email if release.author else "",
        when=publication.finished_at or publication.created_at,
        subject=f"Release {release.number}",
        reason=release.reason,
        trailers=approvals.trailers(publication, before=before.release if before else None, passwords=passwords),
    )
