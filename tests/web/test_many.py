"""Many entries at once in the browser: chosen in a list, looked at, made into a draft."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables.entries import get_cluster
from tables.jobs import running
from tables.models import Alias, ChangeRequest, Job, RelayDomain
from tests.services.editing import save
from tests.web.visits import standing, stands, text, visitor

MANY = "/tables/aliases/many/"


@pytest.fixture
def three(alice: User) -> None:
    for key in ("sales", "press", "info"):
        save(alice, "aliases", key, "anna")


def draft() -> ChangeRequest:
    return ChangeRequest.objects.get(state="draft")


def test_a_list_has_a_box_for_each_row_that_one_may_change(alice: User, charlie: User, three: None) -> None:
    page = visitor(alice).get("/tables/aliases/").content.decode()
    assert page.count('form="many" name="key"') == 3
    assert 'aria-label="Choose sales"' in page
    assert "all 3 on this page" in page
    assert 'name="key"' not in visitor(charlie).get("/tables/aliases/").content.decode()
    assert 'form="many"' not in visitor(alice).get("/search/?q=sales").content.decode()


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"which": "ticked", "key": ["sales", "info"]}, "2 entries"),
        ({"which": "page", "shown": json.dumps(["sales", "press", "info"])}, "3 entries"),
        ({"which": "all", "q": "s"}, "2 entries"),
        ({"which": "ticked", "key": ["sales", "gone"]}, "1 entry"),
    ],
)
def test_what_is_chosen_is_counted(alice: User, three: None, chosen: dict[str, Any], count: str) -> None:
    save(alice, "aliases", "press", "root")
    Alias.objects.filter(key="info").update(value="emil")
    assert f"{count} of aliases" in text(visitor(alice).post(MANY, chosen))


@pytest.mark.parametrize("shown", ["", "{", "[1]", '"sales"'])
def test_nothing_chosen_leads_back_to_the_list(alice: User, three: None, shown: str) -> None:
    answer = visitor(alice).post(MANY, {"which": "page", "shown": shown}, follow=True)
    assert "No entry is chosen." in text(answer)


def test_ticked_entries_are_looked_at_and_made_into_a_draft(alice: User, three: None) -> None:
    client = visitor(alice)
    chosen = {"which": "ticked", "keys": json.dumps(["sales", "info"]), "act": "off"}

    page = text(client.post(MANY, chosen))
    assert "2 would change" in page
    assert "To switch off" in page
    assert "#sales: anna" in page
    made = client.post(MANY, {**chosen, "make": "2"}, follow=True)

    assert f"Draft {draft().pk} has it." in text(made)
    assert draft().kind == "bulk"
    assert standing("aliases", "sales").enabled
    client.post(f"/requests/{draft().pk}/submit/", {"reason": "", "ticket": ""})
    assert not standing("aliases", "sales").enabled
    assert standing("aliases", "press").enabled


def test_a_replacement_carries_what_was_typed_to_the_draft_and_says_what_is_refused(alice: User, three: None) -> None:
    save(alice, "aliases", "help", "berta")
    client = visitor(alice)
    typed = {"which": "all", "act": "replace", "find": "anna", "put": "", "in-value": "on"}

    page = client.post(MANY, typed)
    assert "3 cannot, 1 is so already" in text(page)
    assert "The value is empty." in text(page)
    assert "Make a draft" not in text(page)
    refused = client.post(MANY, {**typed, "make": "1"})
    assert refused.status_code == 422
    assert "None of it can be done." in text(refused)

    good = client.post(MANY, {**typed, "put": "carl"})
    assert '<input type="hidden" name="put" value="carl">' in good.content.decode()
    assert "<span>sales: carl</span>" in text(good)
    client.post(MANY, {**typed, "put": "carl", "make": "3"})
    assert {change.after["value"] for change in draft().changes.all()} == {"carl"}


def test_what_makes_no_sense_comes_back_with_what_was_typed(alice: User, three: None) -> None:
    answer = visitor(alice).post(MANY, {"which": "all", "act": "set-ends", "ends": "2040-01-31 12:00 Mars/Base"})
    assert answer.status_code == 422
    assert "There is no time zone Mars/Base." in text(answer)


def test_owners_are_shown_before_and_after(alice: User, three: None) -> None:
    page = text(visitor(alice).post(MANY, {"which": "all", "act": "set-owner", "owner": "berta"}))
    assert 'owner: <span class="muted">none</span> → <ins>berta</ins>' in page


def test_it_goes_into_the_draft_that_somebody_collects_in(alice: User, three: None) -> None:
    client = visitor(alice)
    client.post("/drafts/start/")
    client.post(MANY, {"which": "all", "act": "off", "make": "3"})
    assert draft().changes.count() == 3
    assert draft().kind == "edit"


def test_very_many_become_a_job(alice: User, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MANY", 2)
    monkeypatch.setattr(running, "launch", lambda _job: None)
    answer = visitor(alice).post(MANY, {"which": "all", "act": "off", "make": "3"})

    job = running.do(Job.objects.get().pk)

    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert (job.state, job.address) == ("done", f"/requests/{draft().pk}/")
    assert draft().changes.count() == 3


# --- sweep ------------------------------------------------------------------------------------------------------------


def test_a_sweep_finds_looks_and_makes_a_draft(alice: User, three: None) -> None:
    save(alice, "virtusertable", "anna@example.com", "anna")
    client = visitor(alice)
    assert "5 entries" not in text(client.get("/sweep/"))

    page = client.get("/sweep/?q=Anna")
    assert "4 entries" in text(page)
    assert "aliases 3 · virtusertable 1" in text(page)
    assert page.context["chosen"] == ["value", "owner"]
    typed = {"q": "anna", "what": "person", "put": "berta", "in-value": "on"}
    look = text(client.post("/sweep/", {**typed, "act": "replace"}))
    assert "4 would change" in look
    made = client.post("/sweep/", {**typed, "make-replace": "4"}, follow=True)

    assert f"Draft {draft().pk} has it." in text(made)
    assert draft().kind == "sweep"
    client.post(f"/requests/{draft().pk}/submit/", {"reason": "left", "ticket": ""})
    assert standing("virtusertable", "anna@example.com").value == "berta"


def test_a_sweep_removes_and_says_what_goes_with_it(alice: User, three: None) -> None:
    save(alice, "aliases", "help", "anna, berta")
    client = visitor(alice)
    typed = {"q": "anna", "what": "person", "in-value": "on"}

    look = text(client.post("/sweep/", {**typed, "act": "remove"}))
    assert "Nothing else stands in its value, so all of it goes." in look
    client.post("/sweep/", {**typed, "make-remove": "4"})

    assert {change.key: change.action for change in draft().changes.all()} == {
        "sales": "delete",
        "press": "delete",
        "info": "delete",
        "help": "update",
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"q": "a b"}, "is no user's name"),
        ({"q": "anna", "act": "replace", "put": "", "in-value": "on"}, "Nothing to look for is given"),
        ({"q": "nobody", "make-remove": "1", "in-value": "on"}, "stands nowhere where you look for it"),
        ({"q": "anna", "act": "remove"}, "Nowhere to look is chosen"),
    ],
)
def test_a_sweep_says_what_makes_no_sense(alice: User, three: None, typed: dict[str, str], said: str) -> None:
    answer = visitor(alice).post("/sweep/", typed)
    assert answer.status_code == 422
    assert said in text(answer)


def test_a_great_sweep_becomes_a_job(alice: User, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MANY", 2)
    monkeypatch.setattr(running, "launch", lambda _job: None)
    visitor(alice).post("/sweep/", {"q": "anna", "put": "berta", "in-value": "on", "make-replace": "3"})

    job = running.do(Job.objects.get().pk)

    assert job.state == "done", job.said
    assert draft().changes.count() == 3


# --- panic close ------------------------------------------------------------------------------------------------------


@pytest.fixture
def relays(alice: User) -> None:
    for number in range(3):
        RelayDomain.objects.create(cluster=get_cluster(), key=f"customer{number}.example", position=number)


def test_one_button_closes_every_relay_and_publishes(alice: User, bob: User, relays: None) -> None:
    client = visitor(alice)
    page = text(client.get("/panic/"))
    assert "3 permissions close" in page
    assert "This machine itself may always relay." in page

    done = client.post("/panic/", {"reason": "we are on a list", "ticket": "CERT-1"}, follow=True)

    assert "on its way to every host as release 1." in text(done)
    assert stands("relay-domains", "customer1.example") is None
    again = client.get("/panic/")
    assert "Nothing to close" in text(again)
    request = ChangeRequest.objects.get(ticket="CERT-1")
    undone = client.post(f"/requests/{request.pk}/undo/", {"reason": "false alarm"}, follow=True)
    assert "waits for a review" in text(undone)
    assert stands("relay-domains", "customer1.example") is None


def test_a_panic_needs_a_reason(alice: User, relays: None) -> None:
    answer = visitor(alice).post("/panic/", {"reason": " "})
    assert answer.status_code == 422
    assert "Say why: everybody who may approve is told." in text(answer)
    assert stands("relay-domains", "customer1.example") is not None
