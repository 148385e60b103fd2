"""The publisher closes the requests that nobody decided in time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.management.commands.publisher import Loop
from tables.models import AuditEvent, ChangeRequest
from tests.services.editing import save

pytestmark = pytest.mark.django_db


def test_an_undecided_request_expires_while_the_publisher_runs(alice: User, bob: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    ChangeRequest.objects.update(submitted_at=timezone.now() - timedelta(days=15))
    Loop("").keep_house()
    request.refresh_from_db()
    assert request.state == "expired"
    assert AuditEvent.objects.filter(action="request-expired", request_id=request.pk).exists()


def test_it_looks_once_a_minute_and_not_at_every_look(alice: User, bob: User) -> None:
    loop = Loop("")
    loop.keep_house()
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    ChangeRequest.objects.update(submitted_at=timezone.now() - timedelta(days=15))
    loop.keep_house()
    request.refresh_from_db()
    assert request.state == "submitted"
