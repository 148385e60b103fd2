"""Two people edit one entry at once."""

from mailadmin.accounts.models import User
from tests.services.editing import delete, save, switch
from tests.web.visits import address, form_of, standing, stands, text, visitor


def opened_by_alice(alice: User) -> dict[str, str]:
    save(alice, "aliases", "sales", "alice", comment="since 2019")
    return form_of("aliases", "sales", value="alice, mine@example.net", comment="mine")


def test_both_versions_are_shown_and_nothing_typed_is_lost(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    save(dora, "aliases", "sales", "dora, theirs@example.net")

    response = visitor(alice).post(address("entry-edit", "aliases", "sales"), mine)

    page = text(response)
    assert response.status_code == 409
    assert "Somebody else changed this entry meanwhile" in page
    assert "dora changed it" in page
    assert "dora, theirs@example.net" in page
    assert 'value="alice, mine@example.net"' in page
    assert "Save mine over theirs" in page
    assert standing("aliases", "sales").value == "dora, theirs@example.net"


def test_a_comment_of_several_lines_is_compared_line_by_line(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    save(dora, "aliases", "sales", "dora", comment="hers\nand more")
    page = text(visitor(alice).post(address("entry-edit", "aliases", "sales"), mine))
    assert "hers<br>and more" in page
    assert "hers\\nand more" not in page


def test_one_may_save_over_the_other_consciously(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    save(dora, "aliases", "sales", "dora")
    client, url = visitor(alice), address("entry-edit", "aliases", "sales")
    shown = client.post(url, mine)

    response = client.post(url, {**mine, "seen": shown.context["form"]["seen"].value()})

    assert response.status_code == 302
    assert standing("aliases", "sales").value == "alice, mine@example.net"


def test_saving_over_is_refused_when_it_changed_yet_again(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    save(dora, "aliases", "sales", "dora")
    client, url = visitor(alice), address("entry-edit", "aliases", "sales")
    shown = client.post(url, mine)
    save(dora, "aliases", "sales", "dora, eve")

    response = client.post(url, {**mine, "seen": shown.context["form"]["seen"].value()})

    assert response.status_code == 409
    assert "dora, eve" in text(response)


def test_an_entry_deleted_meanwhile_can_be_added_anew_with_what_was_typed(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    delete(dora, "aliases", "sales")
    client, url = visitor(alice), address("entry-edit", "aliases", "sales")

    shown = client.post(url, mine)
    response = client.post(url, {**mine, "seen": shown.context["form"]["seen"].value()})

    assert "Somebody else deleted this entry meanwhile" in text(shown)
    assert 'value="alice, mine@example.net"' in text(shown)
    assert response.status_code == 302
    assert standing("aliases", "sales").value == "alice, mine@example.net"


def test_two_people_who_add_one_key_do_not_overwrite_each_other(alice: User, dora: User) -> None:
    save(dora, "aliases", "sales", "dora")

    response = visitor(alice).post("/tables/aliases/add/", {"key": "sales", "value": "alice", "enabled": "on"})

    assert response.status_code == 422
    assert "stands in aliases already" in text(response)
    assert standing("aliases", "sales").value == "dora"


def test_deleting_what_changed_since_it_was_shown_asks_again(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    save(dora, "aliases", "sales", "dora")
    client, url = visitor(alice), address("entry-delete", "aliases", "sales")

    shown = client.post(url, {"seen": mine["seen"], "reason": "unused"})
    assert shown.status_code == 409
    assert "sales: dora" in text(shown)
    assert "unused" in text(shown)
    assert stands("aliases", "sales") is not None

    client.post(url, {"seen": shown.context["form"]["seen"].value()})
    assert stands("aliases", "sales") is None


def test_switching_twice_at_once_does_not_switch_back(alice: User, dora: User) -> None:
    mine = opened_by_alice(alice)
    switch(dora, "aliases", "sales", enabled=False)

    response = visitor(alice).post(address("entry-switch", "aliases", "sales"), {"seen": mine["seen"], "to": "off"})

    assert response.status_code == 409
    assert not standing("aliases", "sales").enabled
