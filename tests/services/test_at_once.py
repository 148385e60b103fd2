"""Several people at the same moment, over real connections: nothing is lost and nothing happens twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connection

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import sync_groups
from tables import changes, reviews
from tables.actors import Actor
from tables.entries import get_cluster, get_entry
from tables.errors import ChangeError
from tables.models import Change, ChangeRequest
from tables.releases import cut
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.people import CAST, make_person
from tests.services.editing import save, value_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> dict[str, User]:
    sync_groups()  # emptied with the other tables after the test before
    return {username: make_person(username, role) for username, role in CAST.items()}


def together(*acts: Callable[[], object]) -> list[object]:
    """Do all of it at once, each on its own connection; what each returned or refused."""
    barrier = Barrier(len(acts))

    def act(number: int) -> object:
        try:
            barrier.wait()
            return acts[number]()
        except ChangeError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        results = list(pool.map(act, range(len(acts))))
    close_old_connections()
    return results


def test_two_editors_of_one_entry_do_not_overwrite_each_other(cast: dict[str, User]) -> None:
    save(cast["alice"], "aliases", "sales", "alice")
    seen = changes.entry_checksum(get_entry(cluster=get_cluster(), table=TABLES["aliases"], key="sales"))
    results = together(
        lambda: save(cast["alice"], "aliases", "sales", "one", seen=seen),
        lambda: save(cast["dora"], "aliases", "sales", "two", seen=seen),
    )
    assert sorted(type(result).__name__ for result in results) == ["ChangeRequest", "Stale"]
    assert value_of("aliases", "sales") in {"one", "two"}
    assert list(verify()) == []


def test_two_additions_of_one_key_make_one_entry(cast: dict[str, User]) -> None:
    results = together(
        lambda: save(cast["alice"], "aliases", "sales", "one", original_key=""),
        lambda: save(cast["dora"], "aliases", "sales", "two", original_key=""),
    )
    assert sorted(isinstance(result, ChangeRequest) for result in results) == [False, True]
    assert list(verify()) == []


def test_two_reviewers_at_once_apply_a_request_once(cast: dict[str, User]) -> None:
    request = save(cast["alice"], "relay-domains", "customer.example", reason="wanted")
    for name in ("bob", "dora"):
        reviews.note_viewing(request=request, person=cast[name])

    def approval(name: str) -> Callable[[], object]:
        return lambda: reviews.approve(request=request, reviewer=cast[name], checksum=request.checksum)

    results = together(approval("bob"), approval("dora"))
    assert sorted(type(result).__name__ for result in results) == ["ChangeRequest", "ReviewError"]
    assert Change.objects.filter(number__isnull=False, key="customer.example").count() == 1
    assert list(verify()) == []


def test_many_editors_and_a_release_between_them_keep_one_order(cast: dict[str, User]) -> None:
    acts: list[Callable[[], object]] = [
        lambda number=number: save(cast["alice"], "aliases", f"user{number}", "root") for number in range(6)
    ]
    results = together(*acts, lambda: cut(cluster=get_cluster(), actor=Actor.of(cast["alice"])))
    assert not [result for result in results if isinstance(result, ChangeError)]
    numbers = Change.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 7))
    assert list(verify()) == []
