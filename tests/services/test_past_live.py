"""From when to when a version of an entry was live on which host."""

from datetime import UTC, datetime, timedelta

import pytest

from mailadmin.accounts.models import User
from tables import audit
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Change, Host, Publication
from tables.past import live
from tables.past.live import Span
from tables.releases import cut
from tests.services.editing import delete, save

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


@pytest.fixture
def hosts(db: None) -> list[Host]:
    return [
        Host.objects.create(cluster=get_cluster(), name=name, mail_dir="/etc/mail")
        for name in ("mx1.example.org", "mx2.example.org")
    ]


def publish(alice: User, ended: dict[Host, tuple[str, int]]) -> None:
    """Cut a release, and let each host end with a state at an hour; a host that is not named leaves it queued."""
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    for host, (state, hour) in ended.items():
        found = Publication.objects.filter(release=release, host=host).latest("id")
        Publication.objects.filter(pk=found.pk).update(state=state, finished_at=at(hour))


def lived(key: str = "sales") -> list[dict[str, list[Span]]]:
    """Of each version, the oldest first."""
    changes = list(Change.objects.filter(table="aliases", key=key).order_by("-number"))
    found = live.of_changes(cluster=get_cluster(), changes=changes)
    return [{each.host: each.spans for each in found[change.number or 0]} for change in reversed(changes)]


def test_a_version_is_live_from_its_first_publication_to_that_of_the_next(alice: User, hosts: list[Host]) -> None:
    mx1, mx2 = hosts
    save(alice, "aliases", "sales", "one")
    publish(alice, {mx1: ("succeeded", 1), mx2: ("failed", 1)})
    save(alice, "aliases", "other", "x")
    publish(alice, {mx1: ("succeeded", 2), mx2: ("succeeded", 2)})
    save(alice, "aliases", "sales", "never published alone")
    save(alice, "aliases", "sales", "three")
    publish(alice, {mx1: ("succeeded", 3)})
    delete(alice, "aliases", "sales")

    first, second, third, gone = lived()

    assert first == {"mx1.example.org": [Span(at(1), at(3))], "mx2.example.org": [Span(at(2), None)]}
    assert second == {}
    assert third == {"mx1.example.org": [Span(at(3), None)]}
    assert gone == {}
    publish(alice, {mx1: ("rolled back", 4), mx2: ("succeeded", 4)})
    assert lived()[3] == {"mx2.example.org": [Span(at(4), None)]}
    assert lived()[2]["mx1.example.org"] == [Span(at(3), None)]


def test_a_rollback_by_hand_brings_an_older_version_back_for_a_while(alice: User, hosts: list[Host]) -> None:
    mx1, _mx2 = hosts
    save(alice, "aliases", "sales", "one")
    publish(alice, {mx1: ("succeeded", 1)})
    save(alice, "aliases", "sales", "two")
    publish(alice, {mx1: ("succeeded", 2)})
    detail = {"host": mx1.name, "since": at(5).isoformat(), "from": 2, "to": 1, "generation": 1}
    audit.record(actor=Actor.command(), action="host-held", cluster=get_cluster(), key=mx1.name, detail=detail)

    first, second = (version["mx1.example.org"] for version in lived())
    assert first == [Span(at(1), at(2)), Span(at(5), None)]
    assert second == [Span(at(2), at(5))]

    publish(alice, {mx1: ("succeeded", 8)})
    first, second = (version["mx1.example.org"] for version in lived())
    assert first == [Span(at(1), at(2)), Span(at(5), at(8))]
    assert second == [Span(at(2), at(5)), Span(at(8), None)]


def test_a_page_of_versions_asks_the_same_whatever_it_holds(
    alice: User, hosts: list[Host], django_assert_num_queries: object
) -> None:
    for turn in range(12):
        save(alice, "aliases", "sales", f"target{turn}")
        publish(alice, {hosts[0]: ("succeeded", turn), hosts[1]: ("succeeded", turn)})
    changes = list(Change.objects.filter(key="sales").order_by("-number"))
    cluster = get_cluster()
    for some in (changes[:1], changes[4:5], changes):
        with django_assert_num_queries(5):  # type: ignore[operator]
            live.of_changes(cluster=cluster, changes=some)
    assert all(len(version["mx2.example.org"]) == 1 for version in lived())
