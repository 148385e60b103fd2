"""The index of words: what it finds is what reading every entry finds, in the same order, and no password is in it."""

from __future__ import annotations

import random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mailadmin.accounts.models import User
from tables import bulk, entries
from tables.models import ENTRY_MODELS, AccessRule, Cluster, EntryModel, VirtualUser
from tables.scopes import EVERYTHING
from tables.searching import finder as finders
from tables.searching import index
from tables.searching.trigrams import wanted
from tables.sendmail.layout import STEP
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import delete, save, switch

#: Short, so that random words meet random texts; and whatever a database could take for something else.
PIECES = [
    *("ab", "abc", "Abc", "INFO", "info", "istanbul", "ıstanbul", "İstanbul", "ſun", "SUN", "sun", "groß", "GROSS"),
    *("müller", "MÜLLER", "почта", "ПОЧТА", "%", "_", "100%", "a_b", "'", '"', '""', "\\", "\\\\", "a\\b", "@", "."),
    *(
        "-",
        "@example.com",
        "user7@",
        "*",
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "{",
        "}",
        ":",
        "^",
        "\u2400",
        "xn--mller-kva.de",
    ),
    *("K", "ﬁ", "日本語", "e\u0301", "ab c", "a\nb", "12", "123", "x1y2z3"),
]


def text(chance: random.Random, most: int) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(0, most)))


def fill(cluster: Cluster, model: type[EntryModel], chance: random.Random, count: int) -> None:
    def position() -> int:
        return chance.randint(1, count) * STEP + chance.choice((0, 0, 0, 4096 * chance.randint(1, 60)))

    model._default_manager.bulk_create(
        model(
            cluster=cluster,
            key=f"{text(chance, 3)}{number}",
            value=text(chance, 4),
            comment=text(chance, 3),
            position=position(),
            enabled=chance.random() < 0.8,
        )
        for number in range(count)
    )


def contents(model: type[EntryModel]) -> list[tuple[object, ...]]:
    name, number = index.words(model._meta.db_table), "rowid" if connection.vendor == "sqlite" else "document"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {number}, * FROM {name} ORDER BY 1")  # noqa: S608  our own names
        # In whatever order the database took the entries of one document.
        return [tuple("\n".join(sorted(str(part).split("\n"))) for part in row) for row in cursor.fetchall()]


def made_anew(cluster: Cluster, model: type[EntryModel]) -> list[tuple[object, ...]]:
    with index.put_off(connection, table=model._meta.db_table, cluster=cluster.pk):
        pass
    return contents(model)


def every_page(finder: finders.Finder, *, backwards: bool, size: int) -> list[str]:
    """All matches, by pages that go on where the last one ended, or the look."""
    order = ("lt", "gt")[not backwards]
    keys: list[str] = []
    start = place = None
    while True:
        found = finder.read(start=start, place=place, backwards=backwards, most=size)
        keys += [row.key for row in found.rows]
        if len(found.rows) == size:
            start = (found.rows[-1].position, found.rows[-1].key)
        elif found.stopped:
            start = found.stopped
        else:
            return keys
        place = finders.Q(**{f"position__{order}": start[0]}) | finders.Q(
            **{"position": start[0], f"key__{order}": start[1]}
        )


