"""Long work in a process of its own: done once, whole or not at all, and told how far it is."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import changes, progress
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.jobs import running
from tables.models import ChangeRequest, Job
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.web.visits import stands


@pytest.fixture
def draft(alice: User, settings: LazySettings, tmp_path: Path) -> ChangeRequest:
    settings.STATE_DIR = tmp_path
    made = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    changes.propose(
        request=made, actor=Actor.of(alice), table=TABLES["aliases"], key="info", after=Entry("info", "anna")
    )
    return made


def queued(person: User, draft: ChangeRequest, work: str = "submit", **more: object) -> Job:
    given = {"request": draft.pk, "reason": "many", "ticket": "", **more}
    return Job.objects.create(person=person, work=work, title="Submitting", arguments=given)


def test_a_job_does_what_the_page_would(alice: User, draft: ChangeRequest) -> None:
    job = running.do(queued(alice, draft).pk)

    assert (job.state, job.address) == ("done", f"/requests/{draft.pk}/")
    assert job.said == f"Request {draft.pk} is applied. Publish to make it live."
    assert stands("aliases", "info") is not None


def test_it_is_done_once(alice: User, draft: ChangeRequest) -> None:
    job = queued(alice, draft)
    running.do(job.pk)

    with pytest.raises(ChangeError, match="does not wait"):
        running.do(job.pk)


def test_what_a_service_refuses_is_what_the_job_says(alice: User, bob: User, draft: ChangeRequest) -> None:
    job = running.do(queued(bob, draft).pk)

    assert job.state == "failed"
    assert "Only who made a draft can go on with it" in job.said
    assert stands("aliases", "info") is None


def test_where_it_was_asked_from_is_kept_without_a_filter_that_is_too_long(alice: User) -> None:
    short, long = "/tables/aliases/?q=anna", f"/tables/aliases/?q={'a' * 500}"
    begun = [running.start(person=alice, work="bulk", title="", arguments={}, back=back) for back in (short, long)]

    assert [job.address for job in begun] == [short, "/tables/aliases/"]


def test_a_request_that_is_gone_is_said_to_be(alice: User, draft: ChangeRequest) -> None:
    assert running.do(queued(alice, draft, request=10**6).pk).said == "There is no request 1000000 any more."


def test_what_nobody_thought_of_tells_no_secrets(
    alice: User, draft: ChangeRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_person: User, _given: dict[str, object]) -> None:
        progress.say("Breaking", 1, 2)
        raise RuntimeError("the password is hunter2")

    monkeypatch.setitem(running.WORKS, "submit", broken)  # type: ignore[arg-type]
    job = running.do(queued(alice, draft).pk)

    assert job.state == "failed"
    assert "hunter2" not in job.said
    assert "hunter2" in caplog.text


def test_how_far_it_is_can_be_read_meanwhile(
    alice: User, draft: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, seen = queued(alice, draft), []

    def slow(_person: User, _given: dict[str, object]) -> object:
        list(progress.counted("Counting", range(3), 3))
        seen.append(running.far(job))
        return running.WORKS["carry-out"] and type("R", (), {"said": "", "address": ""})

    monkeypatch.setitem(running.WORKS, "submit", slow)  # type: ignore[arg-type]
    running.do(job.pk)

    assert seen == [running.Far("Counting", 0, 3)]
    assert running.far(job) == running.Far()


@pytest.mark.parametrize("text", ["", "{", "[1]", json.dumps(["x", "y", 3])])
def test_a_note_that_is_none_says_nothing(alice: User, draft: ChangeRequest, tmp_path: Path, text: str) -> None:
    job = queued(alice, draft)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / f"{job.pk}.json").write_text(text)

    assert running.far(job) == running.Far()


def test_one_whose_process_is_gone_failed(alice: User, draft: ChangeRequest) -> None:
    other = subprocess.Popen([sys.executable, "-c", "pass"])
    other.wait()
    job = queued(alice, draft)
    Job.objects.filter(pk=job.pk).update(state="running", pid=other.pid)
    job.refresh_from_db()

    assert running.settle(job).state == "failed"
    assert "It was interrupted before its end. Nothing was changed" in job.said


def test_one_that_goes_on_is_left_alone(alice: User, draft: ChangeRequest) -> None:
    job = queued(alice, draft)
    assert running.settle(job).state == "queued"
    Job.objects.filter(pk=job.pk).update(state="running", pid=os.getpid())
    job.refresh_from_db()
    assert running.settle(job).state == "running"


def test_one_that_nobody_began_is_given_up(alice: User, draft: ChangeRequest) -> None:
    job = queued(alice, draft)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    job.refresh_from_db()

    assert running.settle(job).state == "failed"
