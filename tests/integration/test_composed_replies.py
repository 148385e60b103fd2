"""A refusal put together from its parts: the real sendmail answers with exactly that status, code and text."""

from __future__ import annotations

import pytest

from mailadmin.accounts.models import User
from tables.models import Publication
from tables.sendmail.tables import TABLES
from tests.integration.conftest import Publish
from tests.integration.daemon import MailHost
from tests.services.editing import approve, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail, pytest.mark.one_database]

TEXTS = {
    "plain": "We do not know you",
    "marks": "No (really),  <no>; see http://x.example/?a=b, or don't",
    "words": "user@x.example has moved: ask a.b-c_d",
}


def refusals() -> list[tuple[str, str, dict[str, str], str]]:
    """(table, recipient, answers, status in the reply) for every table that refuses, with each text."""
    found = []
    for name, text in TEXTS.items():
        by_status = {"status": "5.7.1", "code": "550", "text": text}
        by_word = by_status | {"status": "nouser"}
        to = f"{name}@here.example"
        found.append(("access", to, {"tag": "to", "item": to, "action": "ERROR", **by_status}, "5.7.1"))
        key = {"domain": "here.example", "detail": "", "action": "error"}
        found.append(("virtusertable", f"s-{to}", {"user": f"s-{name}", **key, **by_status}, "5.7.1"))
        found.append(("virtusertable", f"w-{to}", {"user": f"w-{name}", **key, **by_word}, "5.0.0"))
        route = {"scope": "one", "way": "error"}
        found.append(
            ("mailertable", f"u@s-{name}.example", {"domain": f"s-{name}.example", **route, **by_status}, "5.7.1")
        )
        found.append(
            ("mailertable", f"u@w-{name}.example", {"domain": f"w-{name}.example", **route, **by_word}, "5.0.0")
        )
    return found


def test_a_refusal_in_parts_is_answered_as_written(
    mail_host: MailHost, publish: Publish, alice: User, bob: User
) -> None:
    approve(bob, save(alice, "local-host-names", "here.example", reason="ours"))
    for table, _to, answers, _status in refusals():
        key, value = TABLES[table].parts.composed(answers)
        request = save(alice, table, key, value, reason="A refusal in parts")
        if request.is_open:
            approve(bob, request)
    for name in TEXTS:
        for way in "sw":
            approve(bob, save(alice, "relay-domains", f"{way}-{name}.example", reason="To be asked about"))
    publication = publish()
    assert publication.state == Publication.State.SUCCEEDED, publication.error

    for _table, to, said, status in refusals():
        code, answer = mail_host.answer(to)
        assert (code, answer.split(" ")[0]) == (550, status), answer
        # Where the address itself is refused, it stands before the text.
        assert answer.removeprefix(f"{status} ").removeprefix(f"<{to}>... ") == said["text"]
