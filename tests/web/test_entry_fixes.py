"""One click on a fix while an entry is typed: the form again with the fix in it, and nothing saved."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables.models import ChangeRequest
from tests.services.editing import save
from tests.web.visits import address, form_of, insist, post_new, standing, stands, text, visitor

JANE = {"key": "Jane Doe <Jane@Example.com>", "value": "alice"}


def button(response: Any, label: str) -> str:
    """What the button of this label posts as ``fix``."""
    found = re.search(rf'name="fix" value="([^"]*)">{re.escape(label)}</button>', response.content.decode())
    assert found, f"There is no button “{label}”."
    return found[1]


def field(response: Any, name: str) -> str:
    return str(response.context["form"][name].value())


def focused(response: Any) -> str:
    (control,) = re.findall(r"<[^>]* autofocus[^>]*>", response.content.decode())
    found = re.search(r' id="(\w+)"', control)
    assert found
    return found[1]


def test_a_problem_with_a_fix_has_its_button(alice: User) -> None:
    client = visitor(alice)
    typed = {"key": "Connect:192.0.2.0/24", "value": "REJECT"}
    assert button(post_new(client, "access", **typed), "Write 192.0.2") == "access.cidr Write 192.0.2"
    checked = client.post("/tables/access/check/", typed, headers={"HX-Request": "true"})
    assert button(checked, "Write 192.0.2") == "access.cidr Write 192.0.2"


def test_a_click_puts_the_fix_into_the_form_and_saves_nothing(alice: User) -> None:
    client = visitor(alice)
    typed = {"key": " Connect:192.0.2.0/24", "value": "REJECT", "comment": "ours", "reason": "because"}
    response = post_new(client, "access", **typed, fix="access.cidr")

    assert response.status_code == 200
    assert field(response, "key") == "Connect:192.0.2"
    assert (field(response, "value"), field(response, "comment"), field(response, "reason")) == (
        "REJECT",
        "ours",
        "because",
    )
    assert "Who is now Connect:192.0.2." in text(response)
    assert 'role="status"' in text(response)
    assert focused(response) == "id_key"
    assert response.context["findings"].problems == []
    assert not ChangeRequest.objects.exists()


def test_what_a_fix_made_can_be_saved(alice: User) -> None:
    client = visitor(alice)
    form = post_new(client, "virtusertable", **JANE, fix="key.pasted").context["form"]
    response = insist(
        client,
        "/tables/virtusertable/add/",
        {name: form[name].value() for name in ("key", "value", "comment")} | {"enabled": "on"},
    )

    assert response.status_code == 302
    entry = standing("virtusertable", "jane@example.com")
    assert (entry.value, entry.comment) == ("alice", "Jane Doe")


def test_a_pasted_address_is_not_saved_unseen(alice: User) -> None:
    response = post_new(visitor(alice), "virtusertable", **JANE)
    assert response.status_code == 422
    assert "Write jane@example.com, with “Jane Doe” as the comment." in text(response)
    aliases = post_new(visitor(alice), "aliases", key="Jane <jane>", value="alice")
    assert aliases.status_code == 422
    assert not ChangeRequest.objects.exists()


def test_the_cursor_goes_to_what_was_changed(alice: User) -> None:
    typed = {"key": "jane@example.com", "value": "Bob <bob@example.org>"}
    response = post_new(visitor(alice), "virtusertable", **typed, fix="value.pasted")

    assert focused(response) == "id_value"
    assert (field(response, "value"), field(response, "comment")) == ("bob@example.org", "Bob")
    assert "Leads to is now bob@example.org. Comment is now Bob." in text(response)


def test_an_international_domain_is_shown_in_both_forms(alice: User) -> None:
    client = visitor(alice)
    typed = {"key": "user@münchen.example", "value": "alice"}
    first = post_new(client, "virtusertable", **typed)
    response = post_new(client, "virtusertable", **typed, fix=button(first, "Write user@xn--mnchen-3ya.example"))

    assert field(response, "key") == "user@xn--mnchen-3ya.example"
    assert "= <bdi>münchen.example</bdi>" in text(response)
    insist(client, "/tables/virtusertable/add/", {"key": field(response, "key"), "value": "alice", "enabled": "on"})
    assert standing("virtusertable", "user@xn--mnchen-3ya.example").value == "alice"


def test_an_entry_that_stands_is_mended_in_its_form(alice: User) -> None:
    save(alice, "access", "connect:ipv6:2001:db8::1", "REJECT", comment="a host")
    client = visitor(alice)
    url = address("entry-edit", "access", "connect:ipv6:2001:db8::1")
    data = form_of("access", "connect:ipv6:2001:db8::1")
    response = client.post(url, {**data, "fix": "access.compressed-ipv6"})

    assert field(response, "key") == "connect:ipv6:2001:db8:0:0:0:0:0:1"
    assert field(response, "seen") == data["seen"]
    client.post(url, {**data, "key": field(response, "key"), "reason": "it never matched"})
    assert ChangeRequest.objects.latest("id").changes.count() == 2


def test_the_tick_for_other_warnings_does_not_stay(alice: User) -> None:
    typed = {"key": "Connect:192.0.2.0", "value": "REJECT # lan"}
    warned = post_new(visitor(alice), "access", **typed).context["findings"].warned
    response = post_new(visitor(alice), "access", **typed, fix="access.network-address", confirmed=warned)
    assert not response.context["confirmed"]
    assert "I have seen the warnings" in text(response)


def test_a_fix_for_what_is_not_wrong_any_more_changes_nothing(alice: User) -> None:
    response = post_new(
        visitor(alice), "access", key="Connect:192.0.3", value="REJECT", fix="access.cidr Write 192.0.2"
    )
    assert field(response, "key") == "Connect:192.0.3"
    assert "That is not wrong any more, so nothing was changed." in text(response)


def test_a_fix_other_than_the_one_that_was_shown_is_not_made(alice: User) -> None:
    """Somebody typed on after the button was shown."""
    response = post_new(
        visitor(alice), "access", key="Connect:192.0.3.0/24", value="REJECT", fix="access.cidr Write 192.0.2"
    )
    assert field(response, "key") == "Connect:192.0.3.0/24"


@pytest.mark.parametrize("fix", ["x", "access.cidr\0", "../../x", "<script>", "é" * 5000])
def test_a_fix_that_nobody_offered_is_none(alice: User, fix: str) -> None:
    response = post_new(visitor(alice), "access", key="Connect:192.0.2.0/24", value="REJECT", fix=fix)
    assert response.status_code == 200
    assert field(response, "key") == "Connect:192.0.2.0/24"
    assert "<script>" not in response.content.decode()


def test_who_may_only_look_may_not_mend(charlie: User) -> None:
    assert post_new(visitor(charlie), "access", key="Connect:192.0.2.0/24", fix="access.cidr").status_code == 403


def test_the_first_button_of_the_form_is_that_of_saving(alice: User) -> None:
    """Enter in a field presses the first button: it must not carry out a fix."""
    page = post_new(visitor(alice), "access", key="Connect:192.0.2.0/24", value="REJECT").content.decode()
    form = page[page.index('<form class="panel"') :]
    first = re.search(r"<button[^>]*>", form)
    assert first
    assert "name=" not in first[0]
    assert 'aria-hidden="true"' in first[0]


def test_no_button_stands_where_no_form_carries_it_out(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "xn--mnchen-3ya.example", reason="backup MX")
    assert 'name="fix"' not in visitor(bob).get(f"/requests/{request.pk}/").content.decode()


@pytest.mark.parametrize(
    "key",
    [
        *("connect:0.0.0.0/0", "connect:10.0.0.0/33", "connect:999.1.1.1/8", "connect:10.0.0.0/8; DROP"),
        *(
            "connect:10.0.0.0/8\0",
            "connect:\u202e10.0.0.0/8",
            "connect:" + "1" * 20_000 + "/8",
            "connect:2001:db8::/33",
        ),
        "connect:аррӏе.com",
    ],
)
def test_hostile_networks_and_names_write_nothing(alice: User, key: str) -> None:
    client = visitor(alice)
    response = post_new(client, "access", key=key, value="RELAY")
    assert response.status_code == 422
    for value in re.findall(r'name="fix" value="([^"]*)"', response.content.decode()):
        mended = post_new(client, "access", key=key, value="RELAY", fix=value)
        assert mended.status_code == 200
        assert "\u202e" not in mended.content.decode()
    assert not ChangeRequest.objects.exists()
    assert stands("access", key.replace("\0", "")) is None
