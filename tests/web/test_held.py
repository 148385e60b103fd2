"""A host that was rolled back by hand is shown as held, with a button for whoever may let it go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Host, Publication
from tests.people import make_limited
from tests.services.editing import save
from tests.web.visits import text, visitor


@pytest.fixture
def held(db: None, settings: Any, alice: User) -> Host:
    Path(settings.MAIL_DIR).mkdir(parents=True, exist_ok=True)
    host = publishing.register_host()
    save(alice, "aliases", "sales", "alice")
    releases.cut(cluster=get_cluster(), actor=Actor.of(alice))
    now = datetime.now(UTC)
    Host.objects.update(held_since=now, held_by_name="cli:root", held_reason="sales bounces", held_from=1, seen_at=now)
    host.refresh_from_db()
    return host


def test_the_first_page_and_the_plan_say_who_holds_it_and_why(alice: User, held: Host) -> None:
    browser = visitor(alice)
    home = text(browser.get(reverse("home")))
    assert "cli:root rolled it back to what was there before the first publication: sales bounces." in home
    page = text(browser.get(reverse("publish")))
    assert f"<h2>{held} is held</h2>" in page
    assert "<dd>sales bounces</dd>" in page
    queued = Publication.objects.get()
    assert "rolled back by hand and is held" in text(browser.get(reverse("publication", args=[queued.pk])))


def test_pressing_the_button_releases_it(alice: User, held: Host) -> None:
    where = reverse("hold-release", args=[held.pk])
    assert where in text(visitor(alice).get(reverse("publish")))
    assert "publishes again" in text(visitor(alice).post(where, follow=True))
    assert "is not held any more" in text(visitor(alice).post(where, follow=True))
    assert visitor(alice).get(where).status_code == 405


def test_a_limited_person_is_told_without_the_reason_and_has_no_button(held: Host) -> None:
    gina = make_limited("gina", "publisher")
    for name in ("home", "publish"):
        page = text(visitor(gina).get(reverse(name)))
        assert "held" in page
        assert "sales bounces" not in page
    where = reverse("hold-release", args=[held.pk])
    assert where not in page
    assert visitor(gina).post(where).status_code == 403
