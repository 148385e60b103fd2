"""Whatever the owner of the database does to the policy, without which nobody else need approve anything."""

from __future__ import annotations

import pytest
from django.db import connection

from mailadmin.accounts.models import User
from tables import append_only
from tables.entries import get_cluster
from tables.models import AuditEvent, ChangeRequest, PolicyChange, PolicyVersion, Review
from tables.rules import Rules, to_json
from tables.verifying import verify
from tests.services.editing import save
from tests.services.ruling import decree, rule, rules_now
from tests.services.test_tampering import not_named, undone

pytestmark = pytest.mark.django_db

NOBODY = rule(reviews=0)


@pytest.fixture
def history(people: dict[str, User]) -> dict[str, User]:
    """Two changes of the policy, and the triggers gone."""
    decree(people["dora"], people["bob"], rules=(*rules_now().rules, rule("relay", 2)))
    decree(people["dora"], people["bob"], tick_above=3)
    save(people["alice"], "aliases", "sales", "alice")
    connection.check_constraints()
    append_only.remove(connection)
    assert list(verify()) == []
    return people


def subjects() -> set[str]:
    return {finding.subject for finding in verify()}


def test_every_column_of_a_version(history: dict[str, User]) -> None:
    for made in PolicyVersion.objects.all():
        names = (f"policy {made.number}", "policies", f"request {made.request_id}")
        assert not_named(PolicyVersion, made, history, *names) == []


def test_every_column_of_what_a_request_wanted(history: dict[str, User]) -> None:
    for change in PolicyChange.objects.all():
        number = change.request.policy_version_made.number
        names = (f"policy {number}", f"request {change.request_id}")
        assert not_named(PolicyChange, change, history, *names) == []


def test_every_column_of_an_applied_request(history: dict[str, User]) -> None:
    for request in ChangeRequest.objects.filter(kind="policy"):
        names = (f"request {request.pk}", f"policy {request.policy_version_made.number}")
        assert not_named(ChangeRequest, request, history, *names) == []


def test_a_version_taken_away(history: dict[str, User]) -> None:
    for made in PolicyVersion.objects.all():
        with undone():
            PolicyVersion.objects.filter(pk=made.pk)._raw_delete("default")
            assert f"policy {made.number}" in subjects()


def slipped_in(history: dict[str, User]) -> PolicyVersion:
    """A policy that asks nobody, with a request of which nothing is told."""
    rules = to_json(Rules(rules=(NOBODY,)))
    request = ChangeRequest.objects.create(
        cluster=get_cluster(), kind="policy", state="applied", author=history["dora"], author_name="dora"
    )
    PolicyChange.objects.create(request=request, based_on=2, before=to_json(rules_now()), after=rules)
    return PolicyVersion.objects.create(cluster=get_cluster(), number=3, content=rules, request=request)


def test_a_version_slipped_in_under_which_a_relay_was_opened(history: dict[str, User]) -> None:
    made = slipped_in(history)
    assert save(history["alice"], "relay-domains", "evil.example", reason="x").state == "applied"
    said = {finding.subject: finding.message for finding in verify()}
    assert said["policy 3"] == "The audit history does not tell of it: nobody approved it."
    assert said[f"request {made.request_id}"] != ""


def test_a_policy_that_nobody_approved(history: dict[str, User]) -> None:
    """The events and reviews of an approval taken out, and the chain made good again or not."""
    made = PolicyVersion.objects.get(number=1)
    Review.objects.filter(request=made.request_id)._raw_delete("default")
    AuditEvent.objects.filter(action="request-approved", request_id=made.request_id)._raw_delete("default")
    messages = [finding.message for finding in verify() if finding.subject == f"request {made.request_id}"]
    assert "It was applied without the approval that its risks need." in messages
