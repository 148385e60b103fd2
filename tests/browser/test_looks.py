"""Every page, light and dark, wide and narrow: nothing sticks out, is faint or nameless, or breaks the CSP."""

import os
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.accounts.models import Team, User
from tables import audit, breaking, changes, releases, threads
from tables.actors import Actor
from tables.entries import get_cluster, get_entry
from tables.models import ChangeRequest, Cluster, Drift, Host, Job, Publication, Release
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.browser.checks import faults
from tests.browser.conftest import OpenPage
from tests.people import delegate
from tests.services.editing import approve, delete, save, switch

LONG = ".".join(["a-label-that-is-rather-long-" * 2 + "end"] * 3) + ".example.org"

PAGES = [
    "/",
    "/tables/aliases/",
    "/tables/access/?q=nothing-like-this",
    "/tables/virtusertable/",
    "/tables/relay-domains/add/",
    "/tables/virtusertable/import/",
    "/tables/aliases/edit/?key=sales",
    "/tables/aliases/delete/?key=sales",
    "/tables/aliases/switch/?key=sales",
    "/tables/aliases/history/?key=sales",
    "/tables/access/at/?when=1",
    "/tables/aliases/at/?when=change+3&q=root",
    "/tables/aliases/blame/",
    "/compare/?old=change+1",
    "/changes/",
    "/changes/?key=nobody",
    "/changes/{change}/undo/",
    "/changes/back/3/",
    "/search/?q=example",
    "/tables/aliases/many/",
    "/sweep/",
    "/sweep/?q=alice",
    "/panic/",
    "/requests/",
    "/requests/?view=all",
    "/requests/{request}/",
    "/requests/{request}/edit/",
    "/requests/{draft}/",
    "/jobs/{job}/",
    "/requests/{request}/break-glass/",
    "/requests/{applied}/",
    "/requests/{applied}/undo/",
    "/requests/{emergency}/",
    "/policy/",
    "/policy/edit/",
    "/publish/",
    "/publish/releases/",
    "/publish/releases/1/",
    "/publish/releases/1/back/",
    "/publish/{succeeded}/",
    "/publish/{failed}/",
    "/hosts/",
    "/hosts/{host}/",
    "/drifts/{drift}/",
    "/drifts/{removed}/",
    "/drifts/{drift}/take-over/",
    "/drifts/{removed}/take-over/",
    "/notices/",
    "/notices/?view=unread",
    "/notices/settings/",
    "/history/",
    "/history/?person=nobody",
    "/people/",
    "/people/add/",
    "/people/{person}/",
    "/people/{person}/delegate/",
    "/people/teams/",
    "/people/teams/{team}/",
    "/people/teams/{team}/delegate/",
    "/account/password/",
    "/account/second-factor/",
    "/account/confirm/",
    "/logout/",
]

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 360, "height": 740}}


@pytest.fixture
def furnished(live_server: Any, alice: User, bob: User, dora: User) -> dict[str, int]:
    """A panel in which something has happened; the numbers that the addresses need."""
    for key in ("postmaster", "mailer-daemon", "sales", "press"):
        save(alice, "aliases", key, "root")
    save(alice, "aliases", "sales", f"alice, bob@{LONG}", comment="The people who sell", reason="They asked for it")
    switch(alice, "aliases", "press", False)
    delete(alice, "aliases", "press")
    save(alice, "access", "From:spammer@example.net", 'ERROR:5.7.1:"550 ' + "No thank you " * 20 + '"')
    applied = approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    open_request = save(alice, "relay-domains", LONG, reason="Another customer with a long name. " * 5)
    threads.ask(request=open_request, person=bob, text="Which contract is that? " * 10)
    emergency = save(alice, "relay-domains", "urgent.example", reason="Their provider is down")
    change = applied.changes.get()
    numbers = {
        "change": change.pk,
        "request": open_request.pk,
        "applied": applied.pk,
        "emergency": emergency.pk,
        "person": bob.pk,
    }
    numbers |= publications()
    breaking.break_glass(request=emergency, person=dora, reason="Nobody else is awake", proved_at=timezone.now())
    team = Team.objects.create(name="The people of the branch office")
    delegate(team, "aliases virtusertable", "example.net", LONG)
    delegate(bob, "aliases", "example.net")
    job = Job.objects.create(person=dora, work="submit", title="Submitting request 7", state="running", pid=os.getpid())
    return {"team": team.pk, "draft": drafted(dora).pk, "job": job.pk, **numbers}


