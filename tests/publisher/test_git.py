"""Every publication becomes one commit, in order and once, and git finds nothing wrong with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import releases
from tables.actors import Actor
from tables.commits import committing
from tables.commits.repository import Repository
from tables.entries import get_cluster
from tables.models import AuditEvent, Host, Publication
from tests.places import place
from tests.publisher.conftest import Publish
from tests.services.editing import approve, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

BRANCH = "hosts/mx.test.example"


@pytest.fixture
def repository(host: Host, settings: Any) -> Iterator[Repository]:
    with place() as directory:
        settings.GIT_REPOSITORY = directory / "publications.git"
        found = committing.repository()
        assert found
        found.init()
        yield found


def export(repository: Repository, host: Host) -> int:
    return committing.commit_publications(host=host, into=repository)


def git(repository: Repository, *words: str) -> str:
    done = subprocess.run(["git", f"--git-dir={repository.path}", *words], capture_output=True, text=True, check=True)
    return done.stdout


def log(repository: Repository, form: str) -> list[str]:
    return git(repository, "log", "--reverse", f"--format={form}", BRANCH).splitlines()


def trailers(repository: Repository, revision: str = BRANCH) -> list[str]:
    return git(repository, "log", "-1", "--format=%(trailers:only)", revision).split("\n")[:-2]


def published(host: Host, table: str, key: str, value: str = "", **about: Any) -> Publication:
    """A publication as it stands in the database once it has ended, without the files of a host."""
    reason, actor = about.pop("reason", ""), about.pop("actor", Actor.command())
    save(None, table, key, value, **about)
    release = releases.cut(cluster=get_cluster(), actor=actor, reason=reason)
    number = release.change_number
    publication = Publication.objects.filter(release=release, host=host).latest("id")
    publication.files = [{"table": "aliases", "sha256": str(number)}, {"table": "access", "sha256": str(number)}]
    publication.state, publication.finished_at = Publication.State.SUCCEEDED, publication.created_at
    publication.save()
    return publication


def test_a_publication_is_a_commit_of_the_files_that_went_live(
    publish: Publish, repository: Repository, host: Host, mail_dir: Path, alice: User, bob: User
) -> None:
    request = approve(bob, save(alice, "relay-domains", "a.example", reason="wanted"))
    save(alice, "aliases", "postmaster", "root")
    publication = publish()
    assert publication.state == "succeeded"
    assert export(repository, host) == 1
    for name in ("aliases", "relay-domains"):
        body = git(repository, "show", f"{BRANCH}:{name}")
        assert (mail_dir / name).read_text().partition("\n")[2] == body
    event = AuditEvent.objects.get(action="publication-succeeded")
    said = trailers(repository)
    assert said[:6] == [
        f"Publication: {publication.pk}",
        "Release: 1",
        "Cluster: default",
        "Host: mx.test.example",
        f"Checksum: {publication.release.checksum}",
        f"Audit-head: {event.hash}",
    ]
    at = said.index(f"Request: {request.pk}")
    assert said[at : at + 3] == [f"Request: {request.pk}", "Author: alice", "Approved-by: bob"]
    assert git(repository, "fsck", "--strict", "--no-dangling") == ""


def test_the_commits_follow_the_publications_each_once(repository: Repository, host: Host) -> None:
    for number in range(3):
        published(host, "aliases", f"name{number}", "root", reason=f"number {number}")
    assert export(repository, host) == 3
    assert export(repository, host) == 0
    published(host, "aliases", "later", "root")
    assert export(repository, host) == 1
    assert log(repository, "%s")[:3] == ["Release 1: number 0", "Release 2: number 1", "Release 3: number 2"]
    assert git(repository, "show", f"{BRANCH}~2:aliases") == "name0: root\nname1: root\n"
    assert git(repository, "symbolic-ref", "HEAD").strip() == f"refs/heads/{BRANCH}"


@pytest.mark.one_database
def test_author_and_dates_are_those_of_the_publication(repository: Repository, host: Host, alice: User) -> None:
    publication = published(host, "aliases", "a", "root", actor=Actor.of(alice))
    export(repository, host)
    assert publication.finished_at
    when = int(publication.finished_at.timestamp())
    assert log(repository, "%an %ae %at %cn %ct") == [f"alice alice@example.com {when} mailadmin {when}"]


@pytest.mark.one_database
def test_a_repository_is_packed_when_what_is_loose_grows_large(
    repository: Repository, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(host, "aliases", "a", "root")
    export(repository, host)
    assert "in-pack: 0" in git(repository, "count-objects", "-v")
    monkeypatch.setattr("tables.commits.repository.LOOSE_KIB", 0)
    published(host, "aliases", "b", "root")
    export(repository, host)
    assert "count: 0\n" in git(repository, "count-objects", "-v")
    assert log(repository, "%s") == ["Release 1", "Release 2"]
    assert git(repository, "fsck", "--strict", "--no-dangling") == ""
