"""What tests of the rules have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import ChangeRequest
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.people import make_person
from tests.services.editing import save


@pytest.fixture
def relay(alice: User, bob: User) -> ChangeRequest:
    """alice asks for a relay."""
    return save(alice, "relay-domains", "customer.example", reason="wanted")


@pytest.fixture
def erin(people: dict[str, User]) -> User:
    """Another approver."""
    return make_person("erin", Role.APPROVER)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the clock of who judges an approval's age forward."""

    def set_forward(**by: float) -> None:
        now = timezone.now() + timedelta(**by)
        monkeypatch.setattr("tables.reviewers.timezone.now", lambda: now)

    return set_forward


def many(person: User, count: int, *, table: str = "relay-domains", value: str = "", **more: Any) -> ChangeRequest:
    """One request with as many new entries."""
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(person), reason="wanted", **more)
    pairs = [(None, Entry(f"c{number:03d}.example", value, position=number + 1)) for number in range(count)]
    changes.propose_many(request=request, actor=Actor.of(person), table=TABLES[table], pairs=pairs)
    return changes.submit(request=request, actor=Actor.of(person))
