"""A plan that takes much away is not carried out by itself."""

from pathlib import Path

import pytest

from tables.models import Publication
from tables.sendmail.plan import Create, Delete, Difference, FilePlan, Limits, Tallied, Update, difference, unsafe
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.publisher.conftest import Load, Publish
from tests.services.editing import delete, save

ONE, OTHER, OFF = Entry("a", "1"), Entry("a", "2"), Entry("a", "1", enabled=False)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, ONE, Create(ONE)),
        (ONE, None, Delete(ONE)),
        (ONE, OTHER, Update(ONE, OTHER)),
        (ONE, ONE, None),
        (ONE, Entry("a", "1", comment="why"), None),
        (ONE, OFF, Delete(ONE)),
        (OFF, ONE, Create(ONE)),
        (None, OFF, None),
        (OFF, None, None),
    ],
)
def test_a_difference_is_what_sendmail_notices(
    before: Entry | None, after: Entry | None, expected: Difference | None
) -> None:
    assert difference(before, after) == expected


def findings(*, entries: int, deletes: int = 0, updates: int = 0, percent: int = 30, floor: int = 10) -> list[str]:
    tallied = Tallied()
    for number in range(deletes):
        tallied.add(Delete(Entry(f"gone{number}", "x")))
    for number in range(updates):
        tallied.add(Update(Entry(f"new{number}", "x"), Entry(f"new{number}", "y")))
    plan = FilePlan(TABLES["aliases"], ETC, entries=entries)
    plan.count(tallied)
    return [finding.message for finding in unsafe(plan, tallied, Limits(percent, floor))]


ETC = Path("/etc/mail/aliases")


def test_too_many_deletes_are_unsafe_and_the_numbers_are_told() -> None:
    assert findings(entries=22, deletes=18) == ["Too many deletes in aliases, 45 % is over 30 % (18/40)."]


def test_too_many_updates_are_unsafe() -> None:
    assert findings(entries=40, updates=18) == ["Too many updates in aliases, 45 % is over 30 % (18/40)."]


def test_deletes_and_updates_count_together() -> None:
    assert findings(entries=30, deletes=10, updates=10) == [
        "Too many deletes and updates in aliases, 50 % is over 30 % (20/40)."
    ]


@pytest.mark.parametrize(("entries", "deletes"), [(1, 9), (0, 10), (70, 30)])
def test_few_or_a_small_share_are_safe(entries: int, deletes: int) -> None:
    assert findings(entries=entries, deletes=deletes) == []


def test_a_full_table_that_would_be_empty_is_unsafe() -> None:
    assert findings(entries=0, deletes=11) == ["aliases would be empty, and 11 entries are live."]


def test_adding_is_never_unsafe() -> None:
    plan = FilePlan(TABLES["access"], ETC, entries=1000)
    tallied = Tallied(creates=1000)
    plan.count(tallied)
    assert unsafe(plan, tallied, Limits(30, 10)) == []


# --- with a real publication ------------------------------------------------------------------------------------------

ALIASES = "postmaster: root\nMAILER-DAEMON: postmaster\n" + "".join(f"user{number}: root\n" for number in range(30))


@pytest.mark.django_db
@pytest.mark.sendmail
def test_an_unsafe_plan_is_refused_and_an_override_carries_it_out(load: Load, publish: Publish) -> None:
    load({"aliases": ALIASES})
    publish()
    for number in range(12):
        delete(None, "aliases", f"user{number}")
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error.startswith("Too many deletes in aliases, 38 % is over 30 % (12/32).")
    assert publish(override=True).state == Publication.State.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.sendmail
@pytest.mark.parametrize("alias", ["postmaster", "mailer-daemon"])
def test_aliases_do_not_lose_whom_mail_servers_write_to(load: Load, publish: Publish, alias: str) -> None:
    load({"aliases": ALIASES})
    publish()
    delete(None, "aliases", alias)
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error.startswith(f"aliases would lose {alias}, to which mail servers write")


@pytest.mark.django_db
@pytest.mark.sendmail
def test_only_the_net_effect_of_many_changes_counts(load: Load, publish: Publish) -> None:
    load({"aliases": ALIASES})
    publish()
    for number in range(12):
        save(None, "aliases", f"user{number}", "bob")
    for number in range(12):
        save(None, "aliases", f"user{number}", "root")
    assert publish().state == Publication.State.SUCCEEDED
