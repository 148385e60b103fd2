"""Collecting changes over several pages: the draft's page, the banner, and what is done with it."""

import pytest

from mailadmin.accounts.models import User
from tables import changes
from tables.models import ChangeRequest
from tests.services.editing import save
from tests.web.visits import stands, text, visitor


@pytest.fixture
def sales(alice: User) -> None:
    save(alice, "aliases", "sales", "anna")


def test_what_is_saved_goes_into_the_draft_until_it_is_submitted(alice: User, sales: None) -> None:
    client = visitor(alice)
    begun = client.post("/drafts/start/", {"next": "/tables/aliases/"}, follow=True)
    draft = ChangeRequest.objects.get(state="draft")
    assert "0 so far. None of them is in force before you submit it." in text(begun)
    assert "Collect changes" not in text(begun)

    added = client.post("/tables/aliases/add/", {"key": "info", "value": "anna", "enabled": "on"}, follow=True)
    assert f"Draft {draft.pk} has it. Nothing changes before you submit the draft." in text(added)
    seen = changes.entry_checksum(stands("aliases", "sales"))
    client.post("/tables/aliases/delete/?key=sales", {"seen": seen})
    assert stands("aliases", "info") is None
    assert stands("aliases", "sales") is not None

    page = text(client.get(f"/requests/{draft.pk}/"))
    assert ">new</span> 1" in page
    assert ">gone</span> 1" in page
    done = client.post(f"/requests/{draft.pk}/submit/", {"reason": "a new shop", "ticket": "HELP-1"}, follow=True)

    assert f"Request {draft.pk} is applied." in text(done)
    assert "You collect changes" not in text(done)
    assert stands("aliases", "info") is not None
    assert stands("aliases", "sales") is None
    assert "HELP-1" in text(done)


def test_the_form_shows_what_the_draft_makes_of_an_entry(alice: User, sales: None) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    seen = changes.entry_checksum(stands("aliases", "sales"))
    typed = {"key": "sales", "value": "bert", "enabled": "on", "seen": seen}
    client.post("/tables/aliases/edit/?key=sales", typed)

    page = client.get("/tables/aliases/edit/?key=sales")

    assert page.context["form"]["value"].value() == "bert"
    assert "The draft that you collect in changes this entry already." in text(page)
    assert stands("aliases", "sales").value == "anna"  # type: ignore[union-attr]


def test_stopping_leaves_the_draft_and_saves_at_once_again(alice: User, sales: None) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    client.post("/tables/aliases/add/", {"key": "info", "value": "anna", "enabled": "on"})
    client.post("/drafts/stop/")

    client.post("/tables/aliases/add/", {"key": "help", "value": "anna", "enabled": "on"})

    assert stands("aliases", "help") is not None
    assert stands("aliases", "info") is None
    draft = ChangeRequest.objects.get(state="draft")
    assert f"/requests/{draft.pk}/" in client.get("/requests/?view=mine").content.decode()
    client.post(f"/requests/{draft.pk}/collect/")
    assert f"draft {draft.pk}" in text(client.get("/"))


def test_changes_are_left_out_and_the_rest_is_discarded(alice: User, sales: None) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    for key in ("info", "help"):
        client.post("/tables/aliases/add/", {"key": key, "value": "anna", "enabled": "on"})
    draft = ChangeRequest.objects.get(state="draft")
    info = draft.changes.get(key="info")

    out = client.post(f"/requests/{draft.pk}/take-out/", {"change": [info.pk, "x"]}, follow=True)
    assert "1 change left out of the draft." in text(out)
    gone = client.post(f"/requests/{draft.pk}/discard/", follow=True)

    assert f"Draft {draft.pk} is discarded. Nothing was changed." in text(gone)
    draft.refresh_from_db()
    assert draft.state == "withdrawn"
    assert stands("aliases", "help") is None


def test_a_draft_of_somebody_else_can_be_read_and_no_more(alice: User, dora: User, sales: None) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    client.post("/tables/aliases/add/", {"key": "info", "value": "anna", "enabled": "on"})
    draft = ChangeRequest.objects.get(state="draft")
    other = visitor(dora)

    assert "This draft" not in text(other.get(f"/requests/{draft.pk}/"))
    for act in ("collect", "submit", "discard", "take-out"):
        assert other.post(f"/requests/{draft.pk}/{act}/", {"reason": "mine"}).status_code == 403, act
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_reason_is_asked_for_where_somebody_else_must_look(alice: User, bob: User) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    client.post("/tables/relay-domains/add/", {"key": "partner.example", "enabled": "on"})
    draft = ChangeRequest.objects.get(state="draft")
    assert "Someone else must approve it:" in text(client.get(f"/requests/{draft.pk}/"))

    refused = client.post(f"/requests/{draft.pk}/submit/", {"reason": "", "ticket": "HELP-2"})

    assert refused.status_code == 422
    assert "HELP-2" in refused.content.decode()
    asked = client.post(f"/requests/{draft.pk}/submit/", {"reason": "a partner", "ticket": "HELP-2"}, follow=True)
    assert f"Request {draft.pk} waits for a review." in text(asked)
