"""The page of long work, and the pages that hand their work over."""

import pytest
from django.conf import LazySettings

from mailadmin.accounts.models import User
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.jobs import running
from tables.models import ChangeRequest, Job
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import stands, text, visitor


@pytest.fixture(autouse=True)
def _handed_over(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: object) -> None:
    settings.STATE_DIR = tmp_path
    monkeypatch.setattr(running, "MANY", 1)
    monkeypatch.setattr(running, "launch", lambda _job: None)


@pytest.fixture
def draft(alice: User) -> ChangeRequest:
    made = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    for key in ("info", "help"):
        after = Entry(key, '"|/bin/x"')
        changes.propose(request=made, actor=Actor.of(alice), table=TABLES["aliases"], key=key, after=after)
    return made


def test_a_large_draft_is_submitted_and_approved_by_jobs(alice: User, bob: User, draft: ChangeRequest) -> None:
    author, approver = visitor(alice), visitor(bob)
    asked = author.post(f"/requests/{draft.pk}/submit/", {"reason": "two programs"})
    job = Job.objects.get()
    assert asked["Location"] == f"/jobs/{job.pk}/"
    page = text(author.get(f"/jobs/{job.pk}/"))
    assert "It begins…" in page
    assert "You may leave this page" in page

    running.do(job.pk)
    done = author.get(f"/jobs/{job.pk}/", follow=True)
    assert f"Request {draft.pk} waits for a review." in text(done)

    shown = approver.get(f"/requests/{draft.pk}/")
    checksum = shown.context["wanted"].checksum
    approver.post(f"/requests/{draft.pk}/approve/", {"checksum": checksum, "whole": "on"})
    job = Job.objects.get(work="approve")
    running.do(job.pk)
    polled = approver.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})
    assert polled["HX-Redirect"] == f"/requests/{draft.pk}/"
    assert stands("aliases", "info") is not None


def test_a_job_is_its_owners_alone(alice: User, dora: User, draft: ChangeRequest) -> None:
    visitor(alice).post(f"/requests/{draft.pk}/submit/", {"reason": "two programs"})
    job = Job.objects.get()

    assert visitor(dora).get(f"/jobs/{job.pk}/").status_code == 404


def test_what_failed_says_why(alice: User, draft: ChangeRequest) -> None:
    client = visitor(alice)
    client.post(f"/requests/{draft.pk}/submit/", {"reason": ""})
    job = Job.objects.get()
    running.do(job.pk)

    page = text(client.get(f"/jobs/{job.pk}/"))

    assert "This change needs a second person" in page
    assert f'<a href="/requests/{draft.pk}/">Back to where it was asked for</a>' in page
    save(alice, "aliases", "other", "anna")
    assert stands("aliases", "info") is None
