"""The plan, the button that carries it out, and what became of it."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import publishing, releases
from tables.actors import Actor
from tables.models import AuditEvent, Cluster, Host, Publication, Release
from tables.templatetags.panel import STEP_ICONS, STEPS
from tables.views import publish as publish_view
from tests.services.editing import approve, save
from tests.web.reading import words
from tests.web.visits import visitor


@pytest.fixture
def host(db: None, settings: Any) -> Host:
    """This machine's, with an empty mail directory."""
    Path(settings.MAIL_DIR).mkdir(parents=True, exist_ok=True)
    registered = publishing.register_host()
    publishing.heartbeat(host=registered)
    return registered


def page(person: User, name: str = "publish", *args: Any, **query: str) -> str:
    return words(visitor(person).get(reverse(name, args=args), query))


def press(person: User, **form: str) -> Any:
    return visitor(person).post(reverse("publish"), form)


def end(host: Host, state: str, **values: Any) -> Publication:
    publication = Publication.objects.filter(host=host).latest("id")
    Publication.objects.filter(pk=publication.pk).update(state=state, finished_at=timezone.now(), **values)
    publication.refresh_from_db()
    return publication


def step(name: str, state: str, message: str = "", output: str = "") -> dict[str, object]:
    return {"step": name, "state": state, "seconds": 1.25, "message": message, "output": output}


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_plan_shows_each_line_that_would_be_written(alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    shown = page(alice)
    assert "1 file to write" in shown
    assert "1 map to build" in shown
    assert "+ added: sales: alice" in shown


def test_a_file_that_somebody_changed_by_hand_is_shown_with_what_they_did(alice: User, host: Host) -> None:
    (Path(host.mail_dir) / "aliases").write_text("intruder: |/bin/sh\n")
    save(alice, "aliases", "sales", "alice")
    shown = page(alice)
    assert "− removed: intruder: |/bin/sh" in shown
    assert "Publish even if this is found unsafe" in shown


def test_beside_the_button_it_says_that_only_an_override_goes_on(alice: User, host: Host) -> None:
    assert "stops before anything is written" not in page(alice)
    (Path(host.mail_dir) / "aliases").write_text("intruder: |/bin/sh\n")
    save(alice, "aliases", "sales", "alice")
    assert "As it stands this stops before anything is written." in page(alice)


def test_no_file_needs_a_signal_where_no_daemon_is_managed(alice: User, bob: User, host: Host) -> None:
    approve(bob, save(alice, "local-host-names", "mail.example.com", reason="A name of this host"))
    shown = page(alice)
    assert "no signal" in shown
    assert "needs a signal" not in shown


def test_with_nothing_to_publish_it_says_so(alice: User, host: Host) -> None:
    assert "nothing to do" in page(alice)
    assert "There is nothing to publish." in page(alice)


def test_a_plan_that_cannot_be_made_says_why(alice: User, host: Host) -> None:
    (Path(host.mail_dir) / "aliases").mkdir()
    save(alice, "aliases", "sales", "alice")
    assert "aliases: Is a directory. Mend that and publish again." in page(alice)


def test_large_tables_are_planned_when_the_page_is_there(alice: User, host: Host, monkeypatch: Any) -> None:
    monkeypatch.setattr(publish_view, "AT_ONCE", 0)
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    first = browser.get(reverse("publish"))
    assert "sales: alice" not in words(first)
    assert 'hx-trigger="load"' in first.content.decode()
    assert "+ added: sales: alice" in words(browser.get(reverse("publish"), headers={"HX-Request": "true"}))
    assert "+ added: sales: alice" in page(alice, plan="now")


def test_without_a_host_the_page_says_how_one_comes_about(alice: User, cluster: Cluster) -> None:
    assert "Start the publisher on the mail host; it registers itself." in page(alice)


# --- the button -------------------------------------------------------------------------------------------------------


def test_pressing_it_cuts_a_release_and_leads_to_its_progress(alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    response = press(alice, reason="New address")
    publication = Publication.objects.get()
    assert response["Location"] == reverse("publication", args=[publication.pk])
    assert (publication.state, publication.requested_by_name, publication.override_by_name) == ("queued", "alice", "")
    assert publication.release.reason == "New address"


def test_an_override_is_given_by_name(alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    press(alice, override="yes")
    assert Publication.objects.get().override_by_name == "alice"
    assert AuditEvent.objects.filter(action="unsafe-override", actor=alice).exists()


def test_a_viewer_sees_the_plan_and_has_no_button(charlie: User, alice: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    response = visitor(charlie).get(reverse("publish"))
    assert "+ added: sales: alice" in words(response)
    assert "You may look, but not publish." in words(response)
    assert 'name="reason"' not in response.content.decode()


def test_a_viewer_who_posts_all_the_same_is_refused(charlie: User, host: Host) -> None:
    assert press(charlie).status_code == 403
    assert not Release.objects.exists()


def test_without_a_host_the_release_waits_and_the_person_is_told(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")
    response = visitor(alice).post(reverse("publish"), follow=True)
    assert "no mail host is registered" in words(response)


def test_with_several_hosts_it_leads_to_the_release(alice: User, host: Host) -> None:
    Host.objects.create(cluster=host.cluster, name="mx2.example.org", mail_dir="/etc/mail")
    save(alice, "aliases", "sales", "alice")
    assert press(alice)["Location"] == reverse("release", args=[1])
    shown = page(alice, "release", 1)
    assert "mx2.example.org queued" in shown


# --- progress ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def publication(alice: User, host: Host) -> Publication:
    save(alice, "aliases", "sales", "alice")
    press(alice)
    return Publication.objects.get()


def test_a_running_one_asks_for_itself_each_second_and_lists_the_steps_to_come(
    alice: User, host: Host, publication: Publication
) -> None:
    end(host, "running", steps=[step("lock", "succeeded"), step("read", "running")])
    response = visitor(alice).get(reverse("publication", args=[publication.pk]))
    assert 'hx-trigger="every 1s"' in response.content.decode()
    shown = words(response)
    for name in STEPS:
        assert name in shown


@pytest.mark.parametrize("state", Publication.ENDED)
def test_one_that_has_ended_does_not(alice: User, host: Host, publication: Publication, state: str) -> None:
    end(host, state)
    response = visitor(alice).get(reverse("publication", args=[publication.pk]))
    assert "every 1s" not in response.content.decode()


def test_htmx_gets_the_progress_alone_and_the_counts_at_the_end(
    alice: User, host: Host, publication: Publication
) -> None:
    def fragment() -> str:
        response = visitor(alice).get(reverse("publication", args=[publication.pk]), headers={"HX-Request": "true"})
        return response.content.decode().strip()

    assert fragment().startswith('<div class="split" id="progress"')
    assert "hx-swap-oob" not in fragment()
    end(host, "succeeded")
    assert 'id="navigation" popover aria-label="Main" hx-swap-oob="true"' in fragment()


def test_each_step_shows_its_words_seconds_and_output(alice: User, host: Host, publication: Publication) -> None:
    output = "makemap: <duplicate> key"
    end(host, "failed", steps=[step("build", "failed", "makemap failed.", output)], error="makemap failed.")
    shown = page(alice, "publication", publication.pk)
    assert "build failed" in shown
    assert "1.2 s" in shown
    assert output in shown


def test_a_failed_one_can_be_published_again_by_whoever_may(
    alice: User, charlie: User, host: Host, publication: Publication
) -> None:
    end(host, "failed", error="The disk is full. Make room and publish again.")
    assert "The disk is full. Make room and publish again." in page(alice, "publication", publication.pk)
    assert "See the plan first" in page(alice, "publication", publication.pk)
    assert "See the plan first" not in page(charlie, "publication", publication.pk)


@pytest.mark.parametrize(("name", "offered"), [("plan", True), ("build", False)])
def test_the_override_is_offered_where_the_plan_was_refused(
    alice: User, host: Host, publication: Publication, name: str, offered: bool
) -> None:
    end(host, "failed", steps=[step(name, "failed", "No.")], error="No.")
    assert ("overwrite files" in page(alice, "publication", publication.pk)) is offered


def test_only_the_newest_one_offers_to_publish_again(alice: User, host: Host, publication: Publication) -> None:
    end(host, "failed", error="No.")
    press(alice)
    assert "See the plan first" not in page(alice, "publication", publication.pk)


def test_one_that_was_rolled_back_says_what_is_live(alice: User, host: Host, publication: Publication) -> None:
    end(host, "rolled back", error="sendmail did not answer.")
    assert "What was live before was put back" in page(alice, "publication", publication.pk)


# --- releases ---------------------------------------------------------------------------------------------------------


def test_a_release_shows_the_changes_since_the_one_before(alice: User, bob: User, host: Host) -> None:
    save(alice, "aliases", "sales", "alice")
    releases.cut(cluster=host.cluster, actor=Actor.of(alice))
    save(alice, "aliases", "sales", "alice, bob")
    approve(bob, save(alice, "relay-domains", "example.net", reason="A customer"))
    releases.cut(cluster=host.cluster, actor=Actor.of(alice), reason="The second")
    shown = page(alice, "release", 2)
    assert "“The second”" in shown
    assert "update aliases sales" in shown
    assert "− removed: sales: alice + added: sales: alice, bob" in shown
    assert "create relay-domains example.net" in shown
    assert "Release 2" in page(alice, "releases")


def test_the_list_of_releases_costs_no_more_queries_as_it_grows(
    alice: User, host: Host, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        save(alice, "aliases", f"sales{number}", "alice")
        releases.cut(cluster=host.cluster, actor=Actor.of(alice))
    browser = visitor(alice)
    browser.get(reverse("releases"))
    with django_assert_max_num_queries(16):
        assert "Release 6" in words(browser.get(reverse("releases")))


def test_the_panel_has_words_for_every_step_of_the_publisher() -> None:
    assert tuple(STEPS) == publishing.STEPS
    assert {"succeeded", "failed", "running", "skipped", "interrupted", "rolled back"} <= set(STEP_ICONS)


def test_what_nobody_stands_for_any_more_is_not_published_and_says_so(alice: User, bob: User) -> None:
    request = approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    bob.groups.clear()
    page = words(visitor(alice).post(reverse("publish"), {"reason": ""}, follow=True))
    assert f"Who approved change request {request.pk} is no longer an approver" in page
