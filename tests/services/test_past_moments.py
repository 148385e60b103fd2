"""A point as somebody names it: what is no point is explained, with what to write instead."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.past import moments
from tables.releases import cut
from tests.machine.clock import running
from tests.services.editing import save

pytestmark = pytest.mark.django_db


def number(text: str) -> int:
    return moments.read(get_cluster(), text).change_number


def test_a_release_a_time_a_change_and_now_are_points(alice: User) -> None:
    with running(datetime(2026, 1, 31, 11, tzinfo=UTC)) as clock:
        save(alice, "aliases", "sales", "alice")
        cut(cluster=get_cluster(), actor=Actor.of(alice))
        clock.forward(timedelta(hours=1))
        save(alice, "aliases", "sales", "bob")

    assert (number("1"), number("change 2"), number("change  1"), number("now"), number("")) == (1, 2, 1, 2, 2)
    assert number("2026-01-31 11:30Z") == 1
    assert number("2026-01-31T11:30") == 1
    assert number("2026-01-31 12:30 Europe/Berlin") == 1
    assert number("2026-01-31 13:30 Europe/Berlin") == 2
    assert number("2026-02-01") == 2
    assert moments.read(get_cluster(), "2026-01-31 12:30 Europe/Berlin").words == "2026-01-31 11:30:00 UTC"
    assert moments.read(get_cluster(), "1").words == "release 1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "“yesterday” is no time. Write it as 2026-01-31 12:00. Or name a release by its number."),
        ("2026-01-31 12:00 Europe/Atlantis", "There is no time zone Europe/Atlantis. Write one as Europe/Berlin"),
        (
            "2026-03-29 02:30 Europe/Berlin",
            "There is no 02:30 on 2026-03-29 in Europe/Berlin: the clocks are put forward",
        ),
        ("2026-02-30", "“2026-02-30” is no time"),
        ("0001-01-01", "0001-01-01 is too far away"),
        ("1999-01-01", "The tables held nothing at 1999-01-01T00:00:00Z. Name a later time."),
        ("7", "There is no release 7. Name an existing one or a time like"),
        ("change 9", "There is no change 9: the last one is 1. Name one up to that."),
        ("change 0", "There is no change 0"),
        ("bücher.example", "“bücher.example” is no time"),
        ("9" * 99, "is no time"),
    ],
)
def test_what_is_no_point_is_explained(alice: User, text: str, says: str) -> None:
    save(alice, "aliases", "sales", "alice")
    with pytest.raises(ChangeError) as refused:
        moments.read(get_cluster(), text)
    assert says in str(refused.value)


def test_the_future_is_no_point(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%d %H:%MZ}"
    with pytest.raises(ChangeError, match="lies in the future"):
        moments.read(get_cluster(), tomorrow)
