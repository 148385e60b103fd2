"""Adding and editing an entry."""

import re
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables.models import Alias, ChangeRequest, Cluster
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import address, form_of, insist, post_edit, post_new, standing, stands, text, visitor

#: An entry of each table that nobody needs to look at, where there is such a thing.
PLAIN = {
    "aliases": ("sales", "alice, bob@example.net"),
    "access": ("from:spammer@example.net", "REJECT"),
    "virtusertable": ("info@example.com", "alice"),
    "genericstable": ("alice", "alice.smith@example.com"),
    "mailertable": ("example.com", "esmtp:[mail.example.com]"),
}

#: One that a second person must see.
RISKY = {
    "aliases": ("ticket", '"|/usr/local/bin/ticket"', "program"),
    "access": ("connect:203.0.113", "RELAY", "relay"),
    "virtusertable": ("@example.com", "alice", "catch-all"),
    "genericstable": ("@example.com", "alice@example.com", "catch-all"),
    "relay-domains": ("example.org", "", "relay"),
    "local-host-names": ("mail.example.org", "", "routing"),
}


@pytest.mark.parametrize("table", PLAIN)
def test_a_plain_entry_is_applied_at_once(alice: User, table: str) -> None:
    key, value = PLAIN[table]

    data = {"key": key, "value": value, "enabled": "on"}
    response = insist(visitor(alice), f"/tables/{table}/add/", data)

    entry = standing(table, key)
    assert response.status_code == 302
    assert response["Location"] == f"/tables/{table}/"
    assert entry.value == value


@pytest.mark.parametrize("table", RISKY)
def test_a_risky_entry_waits_for_a_second_person(alice: User, bob: User, table: str) -> None:
    key, value, risk = RISKY[table]
    data = {"key": key, "value": value, "enabled": "on", "reason": "the dean wants it"}

    response = insist(visitor(alice), f"/tables/{table}/add/", data)

    request = ChangeRequest.objects.get()
    assert response["Location"] == f"/requests/{request.pk}/"
    assert request.state == "submitted"
    assert risk in request.risks
    assert stands(table, key) is None


@pytest.mark.parametrize("table", RISKY)
def test_a_risky_entry_without_a_reason_is_asked_for_one(alice: User, bob: User, table: str) -> None:
    key, value, _risk = RISKY[table]

    response = insist(visitor(alice), f"/tables/{table}/add/", {"key": key, "value": value, "enabled": "on"})

    assert response.status_code == 422
    assert "This needs a second person." in text(response)
    assert "Say why it is wanted." in text(response)
    assert not ChangeRequest.objects.exists()


def test_a_form_says_what_the_fields_mean_and_gives_an_example(alice: User) -> None:
    page = text(visitor(alice).get("/tables/aliases/add/"))

    table = TABLES["aliases"]
    for words in (table.key_label, table.key_help, table.value_label, table.example[0]):
        assert words in page


@pytest.mark.parametrize("table", ["relay-domains", "local-host-names"])
def test_a_table_of_names_has_no_field_for_a_value(alice: User, table: str) -> None:
    assert 'name="value"' not in text(visitor(alice).get(f"/tables/{table}/add/"))


def test_an_edit_keeps_what_was_not_touched(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="since 2019")

    post_edit(visitor(alice), "aliases", "sales", value="alice, bob")

    entry = standing("aliases", "sales")
    assert (entry.value, entry.comment, entry.enabled) == ("alice, bob", "since 2019", True)


