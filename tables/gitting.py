"""Every publication as a commit in a bare git repository: a branch for each host, a file for each table.

Made after the publication and apart from it, so nothing that is wrong with git keeps mail from anybody. The last commit
of a branch names its publication: whoever was killed goes on there, and of two who do it at once git takes one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from tables import exporting
from tables.models import AuditEvent, Change, ChangeRequest, Host, PassageChange, Publication, Review
from tables.sendmail import commands
from tables.sendmail.commands import CommandError, Run
from tables.sendmail.masking import Mask
from tables.sendmail.spec import TableSpec
from tables.sendmail.tables import TABLES
from tables.snapshots import snapshot

logger = logging.getLogger("mailadmin.publisher")

#: Publications that one turn of house keeping takes; requests that one commit names.
TURN, NAMED = 20, 100

_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f<>\u2028\u2029]+")
_NO_REF = re.compile(r"[^A-Za-z0-9_.-]|^[.-]|\.(?=\.)|\.$|\.(?=lock$)")


class Repository:
    """A bare repository, written by git's plumbing alone: no hook, no work tree, no shell."""

    def __init__(self, path: Path, run: Run) -> None:
        self.path, self.run = path, run

    def git(self, *words: str, stdin: Iterator[bytes] | list[bytes] | None = None, may_fail: bool = False) -> str:
        argv = ["git", f"--git-dir={self.path}", *words]
        result = self.run(argv, stdin=stdin or [], timeout=settings.COMMAND_SECONDS)
        if result.returncode and not may_fail:
            said = result.stderr.strip().split("\n")[-1]
            raise CommandError(
                f"git could not {words[0]} in {self.path}: {said}. Nothing is lost: it is tried again. Make room or "
                f"mend it; a new one is made by git init --bare {self.path} and filled by manage.py git_export."
            )
        return "" if result.returncode else result.stdout.strip()

    def refuse_missing(self) -> None:
        if not (self.path / "HEAD").is_file():
            raise CommandError(f"{self.path} is no git repository. Make one: git init --bare {self.path}.")


def branch(host: Host) -> str:
    """A name that git takes, whatever the host's is: what it would not take stands there as %XX."""
    safe = _NO_REF.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), host.name)
    return f"refs/heads/hosts/{safe}"


def keep() -> int:
    """The chore: what was published since, a few commits at a time. What is wrong is only told."""
    if not settings.GIT_REPOSITORY:
        return 0
    try:
        return export(most=TURN)
    except (CommandError, OSError) as error:
        logger.error("%s", error)
        return 0


def export(*, most: int | None = None, run: Run = commands.run) -> int:
    """Commit what is not yet there, the oldest first; how many."""
    repository = Repository(Path(settings.GIT_REPOSITORY), run)
    repository.refuse_missing()
    done = 0
    for host in Host.objects.select_related("cluster").order_by("name"):
        while (most is None or done < most) and _next(repository, host):
            done += 1
    return done


def _next(repository: Repository, host: Host) -> bool:
    tip = repository.git("rev-parse", "--quiet", "--verify", branch(host), may_fail=True)
    last = _last(repository, tip)
    found = Publication.objects.filter(host=host, state=Publication.State.SUCCEEDED, pk__gt=last.pk if last else 0)
    publication = found.select_related("release__cluster", "release__author", "host").order_by("pk").first()
    if publication is None:
        return False
    with snapshot():
        commit = _commit(repository, publication, tip, last)
    # Only where the branch is still where it was: somebody else may have been quicker.
    moved = repository.git("update-ref", branch(host), commit, tip or "0" * 40)
    return moved == ""


def _last(repository: Repository, tip: str) -> Publication | None:
    if not tip:
        return None
    said = repository.git("log", "-1", "--format=%(trailers:key=Publication,valueonly)", tip)
    if not said.isdecimal():
        raise CommandError(
            f"The last commit {tip} in {repository.path} is not of mailadmin. Name a repository of its own in "
            "MAILADMIN_GIT_REPOSITORY, or put the branch back."
        )
    return Publication.objects.select_related("release").get(pk=int(said))


