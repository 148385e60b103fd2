"""What hinders the commits hinders nothing else: it is said once, with what to do, and made up for later."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import publishing
from tables.commits import committing, troubles
from tables.commits.repository import Busy, GitError, Repository
from tables.commits.wording import branch_of
from tables.management.children import spawn
from tables.management.commands.publisher import Loop
from tables.management.committer import Committer
from tables.models import AuditEvent, Host, Publication
from tables.publishing.site import here
from tables.sendmail import commands
from tables.sendmail.commands import MissingProgram, Result
from tests.commands.running import run
from tests.integration.daemon import wait_for
from tests.publisher.test_git import BRANCH, export, git, log, published, repository
from tests.services.editing import approve, save
from tests.web.reading import words
from tests.web.visits import visitor

__all__ = ["repository"]

pytestmark = pytest.mark.django_db


def trouble(repository: Repository, host: Host) -> str:
    with pytest.raises(GitError) as raised:
        export(repository, host)
    return str(raised.value)


def told(host: Host) -> str:
    return str(Host.objects.get(pk=host.pk).report.get("git", ""))


def test_a_missing_or_strange_repository_is_named_with_what_to_do(
    repository: Repository, host: Host, tmp_path: Path
) -> None:
    published(host, "aliases", "a", "root")
    path = repository.path
    away = path.rename(path.with_name("away"))
    assert "Make it with manage.py git_export --init" in trouble(repository, host)
    path.mkdir(mode=0o700)
    assert "is no bare git repository, or a broken one" in trouble(repository, host)
    path.chmod(0o770)
    assert trouble(repository, host).endswith("Take that from them: chmod -R go-w.")
    path.rmdir()
    away.rename(path)
    (path / "HEAD").write_text("nonsense\n")
    assert "is no bare git repository, or a broken one" in trouble(repository, host)
    (path / "HEAD").write_text("ref: refs/heads/x\n")
    assert export(repository, host) == 1


def test_a_repository_with_passwords_is_for_its_owner_alone(repository: Repository, host: Host, settings: Any) -> None:
    settings.GIT_SECRETS = True
    open_ = committing.repository()
    assert open_
    open_.path.chmod(0o750)
    assert trouble(open_, host).endswith("Take that from them: chmod go-rwx.")
    assert export(repository, host) == 0


def test_passwords_are_dots_until_they_are_wanted(
    repository: Repository, host: Host, settings: Any, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "access", "AuthInfo:a.example", '"U:me" "P:geheim1"', reason="x"))
    published(host, "aliases", "postmaster", "root", reason='the new one is "P:geheim1"')
    export(repository, host)
    everything = git(repository, "log", "-p", BRANCH)
    assert "authinfo:a.example" in everything.lower()
    assert "geheim1" not in everything
    settings.GIT_SECRETS = True
    open_ = committing.repository()
    assert open_
    second = published(host, "aliases", "a", "root")
    first = Publication.objects.exclude(pk=second.pk).get()
    Publication.objects.filter(pk=second.pk).update(files=first.files)
    export(open_, host)
    assert "geheim1" in git(repository, "show", f"{BRANCH}:access")


def test_files_that_were_not_touched_are_not_written_again(repository: Repository, host: Host) -> None:
    first = published(host, "aliases", "a", "root")
    export(repository, host)
    second = published(host, "aliases", "b", "root")
    Publication.objects.filter(pk=second.pk).update(files=[*first.files[:1], *second.files[1:]])
    asked: list[Sequence[str]] = []

    def noted(argv: Sequence[str], **more: Any) -> Result:
        asked.append(argv)
        return commands.run(argv, **more)

    export(Repository(repository.path, noted, 60), host)
    assert len([argv for argv in asked if argv[-3:] == ["hash-object", "-w", "--stdin"]]) == 1
    assert git(repository, "show", f"{BRANCH}:aliases") == "a: root\n"


def test_a_branch_that_ends_with_something_else_is_not_built_on(repository: Repository, host: Host) -> None:
    publication = published(host, "aliases", "a", "root")
    export(repository, host)
    ours = git(repository, "rev-parse", BRANCH).strip()
    tree = git(repository, "rev-parse", f"{BRANCH}^{{tree}}").strip()
    message = f"x\n\nPublication: {publication.pk + 1}\nChecksum: {publication.release.checksum}\n"
    name = ("-c", "user.name=eve", "-c", "user.email=e@e")
    other = git(repository, *name, "commit-tree", tree, "-p", ours, "-m", message).strip()
    git(repository, "update-ref", f"refs/heads/{BRANCH}", other)
    assert "is no publication on mx.test.example in this database" in trouble(repository, host)
    git(repository, "branch", "-m", BRANCH, "away")
    assert export(repository, host) == 1


def test_two_at_once_never_both_go_on_from_the_same_commit(repository: Repository, host: Host) -> None:
    published(host, "aliases", "a", "root")
    handle = os.open(repository.path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(Busy):
        export(repository, host)
    os.close(handle)
    export(repository, host)
    with pytest.raises(GitError, match="git could not write or read"):
        repository.advance(BRANCH, git(repository, "rev-parse", BRANCH).strip(), "")


@pytest.mark.parametrize("step", ["hash-object", "mktree", "update-ref"])
def test_ended_or_hindered_at_any_step_the_next_one_finishes(repository: Repository, host: Host, step: str) -> None:
    for name in ("a", "b"):
        published(host, "aliases", name, "root")

    def hindered(argv: Sequence[str], **more: Any) -> Result:
        if step in argv:
            return Result(tuple(argv), 128, "", "fatal: write error: No space left on device\n", 0)
        return commands.run(argv, **more)

    said = trouble(Repository(repository.path, hindered, 60), host)
    assert "write error: No space left on device. Mend that" in said
    assert export(repository, host) == 2
    assert log(repository, "%s") == ["Release 1", "Release 2"]


def test_without_git_the_package_is_named(repository: Repository, host: Host) -> None:
    def missing(argv: Sequence[str], **_more: Any) -> Result:
        raise MissingProgram(argv[0])

    assert "Install the Debian package git." in trouble(Repository(repository.path, missing, 60), host)


# --- the command and the publisher ------------------------------------------------------------------------------------


def test_the_command_makes_the_repository_and_commits_for_all_hosts(repository: Repository, host: Host) -> None:
    repository.path.rename(repository.path.with_name("away"))
    other = publishing.register_host(name="mx2")
    published(other, "aliases", "a", "root")
    assert run("git_export", "--init").splitlines() == [
        f"mx.test.example: 0 publications committed to {BRANCH}.",
        "mx2: 1 publication committed to hosts/mx2.",
    ]
    event = AuditEvent.objects.filter(action="export").first()
    assert event
    assert event.detail == {"git": str(repository.path), "host": "mx2"}
    with pytest.raises(CommandError, match=r"There is no host mx3\. Known hosts: mx\.test\.example, mx2\."):
        run("git_export", host="mx3")


def test_the_command_needs_a_repository_to_be_named(host: Host, settings: Any) -> None:
    settings.GIT_REPOSITORY = None
    with pytest.raises(CommandError, match="Name one with MAILADMIN_GIT_REPOSITORY"):
        run("git_export")


def test_a_trouble_is_on_the_page_and_in_the_history_until_it_is_over(
    repository: Repository, host: Host, charlie: User
) -> None:
    published(host, "aliases", "a", "root")
    publishing.report(host=host, site=here(commands.run))
    away = repository.path.rename(repository.path.with_name("away"))
    for _again in range(2):
        with pytest.raises(SystemExit):
            run("git_export", "--quiet")
    publishing.report(host=host, site=here(commands.run))
    assert told(host).startswith("There is no git repository at")
    assert "Its last publications are not in the git repository. There is no git" in words(
        visitor(charlie).get(reverse("host", args=[host.pk]))
    )
    away.rename(repository.path)
    run("git_export", "--quiet")
    assert told(host) == ""
    said = [event.after for event in AuditEvent.objects.filter(action="host-reported").order_by("number")][1:]
    assert [list(after) for after in said if after] == [["git"], ["git"]]
    assert not troubles.note(host=host, trouble="")


def started(code: str) -> tuple[Committer, list[Sequence[str]]]:
    asked: list[Sequence[str]] = []

    def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
        asked.append(command)
        return spawn([sys.executable, "-c", code])

    return Committer(start), asked


def look(committer: Committer, host: Host) -> None:
    committer.not_before = 0
    committer.look(host)


def ended(committer: Committer) -> None:
    wait_for(lambda: committer.child is not None and committer.child.poll() is not None)


def test_the_publisher_has_each_publication_committed_once(repository: Repository, host: Host) -> None:
    committer, asked = started("")
    look(committer, host)
    assert asked == []
    for count in (1, 2):
        published(host, "aliases", f"a{count}", "root")
        look(committer, host)
        ended(committer)
        look(committer, host)
        look(committer, host)
        assert asked == [[sys.executable, "manage.py", "git_export", "--quiet", "--host=mx.test.example"]] * count


def test_a_child_that_failed_is_started_again_after_a_minute(repository: Repository, host: Host) -> None:
    published(host, "aliases", "a", "root")
    committer, asked = started("raise SystemExit(1)")
    look(committer, host)
    ended(committer)
    look(committer, host)
    committer.look(host)
    assert len(asked) == 1
    look(committer, host)
    assert len(asked) == 2
    committer.stop()


def test_without_a_repository_the_publisher_does_nothing(host: Host, settings: Any) -> None:
    settings.GIT_REPOSITORY = None
    published(host, "aliases", "a", "root")
    committer, asked = started("")
    look(committer, host)
    assert asked == []


def test_the_publisher_looks_after_each_publication(monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    loop = Loop(host.name)
    looks: list[Host | None] = []
    monkeypatch.setattr(loop, "look", lambda: None)
    monkeypatch.setattr(loop, "check", lambda: None)
    monkeypatch.setattr(loop.committer, "look", looks.append)
    loop.host = host
    assert loop._looked()
    assert looks == [host]
    assert branch_of(host.name) == BRANCH
