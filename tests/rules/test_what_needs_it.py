"""Rules 1 and 2: what loosens needs two persons, what tightens one, judged by effect."""

import pytest

from mailadmin.accounts.models import User
from tests.services.editing import approve, delete, save, value_of

pytestmark = pytest.mark.django_db

#: What must stand before, and the change that then loosens something.
LOOSENING = {
    "a new RELAY": ([], ("access", "connect:203.0.113", "RELAY")),
    "a widened key": ([("access", "connect:203.0.113.7", "RELAY")], ("access", "connect:203.0.113", "RELAY")),
    "a line in relay-domains": ([], ("relay-domains", "customer.example", "")),
    "a line in local-host-names": ([], ("local-host-names", "new.example", "")),
    "a route for a relayed domain": (
        [("relay-domains", "customer.example", "")],
        ("mailertable", "customer.example", "smtp:[mail.evil.example]"),
    ),
    "an alias to a program": ([], ("aliases", "run", '"|/usr/local/bin/run"')),
    "an alias to a file": ([], ("aliases", "archive", "/var/mail/archive")),
    "an alias to a list in a file": ([], ("aliases", "list", ":include:/etc/mail/list")),
    "a catch-all": ([], ("virtusertable", "@shop.example", "sales")),
    "an OK that passes checks": ([], ("access", "from:friend.example", "OK")),
    "a password": ([], ("access", "authinfo:smart.example", '"U:me" "P:secret"')),
}


@pytest.mark.parametrize("what", LOOSENING)
def test_rule_01_a_change_is_classified_by_its_effect(alice: User, bob: User, what: str) -> None:
    before, (table, key, value) = LOOSENING[what]
    for entry in before:
        approve(bob, save(alice, *entry, reason="wanted"))
    request = save(alice, table, key, value, reason="wanted")
    assert request.state == "submitted"
    assert value_of(table, key) is None


@pytest.mark.parametrize("value", ["REJECT", "ERROR:5.7.1:550 no", "DISCARD"])
def test_rule_01_a_deleted_refusal_is_a_loosening(alice: User, bob: User, value: str) -> None:
    save(alice, "access", "from:spam.example", value)
    assert delete(alice, "access", "from:spam.example", reason="wanted").state == "submitted"


#: Without this entry sendmail may send another password to that host: it waits as well.
TIGHTENING = sorted(set(LOOSENING) - {"a password"})


@pytest.mark.parametrize("what", TIGHTENING)
def test_rule_02_tightening_needs_one_person_and_loosening_two(alice: User, bob: User, what: str) -> None:
    before, (table, key, value) = LOOSENING[what]
    for entry in before:
        approve(bob, save(alice, *entry, reason="wanted"))
    assert approve(bob, save(alice, table, key, value, reason="wanted")).state == "applied"
    assert delete(alice, table, key).state == "applied"
