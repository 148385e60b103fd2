"""What is refused half-way leaves the transaction around it in order: no cursor is left to be closed too late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import amending, importing, undoing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import NotDelegated
from tables.models import ChangeRequest
from tables.releases import cut
from tests.people import delegate, make_limited
from tests.services.editing import save

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin(people: dict[str, User]) -> Actor:
    """Limited to one table of one domain."""
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable", "a.example")
    return Actor.of(erin)


@pytest.mark.parametrize("act", ["undo", "back to a release", "update", "import"])
def test_a_limited_person_is_refused_and_the_next_question_is_answered(
    erin: Actor, alice: User, bob: User, tmp_path: Path, act: str
) -> None:
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    applied = save(alice, "aliases", "sales", "carl")
    waiting = save(alice, "relay-domains", "b.example", reason="wanted")
    (tmp_path / "virtusertable").write_text("info@a.example\tx@a.example\nsales@b.example\tx@a.example\n")
    acts: dict[str, Callable[[], object]] = {
        "undo": lambda: undoing.undo(request=applied, actor=erin),
        "back to a release": lambda: undoing.back_to(release=release, actor=erin),
        "update": lambda: amending.bring_up_to_date(request=waiting, actor=erin),
        "import": lambda: importing.request_import(
            cluster=get_cluster(), actor=erin, files=importing.find_files(tmp_path), mode=importing.REPLACE
        ),
    }
    before = ChangeRequest.objects.count()
    with pytest.raises(NotDelegated):
        acts[act]()
    assert ChangeRequest.objects.count() == before
