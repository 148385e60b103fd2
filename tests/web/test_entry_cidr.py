"""A network that takes several entries: all of them are shown, then made by one button in one change request."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import entries
from tables.models import AccessRule, ChangeRequest, Cluster
from tables.scopes import EVERYTHING
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import address, form_of, standing, stands, text, visitor

KEYS = ["connect:192.0.0", "connect:192.0.1", "connect:192.0.2", "connect:192.0.3"]
TYPED = {"key": "Connect:192.0.2.0/22", "value": "REJECT", "comment": "a bad neighbour", "enabled": "on"}
ADD = "/tables/access/add/"


def preview(person: User, url: str = ADD, **more: str) -> Any:
    return visitor(person).post(url, {**TYPED, "fix": "access.cidr", **more})


def hidden(response: Any) -> dict[str, str]:
    """What the page's form posts when its main button is pressed."""
    page = response.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    main = re.search(r'<button class="button button--primary" name="fix" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in fields.items()} | {"fix": main[1] if main else ""}


def press(person: User, response: Any, url: str = ADD, **more: str) -> Any:
    return visitor(person).post(url, {**hidden(response), **more})


def test_the_entries_are_shown_before_they_are_made(alice: User) -> None:
    response = preview(alice)

    assert [(line.kind, line.text) for line in response.context["lines"]] == [
        ("added", "# a bad neighbour"),
        *[("added", f"{key}\tREJECT") for key in KEYS],
    ]
    assert "not the first of the network 192.0.0.0/22" in text(response)
    assert "Add these 4 entries" in text(response)
    assert not ChangeRequest.objects.exists()


def test_one_button_makes_them_all_in_one_request(alice: User) -> None:
    response = press(alice, preview(alice))

    assert response.status_code == 302
    assert ChangeRequest.objects.get().changes.count() == 4
    made = [standing("access", key) for key in KEYS]
    assert {entry.value for entry in made} == {"REJECT"}
    assert [entry.comment for entry in made] == ["a bad neighbour", "", "", ""]
    assert [entry.position for entry in made] == sorted({entry.position for entry in made})


def test_what_became_of_it_is_said(alice: User) -> None:
    client = visitor(alice)
    client.post(ADD, hidden(preview(alice)))
    assert "4 entries are saved. Publish to make it live." in text(client.get("/tables/access/"))


def test_a_network_of_relaying_clients_waits_for_a_second_person(alice: User, bob: User) -> None:
    shown = preview(alice, value="RELAY")
    assert "This needs a second person." in text(shown)

    asked = press(alice, shown)
    assert asked.status_code == 422
    assert "Say why it is wanted." in text(asked)
    assert re.search(r"<textarea[^>]* autofocus", text(asked))

    done = press(alice, asked, reason="the branch office")
    request = ChangeRequest.objects.get()
    assert done["Location"] == f"/requests/{request.pk}/"
    assert (request.state, request.risks, request.changes.count()) == ("submitted", ["relay"], 4)
    assert stands("access", KEYS[0]) is None


def test_warnings_of_the_entries_are_asked_once(alice: User) -> None:
    shown = preview(alice, key="connect:192.0.0.0/7")
    asked = press(alice, shown)
    assert asked.status_code == 422
    assert "I have seen the warnings" in text(asked)
    warned = asked.context["findings"].warned
    assert press(alice, asked, confirmed=warned).status_code == 302
    assert standing("access", "connect:193").value == "REJECT"


def test_what_stands_there_with_the_same_value_is_left_out(alice: User) -> None:
    save(alice, "access", KEYS[0], "REJECT", comment="since 2019")
    shown = preview(alice)
    assert "Add these 3 entries" in text(shown)
    assert "1 more stands there already with the same value and is left out: <code>connect:192.0.0</code>" in text(
        shown
    )

    press(alice, shown)
    assert ChangeRequest.objects.latest("id").changes.count() == 3
    assert standing("access", KEYS[0]).comment == "since 2019"
    assert standing("access", KEYS[1]).comment == "a bad neighbour"


def test_another_value_is_a_conflict_and_nothing_is_made(alice: User) -> None:
    save(alice, "access", KEYS[2], "DISCARD")
    shown = preview(alice)
    assert "connect:192.0.2 stands in access already with “DISCARD”." in text(shown)
    assert "button--primary" not in text(shown)
    forged = press(alice, shown, several="save", fix="access.cidr", shown=shown.context["shown"])
    assert forged.status_code == 422
    assert "Not saved. See below what stands in the way." in text(forged)
    assert stands("access", KEYS[0]) is None


def test_a_switched_off_entry_is_a_conflict(alice: User, cluster: Cluster) -> None:
    save(alice, "access", KEYS[3], "REJECT", enabled=False)
    assert "connect:192.0.3 stands in access already with “REJECT”, switched off." in text(preview(alice))


def test_when_all_stand_there_nothing_is_offered(alice: User) -> None:
    press(alice, preview(alice))
    shown = preview(alice)
    assert "All of them stand there already with the same value" in text(shown)
    assert "button--primary" not in text(shown)
    assert press(alice, shown, several="save", fix="access.cidr", shown=shown.context["shown"]).status_code == 422


def test_nothing_is_made_that_was_not_shown(alice: User) -> None:
    shown = hidden(preview(alice))
    for other in ({"key": "Connect:10.0.0.0/22"}, {"value": "RELAY"}, {"comment": "x"}, {"shown": ""}, {"enabled": ""}):
        response = visitor(alice).post(ADD, {**shown, **other})
        assert response.status_code == 409
        assert "Nothing was saved: what would be made is not what you were shown." in text(response)
    assert not ChangeRequest.objects.exists()


def test_an_entry_that_came_meanwhile_is_not_passed_over(alice: User) -> None:
    shown = preview(alice)
    save(alice, "access", KEYS[1], "REJECT")
    response = press(alice, shown)
    assert response.status_code == 409
    assert press(alice, response).status_code == 302


def test_the_way_back_leads_to_the_form_as_it_was_typed(alice: User) -> None:
    shown = hidden(preview(alice))
    response = visitor(alice).post(ADD, {**shown, "fix": "", "reason": "why"})

    form = response.context["form"]
    assert (form["key"].value(), form["comment"].value(), form["reason"].value()) == (
        TYPED["key"],
        TYPED["comment"],
        "why",
    )
    assert "That is not wrong any more" not in text(response)
    assert not ChangeRequest.objects.exists()


def test_a_class_file_takes_a_network_too(alice: User, bob: User) -> None:
    url = "/tables/relay-domains/add/"
    shown = visitor(alice).post(url, {"key": "192.0.2.0/23", "enabled": "on", "fix": "relay-domains.cidr"})
    assert [line.text for line in shown.context["lines"]] == ["192.0.2", "192.0.3"]
    press(alice, shown, url, reason="our servers")
    assert ChangeRequest.objects.get().changes.count() == 2


# --- in the place of an entry that stands -----------------------------------------------------------------------------


OLD = "clientrate:192.0.2.0/22"


@pytest.fixture
def edit(cluster: Cluster) -> str:
    """The address of an entry as a file brought it, between two others: it never matched."""
    for position, key in ((10, "clientrate:10.1"), (2**32, OLD), (2**33, "clientrate:203.0.113")):
        domain = TABLES["access"].domain(key)
        AccessRule.objects.create(cluster=cluster, key=key, value="5", comment="x", position=position, domain=domain)
    return address("entry-edit", "access", OLD)


def test_the_entries_take_the_place_of_the_old_one(alice: User, edit: str) -> None:
    shown = visitor(alice).post(edit, {**form_of("access", OLD), "fix": "access.cidr"})
    assert [line.kind for line in shown.context["lines"]] == ["same", "removed", *["added"] * 4]
    assert "Replace by these 4 entries" in text(shown)

    assert press(alice, shown, edit).status_code == 302
    assert ChangeRequest.objects.get().changes.count() == 5
    rows = entries.listing(scope=EVERYTHING, cluster=entries.get_cluster(), table=TABLES["access"])
    made = [f"clientrate:192.0.{octet}" for octet in range(4)]
    assert [row.key for row in rows] == ["clientrate:10.1", *made, "clientrate:203.0.113"]


def test_an_entry_that_somebody_changed_is_not_replaced_unseen(alice: User, edit: str) -> None:
    shown = visitor(alice).post(edit, {**form_of("access", OLD), "fix": "access.cidr"})
    entries.rows(cluster=entries.get_cluster(), table=TABLES["access"]).filter(key=OLD).update(comment="changed")

    response = press(alice, shown, edit)
    assert response.status_code == 409
    assert "is not what you were shown: somebody changed it" in text(response)
    assert not ChangeRequest.objects.exists()
    assert press(alice, response, edit).status_code == 302


def test_an_entry_that_a_request_holds_is_not_replaced(alice: User, bob: User) -> None:
    request = save(alice, "access", KEYS[0], "RELAY", reason="the branch office")
    shown = preview(alice, value="OK")
    assert f"/requests/{request.pk}/" in text(shown)
    response = press(alice, shown, reason="why", confirmed=shown.context["findings"].warned)
    assert response.status_code == 409
    assert ChangeRequest.objects.count() == 1


def test_a_password_is_hidden_in_what_is_shown_and_goes_to_no_other_key(alice: User, cluster: Cluster) -> None:
    key, value = "authinfo:192.0.2.0/23", '"U:u" "P:s3cret"'
    AccessRule.objects.create(cluster=cluster, key=key, value=value, position=1)
    url = address("entry-edit", "access", key)
    shown = visitor(alice).post(url, {**form_of("access", key, value='"U:u" "P:••••"'), "fix": "access.cidr"})
    assert "s3cret" not in shown.content.decode()
    assert "Write the password itself" in text(shown)
    press(alice, shown, url, reason="a move", confirmed=shown.context["findings"].warned)
    assert ChangeRequest.objects.count() == 0


def test_as_many_as_are_allowed_are_made_with_a_bounded_number_of_queries(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    client = visitor(alice)
    typed = {"key": "connect:fe00::/8", "value": "REJECT", "enabled": "on", "fix": "access.cidr"}
    with django_assert_max_num_queries(40):
        shown = client.post(ADD, typed)
    assert "Add these 256 entries" in text(shown)
    assert client.post(ADD, hidden(shown)).status_code == 302
    assert standing("access", "connect:ipv6:feff").value == "REJECT"
