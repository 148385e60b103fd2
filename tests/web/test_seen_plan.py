"""The form carries the plan that the page shows, and what was applied since has to be looked at first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import publishing
from tables.models import AuditEvent, Host, Publication
from tables.seen_plans import SeenPlan
from tables.sendmail import seen
from tables.views import publish as publish_view
from tests.people import make_limited
from tests.services.editing import save
from tests.web.visits import text, visitor


@pytest.fixture
def host(db: None, settings: Any) -> Host:
    Path(settings.MAIL_DIR).mkdir(parents=True, exist_ok=True)
    return publishing.register_host()


def hidden(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(plan|seen_change)" value="([^"]*)">', page):
        found.setdefault(name, []).append(value)
    return found


def form(browser: Client, **more: str) -> dict[str, list[str]]:
    return hidden(text(browser.get(reverse("publish"), more)))


def test_what_is_posted_is_what_was_shown(alice: User, host: Host) -> None:
    Host.objects.create(cluster=host.cluster, name="mx2.example.org", mail_dir="/etc/mail")
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    checksum = seen.checksum(publishing.make_plan(host=host))
    assert f"its checksum <code>{checksum[:16]}…</code>" in text(browser.get(reverse("publish")))
    browser.post(reverse("publish"), form(browser))
    asked = Publication.objects.order_by("id")
    assert [(one.plan_checksum, one.plan_counts) for one in asked] == [(checksum, {"aliases": [1, 0, 0]})] * 2


def test_more_that_was_applied_meanwhile_is_to_be_looked_at(alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    shown = form(browser)
    save(alice, "aliases", "info", "alice")
    answer = text(browser.post(reverse("publish"), shown, follow=True))
    assert "1 more change was applied since you looked at the plan. Look at it again, then publish." in answer
    assert not Publication.objects.exists()
    browser.post(reverse("publish"), form(browser))
    assert Publication.objects.get().plan_counts == {"aliases": [2, 0, 0]}


def test_a_forged_plan_is_refused_in_words(alice: User, host: Host) -> None:
    answer = visitor(alice).post(reverse("publish"), {"plan": "forged"}, follow=True)
    assert "not one that this panel made" in text(answer)
    assert not Publication.objects.exists()


def test_a_plan_that_comes_later_brings_its_checksum(alice: User, host: Host, monkeypatch: Any) -> None:
    monkeypatch.setattr(publish_view, "AT_ONCE", 0)
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    assert form(browser) == {}
    later = hidden(text(browser.get(reverse("publish"), headers={"HX-Request": "true"})))
    assert set(later) == {"plan", "seen_change"}
    assert set(form(browser, plan="now")) == {"plan", "seen_change"}


def test_an_override_on_the_page_of_a_refused_one_covers_what_it_shows(alice: User, host: Host) -> None:
    (Path(host.mail_dir) / "aliases").write_text("intruder: |/bin/sh\n")
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    browser.post(reverse("publish"), form(browser))
    plan = SeenPlan.of(publishing.make_plan(host=host))
    assert plan.findings
    refused = Publication.objects.get()
    step = {"step": "plan", "state": "failed", "seconds": 1, "message": "by hand", "output": ""}
    Publication.objects.update(state="failed", plan_found=plan.as_json(), steps=[step])
    shown = hidden(text(browser.get(reverse("publication", args=[refused.pk]))))
    browser.post(reverse("publish"), {**shown, "override": "yes"})
    asked = Publication.objects.latest("id")
    assert (asked.plan_checksum, asked.override_findings) == (plan.checksum, plan.findings)
    event = AuditEvent.objects.get(action="unsafe-override")
    assert event.detail["findings"] == [plan.findings[0][2]]


def test_a_limited_person_has_seen_no_plan(host: Host) -> None:
    assert form(visitor(make_limited("gina", "publisher"))) == {}
