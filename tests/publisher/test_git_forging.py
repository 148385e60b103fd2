"""No name and no reason makes git read an author, a trailer or a line that mailadmin did not write."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tables.commits.repository import Repository
from tables.commits.wording import Authored, authored, branch_of, identity
from tables.sendmail import commands
from tests.places import place

WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)

#: What a commit, a trailer, a patch or a terminal could be deceived with.
HOSTILE = (
    "bob\nApproved-by: eve",
    "bob\r\n\r\nApproved-by: eve\r\n",
    "eve <root@example.org> 0 +0000\ncommitter eve <e@e> 0 +0000\n\nforged",
    "x\x00y",
    "x\x0bApproved-by: eve\x0c\x1b[2J\x85\u2028Approved-by: eve\u2029",
    "\u202eevil",
    "<>",
    "<eve@example.org>",
    "  ",
    "",
    "---\n\nApproved-by: eve\n",
    "x\n\nApproved-by: eve\n\n---\ndiff --git a/x b/x",
    "\n\n\nApproved-by: eve",
    "#comment\n\tApproved-by: eve\n Approved-by: eve",
    "ü" * 400,
    "a.b,c;d\\",
    "\udc80\ud800",
    "\uf780\uf700",
)


@pytest.fixture(scope="module")
def repository() -> Iterator[Repository]:
    with place() as directory:
        found = Repository(directory / "x.git", commands.run, 60)
        found.init()
        yield found


def git(path: Path, *words: str) -> str:
    done = subprocess.run(["git", f"--git-dir={path}", *words], capture_output=True, check=True)
    return done.stdout.decode()


def words(name: str, reason: str, email: str = "") -> Authored:
    trailers = [("Publication", "12"), ("Author", name), ("Passwords", "masked")]
    return authored(name=name, email=email, when=WHEN, subject="Release 7", reason=reason, trailers=trailers)


def test_git_reads_no_more_from_a_commit_than_was_meant(repository: Repository) -> None:
    tree, commit = repository.tree({}), ""
    for text in HOSTILE:
        commit = repository.commit(tree, commit, words(text, text, text))
    repository.advance("hosts/x", commit, "")
    assert git(repository.path, "fsck", "--strict", "--no-dangling") == ""
    form = "%cn <%ce> %ct %at%x00%ae%x00%(trailers:only,unfold)%x00%(trailers:key=Approved-by)%x00%x00"
    commits = git(repository.path, "log", "-z", f"--format={form}", "hosts/x").split("\0\0\0")
    assert len([one for one in commits if one.strip("\0")]) == len(HOSTILE)
    for one in filter(None, (one.strip("\0") for one in commits)):
        committer, email, trailers = one.split("\0")[:3]
        moment = int(WHEN.timestamp())
        assert committer == f"mailadmin <mailadmin@mailadmin.invalid> {moment} {moment}"
        assert email.endswith("@mailadmin.invalid")
        keys = [line.partition(":")[0] for line in trailers.strip().split("\n")]
        assert keys == ["Publication", "Author", "Passwords"]
    tip = repository.tip("hosts/x")
    assert tip
    assert (tip.publication, tip.passwords) == ("12", "masked")


text = st.text(st.characters(exclude_categories=())) | st.sampled_from(HOSTILE)


@given(name=text, reason=text, email=text)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_commit_has_the_lines_that_were_meant_whatever_it_is_made_of(name: str, reason: str, email: str) -> None:
    made = words(name, reason, email)
    assert [line.split(" ")[0] for line in made.lines] == ["author", "committer"]
    for line in made.lines:
        assert len(line.splitlines()) == 1
        assert (line.count("<"), line.count(">")) == (1, 1)
    made.message.encode()
    *above, last = made.message.removesuffix("\n").split("\n\n")
    assert [line.partition(": ")[0] for line in last.split("\n")] == ["Publication", "Author", "Passwords"]
    subject, *reasons = "\n\n".join(above).split("\n")
    assert subject.startswith("Release 7")
    assert all(line == "" or line.startswith("    ") for line in reasons)


@pytest.mark.parametrize(
    ("name", "email", "wanted"),
    [
        ("alice", "alice@example.com", "alice <alice@example.com>"),
        ("cli:root", "", "cli:root <cli%3Aroot@mailadmin.invalid>"),
        ("alice", "alice@example.com> 0 +0000", "alice <alice@mailadmin.invalid>"),
        ("<>", "", "unknown <unknown@mailadmin.invalid>"),
    ],
)
def test_who_has_no_address_that_can_stand_there_gets_one(name: str, email: str, wanted: str) -> None:
    assert identity(name, email) == wanted


def test_every_host_has_a_branch_of_its_own_that_git_takes(repository: Repository) -> None:
    names = (
        "mx1.example.org",
        "a..b",
        ".a",
        "a.",
        "a.lock",
        "a/b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "ä",
        "a%2Fb",
        "-x",
        "@{",
    )
    branches = [branch_of(name) for name in names]
    assert branches[0] == "hosts/mx1.example.org"
    assert len(set(branches)) == len(names)
    for branch in branches:
        git(repository.path, "check-ref-format", f"refs/heads/{branch}")