def drafted(person: User) -> ChangeRequest:
    """A draft of a new entry that begins and ends, of a change and of a deletion."""
    draft = changes.draft(cluster=get_cluster(), actor=Actor.of(person))
    spec = TABLES["aliases"]
    sales = get_entry(cluster=get_cluster(), table=spec, key="sales")
    assert sales is not None
    fair = Entry("fair", f"anna@{LONG}", enabled=False, starts="2031-01-01T08:00:00Z", ends="2031-01-31T08:00:00Z")
    for key, after in (("fair", fair), ("sales", replace(sales, value='"|/bin/x"', raw="")), ("postmaster", None)):
        changes.propose(request=draft, actor=Actor.of(person), table=spec, key=key, after=after)
    return draft


def publications() -> dict[str, int]:
    cluster, now = get_cluster(), timezone.now()
    host = Host.objects.create(cluster=cluster, name="mx1.example.org", mail_dir="/etc/mail", seen_at=now)
    release = releases.cut(cluster=cluster, actor=Actor.command(), reason="The first")
    steps = [
        {"step": name, "state": "succeeded", "seconds": 0.012, "message": "As it should be.", "output": "x" * 300}
        for name in ("lock", "read", "plan", "build")
    ]
    failed_step = {"step": "verify", "state": "failed", "seconds": 61.5, "message": "It differs.", "output": ""}
    files = [{"table": "aliases", "sha256": "0" * 64, "entries": 3, "changed": True}]
    common = {"release": release, "host": host, "requested_by_name": "alice", "started_at": now, "finished_at": now}
    succeeded = Publication.objects.create(state="succeeded", steps=steps, files=files, **common)
    failed = Publication.objects.create(state="failed", steps=[*steps, failed_step], error="It differs.", **common)
    audit.record(actor=Actor.publisher(host.name), action="publication-failed", detail={"host": host.name})
    report = {
        "mailadmin": "1",
        "sendmail": "8.17.1.9",
        "map_types": ["btree", "hash"],
        "cf": "/etc/mail/sendmail.cf",
        "cf_read": True,
        "features": ["skip"],
        "listens": ["127.0.0.1:25"],
        "pid_file": "/run/sendmail.pid",
        "lines": [f"Kaccess hash -T<TMPF> /etc/mail/{LONG}"],
        "tables": [
            {"table": "aliases", "text": f"/etc/{LONG}", "map": f"/etc/{LONG}.db", "type": "hash", "unused": ""},
            {"table": "mailertable", "text": "", "map": "", "type": "", "unused": f"{LONG} does not use it."},
        ],
    }
    Host.objects.filter(pk=host.pk).update(report=report, reported_at=now)
    Host.objects.create(cluster=Cluster.objects.create(name="branch"), name=f"mx2.{LONG}", mail_dir="/etc/mail")
    return {"succeeded": succeeded.pk, "failed": failed.pk, "host": host.pk, **drifts(host, release)}


def drifts(host: Host, release: Release) -> dict[str, int]:
    now = timezone.now()
    diff = "--- aliases\n+++ aliases\n@@ -1 +1,2 @@\n postmaster: root\n+sales: " + "somebody, " * 40 + "alice\n"
    common: dict[str, Any] = {"host": host, "release": release, "found_at": now, "last_seen_at": now}
    changed = Drift.objects.create(
        table="aliases",
        kind="changed",
        path="/etc/aliases",
        owner="root",
        group="root",
        mode=0o644,
        modified_at=now,
        size=1234,
        sha256="1" * 64,
        recorded_sha256="2" * 64,
        diff=diff,
        diff_cut=1234,
        **common,
    )
    removed = Drift.objects.create(table="access", kind="removed", path="/etc/mail/access", diff=diff, **common)
    return {"drift": changed.pk, "removed": removed.pk}


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_every_page_looks_right(
    open_page: OpenPage, furnished: dict[str, int], dora: User, scheme: str, size: str
) -> None:
    page = open_page(dora, color_scheme=scheme, viewport=SIZES[size])
    wrong = {}
    for address in PAGES:
        path = address.format(**furnished)
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, path
        if found := faults(page):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_the_log_in_looks_right(open_page: OpenPage, scheme: str, size: str) -> None:
    page = open_page(color_scheme=scheme, viewport=SIZES[size])
    page.goto("/login/")
    assert faults(page) == []
