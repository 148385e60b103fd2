"""Tables and keys in addresses."""

import pytest

from mailadmin.accounts.models import User
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import address, form_of, insist, standing, text, visitor

ODD_KEYS = [
    "to:a/b@example.org",
    "from:100%@example.org",
    "from:a&b=c@example.org",
    "from:ü@example.org",
    "from:a?b#c@x.org",
]


@pytest.mark.parametrize("page", ["", "add/", "edit/?key=x", "history/?key=x"])
def test_an_unknown_table_is_answered_with_the_seven_names(alice: User, page: str) -> None:
    response = visitor(alice).get(f"/tables/passwd/{page}")

    assert response.status_code == 404
    assert "There is no table “passwd”." in text(response)
    for name in TABLES:
        assert name in text(response)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_its_pages(alice: User, table: str) -> None:
    client = visitor(alice)

    assert client.get(f"/tables/{table}/").status_code == 200
    assert client.get(f"/tables/{table}/add/").status_code == 200


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("page", ["entry-edit", "entry-switch", "entry-delete", "entry-history"])
def test_a_key_may_hold_any_character(alice: User, key: str, page: str) -> None:
    save(alice, "access", key, "REJECT")

    response = visitor(alice).get(address(page, "access", key))

    assert response.status_code == 200
    assert key in text(response)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_entry_with_an_odd_key_can_be_saved(alice: User, key: str) -> None:
    save(alice, "access", key, "REJECT")

    response = insist(visitor(alice), address("entry-edit", "access", key), form_of("access", key, value="DISCARD"))

    assert response.status_code == 302
    assert standing("access", key).value == "DISCARD"


@pytest.mark.parametrize("page", ["edit", "switch", "delete", "history"])
@pytest.mark.parametrize(("query", "said"), [("", "names no entry"), ("?key=%00", "NUL"), ("?key=nobody", "nobody")])
def test_a_page_about_no_entry_is_not_found(alice: User, page: str, query: str, said: str) -> None:
    response = visitor(alice).get(f"/tables/aliases/{page}/{query}")

    assert response.status_code == 404
    assert said in text(response)