def test_another_key_renames_the_entry_in_one_request(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    post_edit(visitor(alice), "aliases", "sales", key="sells")

    assert stands("aliases", "sales") is None
    assert stands("aliases", "sells") is not None
    assert ChangeRequest.objects.latest("id").changes.count() == 2


def test_a_box_without_its_tick_switches_the_entry_off(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    data = form_of("aliases", "sales")
    del data["enabled"]
    visitor(alice).post(address("entry-edit", "aliases", "sales"), data)

    entry = standing("aliases", "sales")
    assert not entry.enabled


def test_saving_without_a_change_says_so(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    response = post_edit(visitor(alice), "aliases", "sales")

    assert response.status_code == 422
    assert "Nothing was changed." in text(response)


def test_saving_returns_to_the_list_as_it_was_left(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    url = address("entry-edit", "aliases", "sales") + "&back=q%3Dsal%26state%3Don"
    response = visitor(alice).post(url, form_of("aliases", "sales", value="bob"))

    assert response["Location"] == "/tables/aliases/?q=sal&state=on"


def test_what_became_of_it_is_said(alice: User) -> None:
    client = visitor(alice)
    post_new(client, "aliases", key="sales", value="alice")

    assert "sales is saved. Publish to make it live." in text(client.get("/tables/aliases/"))


def test_a_warning_must_be_confirmed_before_saving(alice: User) -> None:
    client = visitor(alice)
    data = {"key": "sales", "value": "alice # head of sales", "enabled": "on"}

    first = client.post("/tables/aliases/add/", data)
    warned = first.context["findings"].warned
    second = client.post("/tables/aliases/add/", {**data, "confirmed": warned})

    assert first.status_code == 422
    assert "I have seen the warnings" in text(first)
    assert second.status_code == 302


def test_a_tick_for_one_warning_does_not_confirm_another(alice: User) -> None:
    client = visitor(alice)
    shown = client.post("/tables/aliases/add/", {"key": "sales", "value": "alice # head of sales", "enabled": "on"})

    response = client.post(
        "/tables/aliases/add/",
        {"key": "a b", "value": "alice # sales", "enabled": "on", "confirmed": shown.context["findings"].warned},
    )

    assert response.status_code == 422
    assert stands("aliases", "a b") is None


def test_leaving_a_field_tells_what_is_wrong_and_writes_nothing(alice: User) -> None:
    data = {"key": "connect:192.0.2.0/24", "value": "RELAY", "enabled": "on"}
    response = visitor(alice).post("/tables/access/check/", data, headers={"HX-Request": "true"})

    page = text(response)
    assert 'id="problems-key"' in page
    assert "problem--error" in page
    assert "This needs a second person." in page
    assert not ChangeRequest.objects.exists()


def test_a_field_that_one_has_not_come_to_is_no_mistake_yet(alice: User) -> None:
    client = visitor(alice)
    checked = client.post("/tables/aliases/check/", {"key": "sales", "value": "", "enabled": "on"})
    assert "The value is empty." not in text(checked)
    assert "The value is empty." in text(post_new(client, "aliases", key="sales", value=""))


def test_a_new_entry_opens_with_the_cursor_in_its_key(alice: User) -> None:
    assert focused(visitor(alice).get("/tables/aliases/add/")) == "id_key"


@pytest.mark.parametrize(
    ("table", "typed", "where"),
    [
        ("aliases", {"key": "", "value": "alice"}, "id_key"),
        ("aliases", {"key": "sales", "value": ""}, "id_value"),
        ("virtusertable", {"key": "@example.com", "value": "alice"}, "id_reason"),
        ("aliases", {"key": "sales", "value": "alice # head of sales"}, "id_confirmed"),
    ],
)
def test_a_refusal_puts_the_cursor_where_something_must_be_done(
    alice: User, bob: User, table: str, typed: dict[str, str], where: str
) -> None:
    assert focused(post_new(visitor(alice), table, **typed)) == where


def focused(response: Any) -> str:
    (control,) = re.findall(r"<[^>]* autofocus[^>]*>", response.content.decode())
    found = re.search(r' id="(\w+)"', control)
    assert found
    return found[1]


def test_a_check_of_an_entry_does_not_mind_that_its_key_is_taken_by_itself(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    response = visitor(alice).post(address("entry-check", "aliases", "sales"), form_of("aliases", "sales"))

    assert response.context["findings"].problems == []


def test_an_entry_held_by_an_open_request_names_it(alice: User, bob: User) -> None:
    save(alice, "virtusertable", "@example.com", "alice", reason="catch all")
    request = ChangeRequest.objects.get()

    response = post_new(visitor(alice), "virtusertable", key="@example.com", value="bob", reason="no, bob")

    assert response.status_code == 409
    assert f"/requests/{request.pk}/" in text(response)
    assert "no, bob" in text(response)
    assert "Not saved. Another request holds this entry" in text(response)


def test_a_held_key_is_told_as_one_leaves_the_field(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "example.org", reason="backup MX")

    response = visitor(alice).post("/tables/relay-domains/check/", {"key": "Example.ORG", "enabled": "on"})

    assert f"/requests/{request.pk}/" in text(response)


def test_what_no_input_can_show_is_written_out_beside_it(alice: User, cluster: Cluster) -> None:
    Alias.objects.create(cluster=cluster, key="sales", value="alice\r", position=1)

    assert "Exactly: <code>alice\\r</code>" in text(visitor(alice).get(address("entry-edit", "aliases", "sales")))


def test_a_long_value_gets_room(alice: User) -> None:
    save(alice, "aliases", "all", ", ".join(f"user{n}@example.com" for n in range(20)))

    shown = visitor(alice).post(address("entry-edit", "aliases", "all"), form_of("aliases", "all", show="line"))
    assert '<textarea name="value"' in text(shown)


@pytest.mark.parametrize("page", ["add/", "edit/?key=sales", "switch/?key=sales", "delete/?key=sales", "check/"])
@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_only_who_may_edit_gets_the_forms(alice: User, people: dict[str, User], who: str, page: str) -> None:
    save(alice, "aliases", "sales", "alice")
    client = visitor(people[who])

    if page != "check/":
        assert client.get(f"/tables/aliases/{page}").status_code == 403
    assert client.post(f"/tables/aliases/{page}", form_of("aliases", "sales", value="mallory")).status_code == 403
    entry = standing("aliases", "sales")
    assert entry.value == "alice"


def test_a_form_of_another_site_is_refused(alice: User) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert post_new(client, "aliases", key="sales", value="alice").status_code == 403
    assert stands("aliases", "sales") is None
