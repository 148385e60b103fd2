"""The history is a chain that the database refuses to alter, and that shows when somebody did."""

import pytest
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, audit
from tables.models import Alias, AuditEvent, AuditHead, Change
from tables.verifying import verify
from tests.services.editing import approve, delete, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    save(alice, "aliases", "sales", "alice, bob")
    save(alice, "aliases", "press", "bob")
    delete(alice, "aliases", "press")
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))


@pytest.fixture
def tampering(history: None) -> None:
    """Somebody who owns the database has taken the triggers away."""
    append_only.remove(connection)


def subjects() -> list[str]:
    return [finding.subject for finding in verify()]


def test_an_untouched_history_holds(history: None) -> None:
    assert list(verify()) == []


def test_an_event_says_who_when_why_before_and_after(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    request = save(alice, "aliases", "sales", "bob", reason="alice left")
    event = audit.events(table="aliases", key="sales").first()
    assert event is not None
    assert (event.actor_name, event.action, event.reason) == ("alice", "entry-updated", "alice left")
    assert (event.before["value"], event.after["value"]) == ("alice", "bob")
    assert event.request_id == request.pk


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_refuses_to_alter_an_event(history: None, act: str) -> None:
    events = AuditEvent.objects.all()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        events.update(reason="") if act == "update" else events._raw_delete("default")


def test_an_altered_event_is_found(tampering: None) -> None:
    event = AuditEvent.objects.get(number=2)
    AuditEvent.objects.filter(pk=event.pk).update(actor_name="mallory")
    assert "audit event 2" in subjects()


def test_an_altered_event_with_a_new_hash_is_found(tampering: None) -> None:
    event = AuditEvent.objects.get(number=2)
    event.actor_name = "mallory"
    AuditEvent.objects.filter(pk=event.pk).update(actor_name="mallory", hash=audit.event_hash(event))
    assert "audit event 3" in subjects()


def test_a_missing_event_is_found(tampering: None) -> None:
    AuditEvent.objects.filter(number=2).delete()
    assert "audit event 3" in subjects()


def test_a_cut_off_end_is_found(tampering: None) -> None:
    AuditEvent.objects.filter(number=AuditHead.objects.get().number).delete()
    assert "audit chain" in subjects()


def test_an_entry_changed_behind_the_log_is_found(history: None) -> None:
    Alias.objects.filter(key="sales").update(value="mallory")
    assert "aliases sales" in subjects()


def test_an_entry_inserted_behind_the_log_is_found(history: None, alice: User) -> None:
    row = Alias.objects.get(key="sales")
    row.pk, row.key, row._state.adding = None, "backdoor", True
    row.save()
    assert "aliases backdoor" in subjects()


def test_a_deleted_entry_put_back_behind_the_log_is_found(history: None) -> None:
    row = Alias.objects.get(key="sales")
    row.pk, row.key, row._state.adding = None, "press", True
    row.save()
    assert "aliases press" in subjects()


def test_an_altered_change_is_found(tampering: None) -> None:
    change = Change.objects.get(number=1)
    Change.objects.filter(pk=change.pk).update(after={**change.after, "value": "mallory"})
    assert "change 1" in subjects()


def test_a_removed_change_is_found(tampering: None) -> None:
    Change.objects.filter(number=2).delete()
    assert "change 2" in subjects()
