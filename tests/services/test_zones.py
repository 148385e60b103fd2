"""The zone beside each entry, change, event and finding: written with it, and filled in where there was none."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import append_only, bulk, entries, surveys
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
    found = entries.seen_rows(scope=INSIDE, cluster=get_cluster(), table=table).values_list("key", flat=True)
    expected = [key for key in keys if INSIDE.sees(table, key)]
    assert sorted(found) == sorted(expected)
    assert len(expected) == (2 if table.can_be_delegated else 0)


@pytest.mark.django_db
def test_the_migration_fills_in_the_zones_of_what_is_there(alice: User) -> None:
    save(alice, "access", "from:shop.a.example", "REJECT")
    save(alice, "aliases", "sales", "alice")
    surveys.run(cluster=get_cluster(), by="test")
    models = (*ENTRY_MODELS.values(), Change, AuditEvent, StoredFinding)
    before = {model: list(model._default_manager.order_by("pk").values_list("pk", "zone")) for model in models}
    assert sum(bool(zone) for rows in before.values() for _pk, zone in rows) == 3
    editor = SimpleNamespace(connection=connection, quote_name=connection.ops.quote_name)
    migration = import_module("tables.migrations.0008_zones")
    append_only.let_go(apps, editor)
    for model in models:
        model._default_manager.update(zone="")
    migration.fill(apps, editor)
    append_only.hold(apps, editor)
    assert before == {model: list(model._default_manager.order_by("pk").values_list("pk", "zone")) for model in models}
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.update(zone="")
