"""Several publishers at the same moment, over real connections: each letter and each digest goes out once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import housekeeping
from tables.actors import Actor
from tables.entries import get_cluster
from tables.letters import digests, outbox
from tables.models import ChangeRequest, Host, Letter, Notice, Publication
from tables.publishing import outcome
from tables.releases import cut
from tests.parallel.fixed_cast import cast
from tests.parallel.racing import race as together
from tests.people import make_person
from tests.services.editing import save

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["cast"]

SENDERS = 4


def test_four_senders_send_each_letter_once(cast: dict[str, User]) -> None:
    for number in range(20):
        make_person(f"r{number}", Role.APPROVER)
    save(cast["alice"], "relay-domains", "a.example", reason="x")
    results = together(*[outbox.send] * SENDERS)
    assert sum(done.sent for done in results if isinstance(done, outbox.Sent)) == 22
    assert set(Counter(letter.to[0] for letter in mail.outbox).values()) == {1}
    assert len(mail.outbox) == 22


def test_four_writers_write_each_digest_once(cast: dict[str, User]) -> None:
    save(cast["alice"], "relay-domains", "a.example", reason="x")
    results = together(*[lambda: digests.write_due(early=True)] * SENDERS)
    assert sum(count for count in results if isinstance(count, int)) == 2
    assert Letter.objects.filter(day__isnull=False).count() == 2


def test_four_publishers_remind_once(cast: dict[str, User]) -> None:
    save(cast["alice"], "relay-domains", "a.example", reason="x")
    ChangeRequest.objects.update(submitted_at=timezone.now() - timedelta(days=4))
    Notice.objects.update(created_at=timezone.now() - timedelta(days=4))
    together(*[lambda: list(housekeeping.keep())] * SENDERS)
    assert Notice.objects.filter(kind="waiting").count() == 3
    assert Letter.objects.filter(notice__kind="waiting").count() == 3


def test_two_hosts_that_finish_at_once_tell_of_the_release_once(cast: dict[str, User]) -> None:
    save(cast["alice"], "aliases", "sales", "alice")
    hosts = [Host.objects.create(cluster=get_cluster(), name=f"mx{number}", mail_dir="/x") for number in range(2)]
    cut(cluster=get_cluster(), actor=Actor.of(cast["bob"]))
    Publication.objects.update(state="running")

    def succeed(host: Host) -> None:
        outcome.succeed(Publication.objects.select_related("release", "host__cluster").get(host=host), files=[])

    together(*[lambda host=host: succeed(host) for host in hosts])
    assert Publication.objects.filter(state="succeeded").count() == 2
    assert Notice.objects.filter(kind="published").count() == 1