def _commit(repository: Repository, publication: Publication, tip: str, last: Publication | None) -> str:
    before = last.release.change_number if last else 0
    kept = _blobs(repository, tip)
    blobs = {name: _blob(repository, publication, table, before, kept.get(name, "")) for name, table in TABLES.items()}
    lines = [f"100644 blob {blob}\t{name}\n".encode() for name, blob in blobs.items() if blob]
    tree = repository.git("mktree", stdin=lines)
    text = _object(publication, tree, tip, before)
    return repository.git("hash-object", "-w", "-t", "commit", "--stdin", stdin=[text.encode()])


def _blobs(repository: Repository, tip: str) -> dict[str, str]:
    lines = repository.git("ls-tree", tip).splitlines() if tip else []
    return {line.split("\t")[1]: line.split()[2] for line in lines}


def _blob(repository: Repository, publication: Publication, table: TableSpec, before: int, kept: str) -> str:
    """The file as it was published but for its stamp; empty: there is none. Where nothing changed it is the one before.

    Not of a table of passwords, which may be hidden from now on, or no longer.
    """
    release = publication.release
    cluster, number = release.cluster, release.change_number
    if kept and not table.holds_passwords:
        between = {"cluster": cluster, "table": table.name, "number__gt": before, "number__lte": number}
        if not any(model.objects.filter(**between).exists() for model in (Change, PassageChange)):
            return kept
    if not exporting.was_ever_used(cluster=cluster, table=table, change_number=number):
        return ""
    text = exporting.content(cluster=cluster, table=table, change_number=number)
    hide = table.holds_passwords and not settings.GIT_SECRETS
    return repository.git("hash-object", "-w", "--stdin", stdin=Mask().over(text) if hide else text)


def _object(publication: Publication, tree: str, tip: str, before: int) -> str:
    """The commit as git keeps it. What people wrote can begin no line of it."""
    release = publication.release
    email = release.author.email if release.author else ""
    reason = "\n".join(f"    {one_line(line)}" for line in release.reason.splitlines())
    title = f"Release {release.number} on {publication.host.name}"
    about = next(iter(release.reason.splitlines()), "")
    return "\n".join(
        [
            f"tree {tree}",
            *([f"parent {tip}"] if tip else []),
            f"author {_signed(release.author_name, email, release.created_at)}",
            f"committer {_signed('mailadmin', '', publication.finished_at or release.created_at)}",
            "",
            one_line(f"{title}: {about}" if about else title),
            "",
            *([reason, ""] if reason.strip() else []),
            *_trailers(publication, before),
            "",
        ]
    )


def one_line(text: str) -> str:
    """Without line ends, control characters and angle brackets, which git would take for something."""
    return _NO_NAME.sub(" ", text).strip()


def _signed(name: str, email: str, at: datetime) -> str:
    return f"{one_line(name) or 'nobody'} <{quote(email, safe='@.+-_')}> {int(at.timestamp())} +0000"


def _trailers(publication: Publication, before: int) -> Iterator[str]:
    release = publication.release
    yield f"Publication: {publication.pk}"
    yield f"Release: {release.number}"
    yield f"Checksum: {release.checksum}"
    event = AuditEvent.objects.filter(at__lte=publication.finished_at or release.created_at).order_by("-number").first()
    if event:
        yield f"Audit-head: {event.hash}"
    numbers = {"cluster": release.cluster, "number__gt": before, "number__lte": release.change_number}
    found = ChangeRequest.objects.filter(pk__in=Change.objects.filter(**numbers).values("request")).order_by("pk")
    for request in found[:NAMED]:
        yield f"Request: {request.pk}"
        yield f"Author: {one_line(request.author_name)}"
        given = request.reviews.filter(decision=Review.Decision.APPROVE, checksum=request.checksum).order_by("pk")
        for name in dict.fromkeys(given.values_list("reviewer_name", flat=True)):
            yield f"Approved-by: {one_line(name)}"
    if (more := found.count() - NAMED) > 0:
        yield f"More-requests: {more}"
