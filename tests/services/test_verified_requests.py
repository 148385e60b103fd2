"""What people do to requests in the ordinary course is nothing that verify would name."""

from __future__ import annotations

import pytest

from mailadmin.accounts.models import User
from tables import amending, changes, closing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.sendmail.spec import Entry
from tables.verifying import verify
from tests.services.editing import save

pytestmark = pytest.mark.django_db


def test_a_draft_that_was_taken_back_before_it_was_handed_in(alice: User) -> None:
    draft = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    assert closing.withdraw(request=draft, actor=Actor.of(alice)).state == "withdrawn"
    assert list(verify()) == []


def test_a_request_that_another_one_makes_harmless_so_that_it_is_applied_at_once(
    alice: User, bob: User, dora: User
) -> None:
    request = save(alice, "aliases", "run", '"|/bin/run"', reason="wanted")
    harmless = {request.changes.get().pk: Entry("", "carl")}
    edited = amending.amend(
        request=request, actor=Actor.of(dora), seen=request.checksum, lines=harmless, reason="no", confirmed=True
    )
    assert edited.state == "applied"
    assert list(verify()) == []
