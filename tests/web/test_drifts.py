"""The page of a file that was changed by hand, and its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mailadmin.accounts.models import User
from tables import publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.jobs import running
from tables.models import Drift, Host, Job, Notice, Publication
from tables.takeover import taking
from tests.places import place
from tests.services.drifting import appended, found_after
from tests.services.editing import save
from tests.web.visits import text, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]


@pytest.fixture
def host(settings: Any, alice: User) -> Iterator[Host]:
    """A host on which aliases is published."""
    with place() as directory:
        settings.MAIL_DIR = directory / "mail"
        settings.MAIL_DIR.mkdir()
        for key in ("postmaster", "sales"):
            save(alice, "aliases", key, "root")
        host = publishing.register_host()
        releases.cut(cluster=get_cluster(), actor=Actor.command())
        assert publish(host).state == Publication.State.SUCCEEDED
        yield host


def publish(host: Host) -> Publication:
    publication = publishing.converge(host=Host.objects.get(pk=host.pk))
    assert publication is not None
    publication.refresh_from_db()
    return publication


def test_the_page_shows_what_was_changed_and_who_is_likely(host: Host, alice: User, settings: Any) -> None:
    drift = appended("aliases", "info: bob\n")
    page = text(visitor(alice).get(f"/drifts/{drift.pk}/"))
    assert "info: bob" in page
    assert f"Likely {drift.owner}" in page
    assert "rw-" in page
    assert str(settings.MAIL_DIR / "aliases") in page
    assert "The next publication on this host stops here." in page


def test_a_notice_leads_there_and_is_read_there(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    browser = visitor(alice)
    assert f'href="/drifts/{drift.pk}/"' in browser.get("/notices/").content.decode()
    assert Notice.objects.get(person=alice, kind="drift").read_at is None
    browser.get(f"/drifts/{drift.pk}/")
    assert Notice.objects.get(person=alice, kind="drift").read_at


def test_home_and_publish_lead_to_it(host: Host, charlie: User, settings: Any) -> None:
    browser = visitor(charlie)
    assert "by hand" not in text(browser.get("/"))
    drift = appended("aliases", "info: bob\n")
    assert f"aliases on {host} was changed by hand" in text(browser.get("/"))
    for page in ("/", "/publish/"):
        assert f'href="/drifts/{drift.pk}/"' in browser.get(page).content.decode()
    (settings.MAIL_DIR / "virtusertable").touch()
    appended("virtusertable", "a@b.example\tc\n")
    assert "and 1 more files were changed by hand" in text(browser.get("/"))


def test_a_publication_that_stopped_at_it_leads_to_it(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    releases.cut(cluster=get_cluster(), actor=Actor.command())
    publication = publish(host)
    page = visitor(alice).get(f"/publish/{publication.pk}/").content.decode()
    assert f'href="/drifts/{drift.pk}/"' in page


def test_one_click_overwrites_it(host: Host, alice: User, settings: Any) -> None:
    drift = appended("aliases", "info: bob\n")
    answer = visitor(alice).post(f"/drifts/{drift.pk}/overwrite/")
    queued = Publication.objects.get(state=Publication.State.QUEUED)
    assert answer["Location"] == f"/publish/{queued.pk}/"
    assert "alice said that it may be overwritten" in text(visitor(alice).get(f"/drifts/{drift.pk}/"))
    assert publish(host).state == Publication.State.SUCCEEDED
    assert "info" not in Path(settings.MAIL_DIR / "aliases").read_text()
    assert "It was overwritten" in text(visitor(alice).get(f"/drifts/{drift.pk}/"))


def test_what_ended_is_not_overwritten(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    Drift.objects.filter(pk=drift.pk).update(state="gone", ended_at=drift.found_at)
    page = text(visitor(alice).post(f"/drifts/{drift.pk}/overwrite/", follow=True))
    assert "is gone since" in page
    assert "Overwrite it" not in page
    assert not Publication.objects.filter(state=Publication.State.QUEUED).exists()


@pytest.mark.parametrize("kind", ["removed", "map changed"])
def test_other_kinds_say_what_they_are(host: Host, alice: User, kind: str) -> None:
    drift = appended("aliases", "info: bob\n")
    Drift.objects.filter(pk=drift.pk).update(kind=kind, diff="", owner="", mode=None, size=None, modified_at=None)
    page = text(visitor(alice).get(f"/drifts/{drift.pk}/"))
    assert ("Somebody removed this file" if kind == "removed" else "Somebody built the map") in page


def test_there_is_no_page_for_what_is_not_there(host: Host, alice: User) -> None:
    assert visitor(alice).get("/drifts/4711/").status_code == 404
    assert visitor(alice).post("/drifts/4711/overwrite/").status_code == 404


# --- taking over ------------------------------------------------------------------------------------------------------


def test_taking_over_shows_what_it_would_do_and_does_it(host: Host, alice: User, settings: Any) -> None:
    text = "# by hand\n\npostmaster:\troot\nsales:\tbob\nbroken line\n"
    drift = found_after("aliases", text)
    browser = visitor(alice)
    assert f'href="/drifts/{drift.pk}/take-over/"' in browser.get(f"/drifts/{drift.pk}/").content.decode()
    page = text_of(browser, f"/drifts/{drift.pk}/take-over/")
    assert "sales" in page
    assert "Problems in the file" in page
    assert "# by hand" in page
    answer = browser.post(f"/drifts/{drift.pk}/take-over/", {"reason": "They did it at night"})
    drift.refresh_from_db()
    assert drift.state == Drift.State.TAKEN_OVER
    assert answer["Location"] == f"/requests/{drift.request_id}/"
    page = text_of(browser, answer["Location"])
    assert "Text between entries" in page
    assert "They did it at night" in page
    assert "It was taken over" in text_of(browser, f"/drifts/{drift.pk}/")


def test_taking_over_what_the_tables_say_already_needs_no_request(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    save(alice, "aliases", "info", "bob")
    browser = visitor(alice)
    assert "The tables say all of it already." in text_of(browser, f"/drifts/{drift.pk}/take-over/")
    assert browser.post(f"/drifts/{drift.pk}/take-over/")["Location"] == f"/drifts/{drift.pk}/"
    assert "It was taken over" in text_of(browser, f"/drifts/{drift.pk}/")


def test_conflicts_are_shown_side_by_side(host: Host, alice: User) -> None:
    drift = found_after("aliases", "postmaster: root\nsales: bob\n")
    save(alice, "aliases", "sales", "carol")
    page = text_of(visitor(alice), f"/drifts/{drift.pk}/take-over/")
    assert "In conflict, and not taken" in page
    assert "sales: bob" in page
    assert "sales: carol" in page
    assert "Line(" not in page


def test_garbage_is_refused_in_words(host: Host, alice: User) -> None:
    drift = found_after("aliases", bytes(range(256)) * 40)
    browser = visitor(alice)
    page = text_of(browser, f"/drifts/{drift.pk}/take-over/")
    assert "Nothing was taken over." in page
    assert "<form" not in page.split("<main")[1].split("</main")[0] or "Take over</button>" not in page
    browser.post(f"/drifts/{drift.pk}/take-over/")
    drift.refresh_from_db()
    assert drift.is_open


def test_comments_alone_can_be_taken_over_and_back(host: Host, alice: User) -> None:
    drift = appended("aliases", "\n# the end\n")
    browser = visitor(alice)
    where = browser.post(f"/drifts/{drift.pk}/take-over/")["Location"]
    assert "# the end" in text_of(browser, where)
    assert "# the end" in text_of(browser, f"{where}undo/")
    assert "is applied" in text(browser.post(f"{where}undo/", {"reason": "no"}, follow=True))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are large from the first byte on, and jobs wait until the test does them."""
    monkeypatch.setattr(taking, "LARGE", 0)
    monkeypatch.setattr(running, "launch", lambda _job: None)


