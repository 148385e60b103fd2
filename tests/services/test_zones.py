"""The zone beside each entry, change, event and finding: written with it, and filled in where there was none."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mailadmin.accounts.models import User
from tables import append_only, bulk, surveys
from tables.entries import get_cluster
from tables.models import ENTRY_MODELS, AuditEvent, Change, StoredFinding, VirtualUser
from tables.scopes import Part, Scope
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import save

ZONE = "example.a.shop."
INSIDE = Scope(limited=True, parts=(Part(1, frozenset(TABLES), ("a.example",)),))


@pytest.mark.django_db
def test_everything_about_an_entry_bears_its_zone(alice: User) -> None:
    save(alice, "virtusertable", "info@shop.a.example", "x@b.example, y@b.example")
    surveys.run(cluster=get_cluster(), by="test")
    for model in (VirtualUser, Change, StoredFinding):
        assert set(model._default_manager.values_list("key", "zone")) == {("info@shop.a.example", ZONE)}
    assert list(AuditEvent.objects.filter(table="virtusertable").values_list("zone", flat=True)) == [ZONE]


@pytest.mark.django_db
def test_an_import_of_many_bears_it_too() -> None:
    table = TABLES["virtusertable"]
    bulk.load(cluster=get_cluster(), table=table, entries=[Entry("info@shop.a.example", "x"), Entry("@b.example", "x")])
    assert list(VirtualUser.objects.order_by("key").values_list("zone", flat=True)) == ["example.b.", ZONE]


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(TABLES))
def test_the_database_finds_what_lies_inside_and_nothing_else(name: str) -> None:
    table = TABLES[name]
    domains = (
        "a.example",
        "shop.a.example",
        "evila.example",
        "a.example.org",
        "b.example",
        "aa.example",
        "a-b.example",
    )
    form = {"access": "from:{}", "virtusertable": "x@{}", "genericstable": "x@{}", "aliases": "x@{}"}.get(name, "{}")
    keys = [form.format(domain) for domain in domains] + ["local", "."]
    bulk.load(cluster=get_cluster(), table=table, entries=[Entry(key, position=n) for n, key in enumerate(keys)])
    found = ENTRY_MODELS[name]._default_manager.filter(INSIDE.rows(name)).values_list("key", flat=True)
    expected = [key for key in keys if INSIDE.sees(table, key)]
    assert sorted(found) == sorted(expected)
    assert len(expected) == (2 if table.can_be_delegated else 0)


@pytest.mark.django_db(transaction=True)
def test_the_migration_fills_in_the_zones_of_what_is_there(transactional_db: Any) -> None:
    before, after = [("tables", "0006_gate")], [("tables", "0008_zones")]
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("tables")
    executor = MigrationExecutor(connection)
    append_only.remove(connection)  # the way back makes tables anew; only the way there has to do without help
    executor.migrate(before)
    append_only.install(connection)
    try:
        old = executor.loader.project_state(before).apps
        cluster = old.get_model("tables", "Cluster").objects.create(name="old")
        about = {"cluster": cluster, "key": "from:info@shop.a.example"}
        old.get_model("tables", "AccessRule").objects.create(**about, value="OK", position=1)
        old.get_model("tables", "Alias").objects.create(cluster=cluster, key="info@a.example", value="x", position=1)
        request = old.get_model("tables", "ChangeRequest").objects.create(cluster=cluster, author_name="x")
        old.get_model("tables", "Change").objects.create(
            **about, request=request, table="access", action="create", author_name="x"
        )
        event = {"number": 1, "at": "2026-01-01T00:00Z", "actor_name": "x", "action": "entry-created"}
        old.get_model("tables", "AuditEvent").objects.create(**event, table="access", key=about["key"])
        executor = MigrationExecutor(connection)
        executor.migrate(after)
        new = executor.loader.project_state(after).apps
        for model, zone in (("AccessRule", ZONE), ("Alias", ""), ("Change", ZONE), ("AuditEvent", ZONE)):
            assert list(new.get_model("tables", model).objects.values_list("zone", flat=True)) == [zone], model
        with pytest.raises(Exception, match="append-only"):
            new.get_model("tables", "AuditEvent").objects.update(zone="")
    finally:
        append_only.remove(connection)
        MigrationExecutor(connection).migrate(latest)