@pytest.mark.parametrize("table", ["virtusertable", "access"])
def test_the_index_finds_what_reading_everything_finds(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(finders, "DOCUMENTS", 12)
    monkeypatch.setattr(finders, "FIRST", 2)
    monkeypatch.setattr(finders, "BLOCKS", 5)
    monkeypatch.setattr(finders, "SCANNED", 90)
    chance, spec = random.Random(table), TABLES[table]
    fill(cluster, ENTRY_MODELS[table], chance, 300)
    looked_up = some = 0
    for _ in range(50):
        query = " ".join(filter(None, (text(chance, 3) for _ in range(chance.choice((1, 1, 2))))))
        state = chance.choice(entries.STATES)
        asked = {"scope": EVERYTHING, "cluster": cluster, "table": spec, "query": query, "state": state}
        meant = list(entries.listing(**asked).values_list("key", flat=True))
        finder = entries.finder(**asked)
        looked_up, some = looked_up + bool(finder.asked.wanted), some + bool(meant)
        assert every_page(finder, backwards=False, size=20) == meant, query
        assert every_page(finder, backwards=True, size=20) == meant[::-1], query
        assert finder.count(10_000) in {len(meant), None}
    assert 10 < looked_up < 50
    assert some > 10


def test_edits_keep_the_index_as_it_would_be_made_anew(cluster: Cluster, alice: User) -> None:
    chance = random.Random(3)
    fill(cluster, VirtualUser, chance, 100)
    for number in range(5):
        save(alice, "virtusertable", f"new{number}@example.com", "box")
    save(alice, "virtusertable", "new1@example.com", "elsewhere")
    switch(alice, "virtusertable", "new2@example.com", enabled=False)
    delete(alice, "virtusertable", "new3@example.com")
    VirtualUser.objects.filter(value__contains="info").update(position=50 * STEP + 1)
    VirtualUser.objects.filter(key__contains="ab").delete()

    kept = contents(VirtualUser)

    assert kept == made_anew(cluster, VirtualUser)
    assert len(kept) > 3
    VirtualUser.objects.all().delete()
    assert contents(VirtualUser) == []


def test_what_was_loaded_at_once_is_found(cluster: Cluster) -> None:
    rows = [Entry(f"user{number}@example.com", f"box{number}", position=number * STEP) for number in range(1, 101)]
    with transaction.atomic():
        bulk.load(cluster=cluster, table=TABLES["virtusertable"], entries=iter(rows))
    found = entries.finder(scope=EVERYTHING, cluster=cluster, table=TABLES["virtusertable"], query="box77").read(most=9)

    assert [row.key for row in found.rows] == ["user77@example.com"]
    save(None, "virtusertable", "later@example.com", "box77777")
    again = entries.finder(scope=EVERYTHING, cluster=cluster, table=TABLES["virtusertable"], query="box77").read(most=9)
    assert [row.key for row in again.rows] == ["user77@example.com", "later@example.com"]


def test_another_cluster_is_not_searched(cluster: Cluster) -> None:
    other = Cluster.objects.create(name="other")
    for there in (cluster, other):
        VirtualUser.objects.create(cluster=there, key=f"info@{there.name}.example", value="box", position=STEP)
    found = entries.finder(scope=EVERYTHING, cluster=other, table=TABLES["virtusertable"], query="info").read(most=9)

    assert [row.key for row in found.rows] == ["info@other.example"]


@pytest.mark.parametrize(
    ("key", "value", "comment"),
    [
        ("authinfo:mail.example.com", '"U:smtp" P:geheim123', ""),
        ("from:example.com", '"AuthInfo" geheim123', ""),
        ("from:example.com", "REJECT", 'was "P:geheim123"'),
        ("from:example.com", "REJECT", 'was "p=Z2VoZWltMTIz geheim123"'),
    ],
)
def test_no_password_is_in_the_index(cluster: Cluster, key: str, value: str, comment: str) -> None:
    AccessRule.objects.create(cluster=cluster, key="from:example.net", value="geheim12", position=1)
    AccessRule.objects.create(cluster=cluster, key=key, value=value, comment=comment, position=1000 * STEP)

    kept = contents(AccessRule)

    assert len(kept) == 2
    assert "geheim" in str(kept[0])
    assert "hei" not in str(kept[1])


def test_a_look_that_ended_early_says_where(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finders, "SCANNED", 10)
    for number in range(40):
        VirtualUser.objects.create(cluster=cluster, key=f"u{number:02}", value="x", position=number * STEP)
    finder = entries.finder(scope=EVERYTHING, cluster=cluster, table=TABLES["virtusertable"], query="39")

    found = finder.read(most=5)

    assert found.rows == []
    assert found.stopped is not None
    assert finder.count(1000) is None
    assert every_page(finder, backwards=False, size=5) == ["u39"]


def test_a_search_asks_as_much_in_ten_entries_as_in_a_thousand(cluster: Cluster) -> None:
    counts = []
    for first, after in ((0, 10), (10, 1000)):
        VirtualUser.objects.bulk_create(
            VirtualUser(cluster=cluster, key=f"user{n}@example.com", value="box", position=n * STEP)
            for n in range(first, after)
        )
        with CaptureQueriesContext(connection) as queries:
            for query in ("user", "nobody", "ex"):
                entries.search(scope=EVERYTHING, cluster=cluster, query=query)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_word_that_says_too_little_has_no_trigrams(vendor: str) -> None:
    assert wanted(vendor, [["ab"]]) == []
    assert wanted(vendor, [["ab"], ["abc"]]) == ["abc"]
    assert wanted(vendor, [["ABC", "bcd"]]) == []
    assert len(wanted(vendor, [["".join(map(str, range(200)))]])) <= 24
