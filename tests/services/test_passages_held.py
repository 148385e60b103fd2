"""Text between entries comes and goes by applied changes alone: the database holds it, and the proof names the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, changes, importing, passages, verifying
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import AuditEvent, FilePassage, Host, PassageChange
from tables.releases import cut
from tables.takeover import taking
from tests.services.drifting import written_down

pytestmark = pytest.mark.django_db

BEFORE = "# head\n\nsales: alice\n\n# --- old ---\n\npress: bob\n"
AFTER = "# head\n\nsales: alice\n\n# --- new ---\n\npress: bob\n\n# the end\n"
SUBJECT = "aliases, text between entries"


@pytest.fixture
def history(tmp_path: Path, alice: User) -> None:
    """One text changed, one added, one as it was."""
    (tmp_path / "aliases").write_text(BEFORE)
    cluster = get_cluster()
    importing.baseline(cluster=cluster, actor=Actor.command(), files={"aliases": tmp_path / "aliases"})
    release = cut(cluster=cluster, actor=Actor.command())
    host = Host.objects.create(cluster=cluster, name="mx1.example.org", mail_dir="/etc/mail", release=release)
    request = taking.take_over(drift=written_down(host, release, "aliases", AFTER), actor=Actor.of(alice))
    assert request is not None
    assert request.state == "applied"
    assert FilePassage.objects.filter(until__isnull=False).count() == 1
    assert list(verifying.verify()) == []


@contextmanager
def unguarded() -> Iterator[None]:
    """As whoever owns the database may; taken back."""
    with transaction.atomic():
        append_only.remove(connection)
        yield
        transaction.set_rollback(True)


def subjects() -> set[str]:
    return {finding.subject for finding in verifying.verify()}


PASSAGES = {
    "text of what stands": "UPDATE tables_filepassage SET text = 'x' WHERE since > 0 AND until IS NULL",
    "text of what stood": "UPDATE tables_filepassage SET text = 'x' WHERE until IS NOT NULL",
    "place": "UPDATE tables_filepassage SET position = position + 1 WHERE since > 0",
    "brought back": "UPDATE tables_filepassage SET until = NULL, position = position + 1 WHERE until IS NOT NULL",
    "taken away": "UPDATE tables_filepassage SET until = 2 WHERE since = 0 AND until IS NULL",
    "earlier": "UPDATE tables_filepassage SET since = 0 WHERE since > 0",
    "missing": "DELETE FROM tables_filepassage WHERE since > 0",
    "what stood missing": "DELETE FROM tables_filepassage WHERE until IS NOT NULL",
    "slipped in": 'INSERT INTO tables_filepassage (cluster_id, "table", position, text, since) '
    "SELECT cluster_id, \"table\", 99, 'evil: x', 2 FROM tables_filepassage WHERE until IS NOT NULL",
}
CHANGES = {
    "after": "UPDATE tables_passagechange SET after = 'x'",
    "before": "UPDATE tables_passagechange SET before = 'x' WHERE before <> ''",
    "place": "UPDATE tables_passagechange SET position = position + 1",
    "unnumbered": "UPDATE tables_passagechange SET number = NULL",
    "missing": "DELETE FROM tables_passagechange",
}


@pytest.mark.parametrize("what", PASSAGES)
def test_what_was_done_to_a_text_is_named(history: None, what: str) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(PASSAGES[what])
        assert cursor.rowcount
        assert SUBJECT in subjects()


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_done_to_a_change_is_named(history: None, what: str) -> None:
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(CHANGES[what])
        assert cursor.rowcount
        assert subjects() & {"change 2", "change 3", "change log"}


def test_an_event_gone_is_named(history: None) -> None:
    with unguarded():
        AuditEvent.objects.filter(action="passage-changed")._raw_delete("default")
        assert {"change 2", "change 3"} <= subjects()


@pytest.mark.parametrize("statement", [*PASSAGES.values(), *CHANGES.values()])
def test_the_database_refuses_it(history: None, statement: str) -> None:
    with pytest.raises(DatabaseError, match="cannot be"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_text_may_be_nothing_but_comments(history: None, alice: User) -> None:
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), kind="take over")
    step = passages.Step("aliases", 7, "", "# fine\nevil: |prog\n")
    with pytest.raises(ChangeError, match="would be read as entries"):
        passages.propose(request=request, steps=[step])
    assert not PassageChange.objects.filter(request=request).exists()
    other = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    with pytest.raises(ChangeError, match="takes no text"):
        passages.propose(request=other, steps=[])
