"""What the history tells of hosts and of each publication, from its beginning on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import publishing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import AuditEvent, Host, Publication
from tables.releases import cut
from tests.services.editing import save

pytestmark = pytest.mark.django_db


def of_publications() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(action__startswith="publication-").order_by("number")
    return list(found.values_list("actor_name", "action"))


def test_a_host_is_told_of_when_it_registers_and_when_its_directory_changes(settings: Any, tmp_path: Path) -> None:
    host = publishing.register_host(name="mx1")
    publishing.register_host(name="mx1")
    was, settings.MAIL_DIR = str(settings.MAIL_DIR), tmp_path
    publishing.register_host(name="mx1")
    told = AuditEvent.objects.filter(key="mx1").order_by("number")
    assert list(told.values_list("actor_name", "action", "before", "after")) == [
        ("publisher:mx1", "host-registered", None, {"directory": was}),
        ("publisher:mx1", "host-changed", {"directory": was}, {"directory": str(tmp_path)}),
    ]
    assert host.cluster.name == "default"


@pytest.fixture
def queued(alice: User, host: Host) -> Publication:
    save(alice, "aliases", "sales", "alice")
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    return Publication.objects.get(release=release, host=host)


def test_a_publication_is_told_of_from_its_start_to_its_end(queued: Publication, alice: User) -> None:
    publishing.converge(host=queued.host)
    actor = f"publisher:{queued.host.name}"
    assert [name for name, _action in of_publications()] == [actor, actor]
    started, ended = AuditEvent.objects.filter(action__startswith="publication-").order_by("number")
    assert started.action == "publication-started"
    assert started.detail["publication"] == ended.detail["publication"] == queued.pk
    assert started.detail["requested_by"] == "alice"


def test_one_that_is_asked_to_end_before_it_touches_anything_is_told_of_and_starts_anew(queued: Publication) -> None:
    def ask(point: str) -> None:
        if point == "before build":
            raise publishing.Stopping

    with pytest.raises(publishing.Stopping):
        publishing.converge(host=queued.host, checkpoint=ask)
    assert [action for _name, action in of_publications()] == ["publication-started", "publication-interrupted"]
    publishing.converge(host=queued.host)
    assert [action for _name, action in of_publications()][2] == "publication-started"


def test_one_that_was_killed_is_told_of_when_the_next_publisher_finds_it(queued: Publication) -> None:
    def die(point: str) -> None:
        if point == "before build":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publishing.converge(host=queued.host, checkpoint=die)
    publishing.converge(host=queued.host)
    assert [action for _name, action in of_publications()][:3] == [
        "publication-started",
        "publication-interrupted",
        "publication-started",
    ]
