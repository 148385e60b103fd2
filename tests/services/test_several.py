"""Several entries in the place of one, in one change request."""

from __future__ import annotations

from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import changes, entries
from tables.models import ChangeRequest, Cluster
from tables.scopes import EVERYTHING
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import actor, save
from tests.web.visits import standing, stands

#: Tables with entries that need nobody else, and a value for them.
PLAIN = {"access": ("greetpause:192.0.{}", "5000"), "mailertable": ("m{}.example.com", "esmtp:[mail.example.org]")}


def save_several(person: User, table: str, keys: list[str], value: str, **more: Any) -> ChangeRequest:
    wanted: dict[str, Any] = {"original_key": None, "seen": "", "confirmed": True} | more
    return changes.save_entries(
        cluster=entries.get_cluster(),
        actor=actor(person),
        table=TABLES[table],
        typed=[Entry(key, value, "" if index else "ours") for index, key in enumerate(keys)],
        **wanted,
    )


@pytest.mark.parametrize("table", PLAIN)
def test_all_stand_together_in_their_order(alice: User, table: str) -> None:
    form, value = PLAIN[table]
    save(alice, table, form.format(99), value)
    keys = [form.format(number) for number in (9, 10, 11, 8)]
    request = save_several(alice, table, keys, value)

    assert (request.state, request.changes.count()) == ("applied", 4)
    listed = [row.key for row in entries.listing(scope=EVERYTHING, cluster=entries.get_cluster(), table=TABLES[table])]
    assert listed == [form.format(99), *keys]


def test_they_take_the_place_of_the_entry_with_its_comment_above_the_first(alice: User, cluster: Cluster) -> None:
    rows = entries.rows(cluster=cluster, table=TABLES["access"])
    for position, key in enumerate(("greetpause:10", "greetpause:11.0.0.0/23", "greetpause:12")):
        rows.create(cluster=cluster, key=key, value="5000", comment="ours", above="#ours\n", position=position * 2**32)
    old = standing("access", "greetpause:11.0.0.0/23")
    keys = ["greetpause:11.0.1", "greetpause:11.0.0"]
    save_several(alice, "access", keys, "5000", original_key=old.key, seen=changes.entry_checksum(old))

    listed = entries.listing(scope=EVERYTHING, cluster=cluster, table=TABLES["access"])
    assert [row.key for row in listed] == ["greetpause:10", *keys, "greetpause:12"]
    assert [(row.comment, row.above) for row in listed[1:3]] == [("ours", "#ours\n"), ("", "")]


def test_a_key_that_is_wanted_twice_is_made_once(alice: User) -> None:
    assert save_several(alice, "access", ["greetpause:10", "greetpause:10"], "5000").changes.count() == 1
    assert standing("access", "greetpause:10").comment == "ours"


def test_the_old_key_may_be_among_them(alice: User) -> None:
    save(alice, "access", "greetpause:10", "5000")
    old = standing("access", "greetpause:10")
    request = save_several(
        alice,
        "access",
        ["greetpause:10", "greetpause:11"],
        "7000",
        original_key=old.key,
        seen=changes.entry_checksum(old),
    )
    assert sorted(request.changes.values_list("action", flat=True)) == ["create", "update"]


def test_an_error_in_one_refuses_all(alice: User) -> None:
    with pytest.raises(changes.Invalid):
        save_several(alice, "access", ["greetpause:10", "greetpause:10.0.0.0/8"], "5000")
    assert not ChangeRequest.objects.exists()


def test_a_warning_in_one_is_asked_for_all(alice: User) -> None:
    with pytest.raises(changes.Unconfirmed):
        save_several(alice, "access", ["greetpause:10", "greetpause:11"], "5000", confirmed=False)


def test_another_value_refuses_all(alice: User) -> None:
    save(alice, "access", "greetpause:10", "7000")
    with pytest.raises(changes.Invalid) as refused:
        save_several(alice, "access", ["greetpause:10", "greetpause:12"], "5000")
    assert "stands in access already with “7000”" in str(refused.value)
    assert stands("access", "greetpause:12") is None


def test_nothing_new_is_no_change(alice: User) -> None:
    save(alice, "access", "greetpause:10", "5000")
    with pytest.raises(changes.ChangeError, match="Nothing was changed"):
        save_several(alice, "access", ["greetpause:10"], "5000")


def test_an_entry_that_was_not_seen_is_not_replaced(alice: User) -> None:
    save(alice, "access", "greetpause:10", "5000")
    with pytest.raises(changes.Stale):
        save_several(alice, "access", ["greetpause:11"], "5000", original_key="greetpause:10", seen="x")


def test_the_risk_of_any_needs_a_reason_and_a_second_person(alice: User, bob: User) -> None:
    keys = ["connect:192.0.2", "connect:192.0.3"]
    with pytest.raises(changes.ReasonMissing):
        save_several(alice, "access", keys, "RELAY")
    request = save_several(alice, "access", keys, "RELAY", reason="the branch office")
    assert (request.state, request.risks) == ("submitted", ["relay"])


def test_who_may_only_look_saves_nothing(charlie: User) -> None:
    with pytest.raises(changes.Forbidden):
        save_several(charlie, "access", ["greetpause:11"], "5000")


def test_a_pasted_key_is_refused_by_the_service_itself(alice: User) -> None:
    with pytest.raises(changes.Invalid, match="more than jane"):
        save(alice, "aliases", "Jane <jane>", "alice")
