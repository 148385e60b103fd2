"""What a file says is what the tables say: no key, value, comment or exact line smuggles another line in."""

import pytest

from mailadmin.accounts.models import User
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster, rows
from tables.errors import Invalid
from tables.models import ChangeRequest
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import actor, save
from tests.web.visits import insist, visitor

pytestmark = pytest.mark.django_db

#: Keys that hold a whole dangerous entry of their own, beside a value that is harmless.
SMUGGLED_KEYS = [
    ("access", "203.0.113\tRELAY(@b.example", "REJECT)"),
    ("access", "203.0.113\tRELAY(é", ")"),
    ("access", "connect:203.0.113\tRELAY (é", ")"),
    ("aliases", 'evil: "|/bin/sh x", é', "alice"),
    ("aliases", "evil:/etc/passwd,é", "alice"),
    ("virtusertable", "\ufeff @shop.example", "sales"),
    ("genericstable", "é\t@shop.example", "sales@example.com"),
    ("mailertable", "example.net\tesmtp:[203.0.113.9]é", "esmtp:[mail.example.net]"),
]

#: Entries that look harmless, with exact lines that say something else.
SMUGGLED_LINES = [
    ("aliases", Entry("sales", "alice", raw='sales: "|/bin/sh"\n')),
    ("aliases", Entry("sales", "alice", raw='sales: alice\nevil: "|/bin/sh"\n')),
    ("aliases", Entry("sales", "alice", above='evil: "|/bin/sh"\n')),
    ("aliases", Entry("sales", "alice", above="# sales \\\n")),
    ("aliases", Entry("sales", "alice", raw='sales: alice,\n "|/bin/sh"\n')),
    ("aliases", Entry("sales", "alice", enabled=False, raw='sales: "|/bin/sh"\n')),
    ("aliases", Entry("sales", "alice", enabled=False, raw='#sales: alice\nevil: "|/bin/sh"\n')),
    ("access", Entry("connect:203.0.113.9", "REJECT", raw="connect:203.0.113\tRELAY\n")),
    ("access", Entry("connect:203.0.113.9", "REJECT", above="connect:203.0.113\tRELAY\n")),
    ("access", Entry("connect:203.0.113.9", "REJECT", comment="x", above="connect:203.0.113\tRELAY\n")),
    ("access", Entry("connect:203.0.113.9\tRELAY", "REJECT")),
    ("relay-domains", Entry("a.example", enabled=False, raw="a.example\n")),
    ("relay-domains", Entry("a.example", enabled=False, above="evil.example\n")),
    ("relay-domains", Entry("a.example", raw="a.example evil.example\n")),
    ("local-host-names", Entry("a.example evil.example")),
    ("aliases", Entry("sales", "alice\nevil: bob")),
    ("aliases", Entry("sales", "alice\uf700")),
    ("aliases", Entry("", "alice")),
]


@pytest.mark.parametrize(("table", "key", "value"), SMUGGLED_KEYS)
def test_no_key_holds_an_entry_of_its_own(alice: User, bob: User, table: str, key: str, value: str) -> None:
    typed = {"enabled": "on", "key": key, "value": value, "reason": "wanted"}
    assert insist(visitor(alice), f"/tables/{table}/add/", typed).status_code == 422
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize(("table", "key", "value"), SMUGGLED_KEYS)
def test_no_key_becomes_one_by_renaming(alice: User, bob: User, table: str, key: str, value: str) -> None:
    with pytest.raises(Invalid):
        save(alice, table, key, value, original_key="plain", reason="wanted")
    assert not rows(cluster=get_cluster(), table=TABLES[table]).exists()


@pytest.mark.parametrize(("table", "entry"), SMUGGLED_LINES)
def test_no_exact_line_says_something_else_than_its_entry(bob: User, table: str, entry: Entry) -> None:
    request = changes.draft(cluster=get_cluster(), actor=actor(None), reason="wanted")
    with pytest.raises(Invalid):
        changes.propose(request=request, actor=Actor.command(), table=TABLES[table], key=entry.key, after=entry)
    assert not request.changes.exists()


@pytest.mark.parametrize(
    ("table", "entry"),
    [
        ("aliases", Entry("sales", "alice, bob", raw="Sales:\talice, bob\n", above="# who sells\n#\n")),
        ("aliases", Entry("sales", "alice\\", raw="sales: alice\\")),
        ("aliases", Entry("sales", "alice", raw="sales@mail.example.com: alice\n")),
        ("access", Entry("connect:203.0.113", "REJECT", comment="a\nb", raw="Connect:203.0.113  REJECT\n")),
        ("access", Entry("connect:203.0.113", "REJECT\r", raw="connect:203.0.113\tREJECT\r\n")),
        ("relay-domains", Entry("a.example", raw=" a.example # ours")),
        ("relay-domains", Entry("a.example", enabled=False, raw="#  a.example\n")),
    ],
)
def test_an_exact_line_that_says_the_same_is_kept(bob: User, table: str, entry: Entry) -> None:
    request = changes.draft(cluster=get_cluster(), actor=actor(None), reason="wanted")
    spec = TABLES[table]
    assert changes.propose(request=request, actor=Actor.command(), table=spec, key=entry.key, after=entry)