@pytest.mark.usefixtures("large")
def test_of_a_large_file_a_job_makes_a_draft_that_is_looked_at_and_submitted(
    host: Host, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    drift = found_after("aliases", "# by hand\n\npostmaster:\troot\nsales:\tbob\n")
    browser = visitor(alice)
    assert "The file is large." in text_of(browser, f"/drifts/{drift.pk}/take-over/")
    browser.post(f"/drifts/{drift.pk}/take-over/", {"reason": "They did it at night"})
    job = running.do(Job.objects.get().pk)
    drift.refresh_from_db()
    assert (job.state, job.address, drift.state) == ("done", f"/requests/{drift.request_id}/", Drift.State.OPEN)
    page = text_of(browser, job.address)
    assert "They did it at night" in page
    assert "# by hand" in page
    assert "Leave this change out" not in page
    assert "Collect more in it" not in page
    monkeypatch.setattr(running, "MANY", 0)  # so that a job submits it
    browser.post(f"{job.address}submit/", {"reason": "They did it at night"})
    assert running.do(Job.objects.latest("pk").pk).state == "done"
    drift.refresh_from_db()
    assert drift.state == Drift.State.TAKEN_OVER


@pytest.mark.usefixtures("large")
def test_a_draft_of_a_file_is_neither_added_to_nor_cut(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    browser = visitor(alice)
    browser.post(f"/drifts/{drift.pk}/take-over/")
    running.do(Job.objects.get().pk)
    drift.refresh_from_db()
    draft = drift.request
    assert draft
    change = draft.changes.get()
    for what, given in (("take-out", {"change": change.pk}), ("collect", {})):
        page = text(browser.post(f"/requests/{draft.pk}/{what}/", given, follow=True))
        assert "submitted as a whole, or discarded" in page
    assert draft.changes.count() == 1
    assert "takes it over already" in text(browser.post(f"/drifts/{drift.pk}/take-over/", follow=True))
    browser.post(f"/requests/{draft.pk}/discard/")
    browser.post(f"/drifts/{drift.pk}/take-over/")
    assert Job.objects.filter(state="queued").count() == 1


@pytest.mark.usefixtures("large")
def test_a_large_file_that_says_what_the_tables_say_is_taken_over_at_once(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    save(alice, "aliases", "info", "bob")
    visitor(alice).post(f"/drifts/{drift.pk}/take-over/")
    job = running.do(Job.objects.get().pk)
    drift.refresh_from_db()
    assert (drift.state, job.address) == (Drift.State.TAKEN_OVER, f"/drifts/{drift.pk}/")


@pytest.mark.usefixtures("large")
def test_a_job_for_a_file_that_is_not_theirs_says_so(host: Host, alice: User) -> None:
    drift = appended("aliases", "info: bob\n")
    visitor(alice).post(f"/drifts/{drift.pk}/take-over/")
    User.objects.filter(pk=alice.pk).update(limited=True)
    job = running.do(Job.objects.get().pk)
    assert (job.state, job.said) == ("failed", "Nobody knows of that file any more.")
    assert job.address == f"/drifts/{drift.pk}/"


def text_of(browser: Client, address: str) -> str:
    return text(browser.get(address))
