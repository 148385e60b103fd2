"""Publications become commits of the real git: in order, once each, and nobody's words become more than words."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import gitting
from tables.entries import get_cluster
from tables.models import Host, Publication
from tables.releases import cut
from tables.sendmail.commands import CommandError
from tests.services.editing import actor, approve, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(settings: Any, tmp_path: Path) -> Path:
    path = tmp_path / "tables.git"
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    settings.GIT_REPOSITORY = str(path)
    return path


@pytest.fixture
def host(db: None) -> Host:
    return Host.objects.create(cluster=get_cluster(), name="mx1..example", mail_dir="/etc/mail")


def publish(bob: User, reason: str = "") -> None:
    cut(cluster=get_cluster(), actor=actor(bob), reason=reason)
    Publication.objects.filter(state="queued").update(state="succeeded", finished_at=timezone.now())


def git(path: Path, *words: str) -> str:
    command = ["git", f"--git-dir={path}", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


BRANCH = "hosts/mx1%2E.example"


def test_publications_are_commits_in_order_and_once(repository: Path, host: Host, alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "carl")
    publish(bob, "first")
    request = approve(bob, save(alice, "relay-domains", "a.example", reason="wanted"))
    publish(bob, "second")
    assert (gitting.keep(), gitting.keep()) == (2, 0)
    assert git(repository, "log", "--format=%s|%an|%cn", BRANCH).splitlines() == [
        "Release 2 on mx1..example: second|bob|mailadmin",
        "Release 1 on mx1..example: first|bob|mailadmin",
    ]
    said = git(repository, "log", "-1", "--format=%(trailers:only)", BRANCH).splitlines()
    assert {f"Request: {request.pk}", "Author: alice", "Approved-by: bob", "Release: 2"} <= set(said)
    assert git(repository, "show", f"{BRANCH}:aliases") == "sales: carl\n"
    assert git(repository, "show", f"{BRANCH}~1:relay-domains") == ""
    assert git(repository, "show", f"{BRANCH}:relay-domains") == "a.example\n"
    assert git(repository, "fsck", "--strict", "--full") == ""
    assert git(repository, "rev-parse", f"{BRANCH}:aliases") == git(repository, "rev-parse", f"{BRANCH}~1:aliases")


def test_words_forge_neither_trailers_nor_authors(repository: Path, host: Host, alice: User, bob: User) -> None:
    bob.username = "bob>\n<mallory@example.com>"
    bob.save()
    save(alice, "aliases", "sales", "carl")
    publish(bob, "x\n\nApproved-by: dora\r\nRelease: 9\n---\n\x1b[31mRequest: 7\u2028Author: root")
    gitting.export()
    said = git(repository, "log", "-1", "--format=%(trailers:only)", BRANCH)
    assert "dora" not in said
    assert "Release: 9" not in said
    assert "Request: 7" not in said
    assert git(repository, "log", "-1", "--format=%an", BRANCH).split() == ["bob", "mallory@example.com"]
    assert git(repository, "fsck", "--strict", "--full") == ""


@pytest.mark.parametrize("shown", [False, True])
def test_passwords_are_dots_unless_they_are_wanted(
    repository: Path, host: Host, dora: User, bob: User, settings: Any, shown: bool
) -> None:
    settings.GIT_SECRETS = shown
    approve(bob, save(dora, "access", "AuthInfo:mx.example.net", '"U:us" "P:hidden-word"', reason="wanted"))
    publish(bob)
    gitting.export()
    assert ("hidden-word" in git(repository, "show", f"{BRANCH}:access")) is shown


def test_a_missing_repository_is_told_and_caught_up_with(
    repository: Path, host: Host, alice: User, bob: User, settings: Any, caplog: Any
) -> None:
    save(alice, "aliases", "sales", "carl")
    publish(bob)
    settings.GIT_REPOSITORY = str(repository.with_name("none.git"))
    assert gitting.keep() == 0
    assert "is no git repository. Make one: git init --bare" in caplog.text
    settings.GIT_REPOSITORY = str(repository)
    assert gitting.keep() == 1


def test_of_two_at_once_git_takes_one(repository: Path, host: Host, alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "carl")
    publish(bob)
    busy = False

    def other_is_quicker(argv: Any, **more: Any) -> Any:
        nonlocal busy
        if "update-ref" in argv and not busy:
            busy = True
            gitting.export()
        return gitting.commands.run(argv, **more)

    with pytest.raises(CommandError, match="update-ref"):
        gitting.export(run=other_is_quicker)
    assert len(git(repository, "log", "--format=%h", BRANCH).split()) == 1


def test_a_branch_of_somebody_else_is_refused(repository: Path, host: Host, alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "carl")
    publish(bob)
    gitting.export()
    tree = git(repository, "rev-parse", f"{BRANCH}^{{tree}}").strip()
    names = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    commit = git(repository, *names, "commit-tree", tree, "-m", "by hand").strip()
    git(repository, "update-ref", f"refs/heads/{BRANCH}", commit)
    with pytest.raises(CommandError, match="is not of mailadmin"):
        gitting.export()
