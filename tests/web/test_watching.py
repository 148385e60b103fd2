"""What machines ask: whether the panel lives and can serve, and how every host stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from mailadmin.accounts.models import User
from tables import publishing, readiness, releases, surveys
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Drift, Host, Publication
from tests.services.editing import save

pytestmark = pytest.mark.django_db

TOKEN = "a-token-for-prometheus"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    readiness._refuse_unmigrated.cache_clear()
    yield
    readiness._refuse_unmigrated.cache_clear()


def get(address: str, **headers: str) -> Any:
    return Client().get(address, headers=headers)


def test_a_living_panel_says_so_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", away)
    answer = get("/healthz")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok\n", "text/plain; charset=utf-8")


def away(*_any: Any, **_named: Any) -> Any:
    raise OperationalError("the server is gone; password=hunter2")


def test_a_panel_that_can_serve_is_ready() -> None:
    assert (get("/readyz").status_code, get("/readyz").content) == (200, b"ok\n")


def test_without_its_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer. See whether it runs.\n")


def test_without_its_tables_it_is_not_ready() -> None:
    applied = MigrationRecorder(connection).migration_qs.filter(app="tables")
    applied.filter(pk=applied.latest("id").pk).delete()
    answer = get("/readyz")
    assert answer.status_code == 503
    assert b"Run manage.py migrate." in answer.content


def test_where_nobody_set_a_token_there_are_no_metrics() -> None:
    assert get("/metrics").status_code == 404


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN])
def test_metrics_are_for_whoever_has_the_token(settings: Any, authorization: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = get("/metrics", Authorization=authorization)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.content.decode()


def scraped(settings: Any) -> dict[tuple[str, ...], float]:
    settings.METRICS_TOKEN = TOKEN
    answer = get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_metrics_say_how_each_host_stands(settings: Any, alice: User, bob: User) -> None:
    cluster, now = get_cluster(), timezone.now()
    host = Host.objects.create(cluster=cluster, name="mx1", mail_dir="/etc/mail", seen_at=now - timedelta(hours=1))
    Host.objects.create(cluster=cluster, name="mx2", mail_dir="/etc/mail", held_since=now)
    save(alice, "aliases", "sales", "alice")
    save(alice, "aliases", "info", "alice")
    host.release = releases.cut(cluster=cluster, actor=Actor.command())
    host.save()
    Publication.objects.filter(host=host).update(
        state="succeeded",
        started_at=now,
        finished_at=now + timedelta(seconds=2),
        steps=[{"step": "build", "seconds": 1.5}, {"step": "signal", "seconds": None}],
    )
    save(alice, "aliases", "more", "alice")
    releases.cut(cluster=cluster, actor=Actor.command())
    save(alice, "access", "Connect:192.0.2.1", "RELAY", reason="theirs")
    seen = {"release": host.release, "found_at": now, "last_seen_at": now}
    Drift.objects.create(host=host, table="access", kind="changed", path="/x", **seen)
    surveys.run(cluster=cluster, by="test")

    found = scraped(settings)

    assert found["mailadmin_host_release", "default", "mx1"] == 1
    assert found["mailadmin_release_lag", "default", "mx1"] == 1
    assert found["mailadmin_change_lag", "default", "mx1"] == 1
    assert (found["mailadmin_host_release", "default", "mx2"], found["mailadmin_release_lag", "default", "mx2"]) == (
        0,
        2,
    )
    assert (found["mailadmin_host_silent", "default", "mx1"], found["mailadmin_host_held", "default", "mx2"]) == (1, 1)
    assert found["mailadmin_host_seen_seconds", "default", "mx1"] >= 3600
    assert ("mailadmin_host_seen_seconds", "default", "mx2") not in found
    assert found["mailadmin_drift", "default", "mx1"] == 1
    assert found["mailadmin_publications_total", "default", "mx1", "succeeded"] == 1
    assert found["mailadmin_publications_waiting", "default", "mx1"] == 1
    assert found["mailadmin_publish_seconds", "default", "mx1"] == 2
    assert found["mailadmin_publish_step_seconds", "default", "mx1", "build"] == 1.5
    assert found["mailadmin_requests_waiting", "default", "submitted"] == 1
    assert found["mailadmin_problems", "default", "error"] >= 0


def test_without_a_database_there_are_none(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(connection, "cursor", away)
    answer = get("/metrics", Authorization=f"Bearer {TOKEN}")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_a_new_installation_has_metrics_too(settings: Any) -> None:
    assert publishing.STEPS
    assert any(name[0] == "mailadmin_build_info" for name in scraped(settings))
