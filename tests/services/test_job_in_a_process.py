"""A job as the panel starts it: by a process that has its own connection to the database."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from mailadmin.accounts.models import User
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.jobs import running
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.parallel.fixed_cast import cast

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["cast"]


def test_a_process_of_its_own_does_it(
    cast: dict[str, User], settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, settings.STATE_DIR = cast["alice"], tmp_path
    draft = changes.draft(cluster=get_cluster(), actor=Actor.of(alice))
    changes.propose(
        request=draft, actor=Actor.of(alice), table=TABLES["aliases"], key="info", after=Entry("info", "anna")
    )
    where = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{where['NAME']}"
    else:
        url = f"postgresql://{where['USER']}@/{where['NAME']}?host={where['HOST']}"
    monkeypatch.setenv("MAILADMIN_DATABASE_URL", url)
    monkeypatch.setenv("MAILADMIN_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(running, "launch", running.in_a_process)
    given = {"request": draft.pk, "reason": "many", "ticket": ""}

    job = running.start(person=alice, work="submit", title="Submitting", arguments=given, back="/")

    job.refresh_from_db()
    assert job.pid
    running._begun[-1].wait()
    job.refresh_from_db()
    assert (job.state, job.said) == ("done", f"Request {draft.pk} is applied. Publish to make it live.")
