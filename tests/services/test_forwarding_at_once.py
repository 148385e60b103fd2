"""Two publishers at the same moment, over real connections: the server gets each event once."""

from typing import Any

import pytest

from tables import audit, forwarding
from tables.actors import Actor
from tests.parallel.racing import race as together
from tests.services import loopback

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_publishers_send_each_event_once(
    transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "BATCH", 5)
    audit.record_many([audit.Act(actor=Actor.command(), action="login")] * 60)
    with loopback.tcp() as server:
        settings.AUDIT_SYSLOG = server.target
        for _turn in range(2):  # who finds another one at it leaves the rest to the next turn
            together(*[forwarding.forward] * 4)
        forwarding.forward()
    assert sorted(server.numbers()) == list(range(1, 61))
