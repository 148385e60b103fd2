"""Rules 37 and 38: an emergency is paid for afterwards, and taking back is a change like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import append_only, applying, breaking, publishing, reviews, threads, undoing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden, ReasonMissing, ReviewError
from tables.models import AuditEvent, BrokenGlass, ChangeRequest, Publication, Release
from tables.releases import cut, file_items
from tables.sendmail.render import render
from tables.sendmail.tables import TABLES
from tables.verifying import verify
from tests.people import make_person
from tests.rules.conftest import many
from tests.services.editing import approve, delete, save, switch, value_of
from tests.services.ruling import decree, freeze
from tests.web.visits import let_the_log_in_age, text, visitor

pytestmark = pytest.mark.django_db

WHY = "Our provider is down, mail must leave through another host"


def break_glass(person: User, request: ChangeRequest, reason: str = WHY, **more: Any) -> Release:
    return breaking.break_glass(request=request, person=person, reason=reason, proved_at=timezone.now(), **more)


def reject(person: User, request: ChangeRequest) -> ChangeRequest:
    reviews.note_viewing(request=request, person=person)
    return reviews.reject(request=request, reviewer=person, checksum=request.checksum, comment="no need")


def test_rule_37_an_administrator_alone_may_and_it_is_live_at_once(dora: User, bob: User, relay: ChangeRequest) -> None:
    host = publishing.register_host()
    release = break_glass(dora, relay)
    relay.refresh_from_db()
    assert relay.state == "applied"
    assert value_of("relay-domains", "customer.example") == ""
    assert release.change_number == get_cluster().last_change
    assert Publication.objects.filter(release=release, host=host, state="queued").exists()
    event = AuditEvent.objects.get(action="glass-broken")
    assert (event.actor, event.request_id, event.reason) == (dora, relay.pk, WHY)


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "root2"])
def test_rule_37_nobody_else_may(people: dict[str, User], relay: ChangeRequest, who: str) -> None:
    person = people.get(who) or User.objects.create_superuser(who, password="x")
    with pytest.raises(Forbidden, match="administrator"):
        break_glass(person, relay)
    relay.refresh_from_db()
    assert relay.state == "submitted"
    assert not BrokenGlass.objects.exists()


def test_rule_37_it_takes_a_reason(dora: User, relay: ChangeRequest) -> None:
    with pytest.raises(ChangeError, match="at least 15 letters"):
        break_glass(dora, relay, "  asap  ")


@pytest.mark.parametrize("minutes", [None, 6])
def test_rule_37_it_takes_a_fresh_second_factor(dora: User, relay: ChangeRequest, minutes: int | None) -> None:
    proved = None if minutes is None else timezone.now() - timedelta(minutes=minutes)
    with pytest.raises(Forbidden, match="second factor"):
        breaking.break_glass(request=relay, person=dora, reason=WHY, proved_at=proved)
    assert value_of("relay-domains", "customer.example") is None


def test_rule_37_its_power_ends_with_that_request(dora: User, alice: User, relay: ChangeRequest) -> None:
    break_glass(dora, relay)
    assert save(dora, "relay-domains", "next.example", reason="wanted").state == "submitted"


def test_rule_37_its_author_cannot_review_it_afterwards_nor_who_broke_it(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    break_glass(dora, relay)
    relay.refresh_from_db()
    with pytest.raises(ReviewError, match="author"):
        approve(dora, relay)
    with pytest.raises(ReviewError):
        approve(alice, relay)
    assert breaking.is_open(relay)
    approve(bob, relay)
    glass = BrokenGlass.objects.get()
    assert (glass.closed_by, glass.decision) == (bob, "approve")
    assert not breaking.is_open(relay)


def test_rule_37_it_is_red_when_overdue_and_bars_its_person_from_another(
    dora: User, alice: User, bob: User, relay: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_glass(dora, relay)
    page = visitor(alice).get(reverse("home")).content.decode()
    assert "Glass is broken" in page
    then = timezone.now() + timedelta(hours=25)
    monkeypatch.setattr("tables.models.glass.timezone.now", lambda: then)
    assert "Its review is overdue" in text(visitor(alice).get(reverse("home")))
    other = save(alice, "relay-domains", "other.example", reason="wanted")
    with pytest.raises(Forbidden, match="overdue"):
        breaking.break_glass(request=other, person=dora, reason=WHY, proved_at=then)


def test_rule_37_a_rejection_afterwards_leaves_it_to_be_undone(dora: User, bob: User, relay: ChangeRequest) -> None:
    break_glass(dora, relay)
    relay.refresh_from_db()
    assert reject(bob, relay).state == "applied"
    assert BrokenGlass.objects.get().decision == "reject"
    assert "bob rejected it afterwards" in text(visitor(bob).get(reverse("home")))
    assert undoing.undo(request=relay, actor=Actor.of(dora)).state == "applied"
    assert value_of("relay-domains", "customer.example") is None
    assert "Glass is broken" not in text(visitor(bob).get(reverse("home")))


def test_rule_37_it_passes_the_rule_of_three_people_and_a_freeze(alice: User, bob: User, dora: User) -> None:
    request = save(alice, "relay-domains", "customer.example", reason="wanted")
    other = save(alice, "aliases", "sales", "alice")
    decree(dora, bob, three_people=True, freezes=(freeze(),))
    assert save(alice, "relay-domains", "next.example", reason="wanted").state == "submitted"
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(dora, secret)
    page, browser = reverse("request-break-glass", args=[request.pk]), visitor(dora)
    browser.post(browser.get(page)["Location"], {"code": code_for(secret)})
    said = text(browser.get(page))
    assert "Changes are frozen until" in said
    assert "takes along whatever else is applied and not yet published" in said
    assert breaking.goes_with(request) == [other.pk]
    release = break_glass(dora, request)
    assert release.change_number == get_cluster().last_change
    assert value_of("relay-domains", "next.example") is None, "nothing else got through because of it"


def test_rule_37_what_went_by_glass_stays_publishable(alice: User, dora: User, relay: ChangeRequest) -> None:
    break_glass(dora, relay)
    save(alice, "aliases", "sales", "alice")
    assert cut(cluster=get_cluster(), actor=Actor.of(alice)).number == 2


def glass_of(request: ChangeRequest, person: User, **more: Any) -> BrokenGlass:
    now = timezone.now()
    row = {"request": request, "person": person, "checksum": request.checksum, "at": now, "due_at": now, "reason": WHY}
    return BrokenGlass(**{**row, **more})


def test_rule_37_glass_carries_one_version_of_one_request_for_one_person(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    frank = make_person("frank", Role.ADMINISTRATOR)
    other = save(alice, "relay-domains", "other.example", reason="wanted")
    stale = glass_of(relay, dora, checksum="0" * 64)
    stale.save()
    good = glass_of(other, dora)
    good.save()
    never_saved = glass_of(relay, dora)
    for glass, request, person in (
        (stale, relay, dora),
        (good, relay, dora),
        (good, other, frank),
        (good, other, bob),
        (never_saved, relay, dora),
    ):
        with pytest.raises(Forbidden, match="glass"):
            applying.apply(request=request, actor=Actor.of(person), glass=glass)
    with pytest.raises(Forbidden, match="Only a person"):
        applying.apply(request=other, actor=Actor("cli:root"), glass=good)
    # A row alone is no way in either: whoever applies has to name it.
    with pytest.raises(Forbidden, match="needs an approval"):
        applying.apply(request=other, actor=Actor.of(dora))
    with pytest.raises(Forbidden, match="glass"):
        cut(cluster=get_cluster(), actor=Actor.of(alice), glass=good)


def test_rule_37_one_proof_breaks_one_glass(alice: User, bob: User, dora: User, relay: ChangeRequest) -> None:
    other = save(alice, "relay-domains", "other.example", reason="wanted")
    proved = timezone.now()
    breaking.break_glass(request=relay, person=dora, reason=WHY, proved_at=proved)
    with pytest.raises(Forbidden, match="one of its own"):
        breaking.break_glass(request=other, person=dora, reason=WHY, proved_at=proved)
    break_glass(dora, other)


def test_rule_37_what_was_approved_before_is_reviewed_anew(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    """bob approved, an open thread held it back, glass was broken: his word of before does not end the emergency."""
    threads.ask(request=relay, person=bob, text="Who is that?")
    assert approve(bob, relay).state == "approved"
    to_review = reverse("requests") + "?view=review"
    assert reverse("request", args=[relay.pk]) not in visitor(bob).get(to_review).content.decode()
    break_glass(dora, relay)
    relay.refresh_from_db()
    assert breaking.is_open(relay)
    link = f'href="{reverse("request", args=[relay.pk])}"'
    assert visitor(bob).get(to_review).content.decode().count(link) == 2  # the mark above, and the list
    approve(bob, relay)
    assert not breaking.is_open(relay)
    assert link not in visitor(bob).get(to_review).content.decode()


def test_rule_37_it_takes_as_many_afterwards_as_it_would_have_before(
    alice: User, bob: User, dora: User, erin: User
) -> None:
    """Eleven risky lines of which not each is ticked need a second approver, also when they are live."""
    request = many(alice, 11)
    break_glass(dora, request)
    request.refresh_from_db()
    approve(bob, request)
    assert breaking.is_open(request)
    approve(erin, request)
    assert BrokenGlass.objects.get().closed_by == erin


def test_rule_37_the_history_shows_when_broken_glass_is_denied(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    frank = make_person("frank", Role.ADMINISTRATOR)
    break_glass(dora, relay)
    relay.refresh_from_db()
    approve(bob, relay)
    assert list(verify()) == []
    append_only.remove(connection)
    subject = f"glass of request {relay.pk}"
    for change in (
        {"reason": "An entirely different emergency"},
        {"person": frank},
        {"closed_by": alice},
        {"checksum": "0" * 64},
    ):
        with transaction.atomic():
            BrokenGlass.objects.update(**change)
            assert subject in {finding.subject for finding in verify()}
            transaction.set_rollback(True)
    BrokenGlass.objects.all()._raw_delete("default")
    assert subject in {finding.subject for finding in verify()}


def test_rule_37_the_history_shows_a_glass_that_nobody_broke(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    approve(bob, relay)
    relay.refresh_from_db()
    glass_of(relay, dora).save()
    assert f"glass of request {relay.pk}" in {finding.subject for finding in verify()}


def test_rule_37_the_database_keeps_broken_glass_as_it_is(
    alice: User, dora: User, bob: User, relay: ChangeRequest
) -> None:
    break_glass(dora, relay)
    found = BrokenGlass.objects.filter(request=relay)
    for act in (lambda: found.update(reason="never mind"), lambda: found._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    closing = {"closed_at": timezone.now(), "decision": "approve"}
    for person in (dora, alice):
        with pytest.raises(DatabaseError, match=r"author cannot review|glass_closed_by_another"), transaction.atomic():
            found.update(closed_by=person, **closing)
    with pytest.raises(IntegrityError, match="glass_closed_whole"), transaction.atomic():
        found.update(closed_by=bob, closed_at=timezone.now())
    other = save(alice, "relay-domains", "other.example", reason="wanted")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        glass_of(other, dora, closed_by=bob, **closing).save()
    relay.refresh_from_db()
    approve(bob, relay)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        found.update(closed_at=None)


def code_for(secret: str) -> str:
    return str(auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time())))))


def test_rule_37_the_page_asks_for_the_second_factor_first(dora: User, relay: ChangeRequest) -> None:
    page = reverse("request-break-glass", args=[relay.pk])
    browser = visitor(dora)
    assert "You have no second factor." in text(browser.get(page))
    assert browser.post(page, {"reason": WHY}).status_code == 403
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(dora, secret)
    asked = browser.get(page)
    assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    assert browser.post(page, {"reason": WHY}).status_code == 302
    assert not BrokenGlass.objects.exists()
    confirmed = browser.post(asked["Location"], {"code": code_for(secret)})
    assert confirmed["Location"] == page
    assert "What is the emergency?" in text(browser.get(page))
    assert browser.post(page, {"reason": "asap"}).status_code == 422
    done = browser.post(page, {"reason": WHY}, follow=True)
    assert "Glass is broken: request" in text(done)
    relay.refresh_from_db()
    assert relay.state == "applied"


def test_rule_37_the_page_is_no_way_in_for_others(bob: User, alice: User, relay: ChangeRequest) -> None:
    for browser in (visitor(alice), visitor(bob), Client()):
        assert browser.post(reverse("request-break-glass", args=[relay.pk]), {"reason": WHY}).status_code in {302, 403}
    assert not BrokenGlass.objects.exists()


# --- 38 ---------------------------------------------------------------------------------------------------------------


def file_of(table: str) -> bytes:
    cluster, spec = get_cluster(), TABLES[table]
    items = file_items(cluster=cluster, table=spec, change_number=cluster.last_change)
    return b"".join(render(spec, items))


def test_rule_38_undo_that_only_tightens_needs_one_person(alice: User, bob: User, relay: ChangeRequest) -> None:
    approve(bob, relay)
    done = undoing.undo(request=relay, actor=Actor.of(alice))
    assert (done.state, done.kind, done.undoes_id, done.author) == ("applied", "revert", relay.pk, alice)
    assert value_of("relay-domains", "customer.example") is None


def test_rule_38_undo_that_loosens_needs_two_and_has_its_own_author(alice: User, bob: User, dora: User) -> None:
    approve(bob, save(alice, "relay-domains", "customer.example", reason="wanted"))
    closed = delete(alice, "relay-domains", "customer.example")
    with pytest.raises(ReasonMissing):
        undoing.undo(request=closed, actor=Actor.of(dora))
    again = undoing.undo(request=closed, actor=Actor.of(dora), reason="They came back")
    assert (again.state, again.author) == ("submitted", dora)
    with pytest.raises(ReviewError, match="author"):
        approve(dora, again)
    assert approve(bob, again).state == "applied"
    assert value_of("relay-domains", "customer.example") == ""


@pytest.mark.parametrize("act", ["value", "comment", "switch", "delete", "rename"])
def test_rule_38_undo_gives_back_the_bytes_of_the_file(alice: User, bob: User, act: str) -> None:
    for key in ("a", "sales", "z"):
        save(alice, "aliases", key, "alice", comment=f"about {key}")
    before = file_of("aliases")
    request = {
        "value": lambda: save(alice, "aliases", "sales", "bob"),
        "comment": lambda: save(alice, "aliases", "sales", "alice", comment="other"),
        "switch": lambda: switch(alice, "aliases", "sales", False),
        "delete": lambda: delete(alice, "aliases", "sales"),
        "rename": lambda: save(alice, "aliases", "verkauf", "alice", original_key="sales"),
    }[act]()
    after = file_of("aliases")
    assert after != before
    undone = undoing.undo(request=request, actor=Actor.of(alice))
    assert file_of("aliases") == before
    undoing.undo(request=undone, actor=Actor.of(alice))
    assert file_of("aliases") == after


def test_rule_38_what_was_changed_since_is_not_taken_away_unseen(alice: User, dora: User) -> None:
    first = save(alice, "aliases", "sales", "alice")
    second = save(dora, "aliases", "sales", "dora")
    with pytest.raises(undoing.Overtaken, match=f"request {first.pk} of alice: by request {second.pk} of dora"):
        undoing.undo(request=first, actor=Actor.of(alice))
    assert value_of("aliases", "sales") == "dora"


def test_rule_38_a_request_is_undone_once(alice: User, dora: User) -> None:
    first = save(alice, "aliases", "sales", "alice")
    undone = undoing.undo(request=first, actor=Actor.of(dora))
    with pytest.raises(undoing.Overtaken, match=f"undone already, by request {undone.pk} of dora"):
        undoing.undo(request=first, actor=Actor.of(alice))


def test_rule_38_a_baseline_is_not_undone(alice: User) -> None:
    taken_over = ChangeRequest.objects.create(cluster=get_cluster(), kind="baseline", state="applied")
    with pytest.raises(ChangeError, match="taken over cannot be undone"):
        undoing.undo(request=taken_over, actor=Actor.of(alice))


def test_rule_38_only_who_may_edit_undoes(alice: User, bob: User, charlie: User) -> None:
    request = save(alice, "aliases", "sales", "alice")
    for person in (bob, charlie):
        with pytest.raises(Forbidden):
            undoing.undo(request=request, actor=Actor.of(person))


def test_rule_38_only_what_is_applied_is_undone(alice: User, relay: ChangeRequest) -> None:
    with pytest.raises(ChangeError, match="submitted"):
        undoing.undo(request=relay, actor=Actor.of(alice))


def test_back_to_a_release_is_a_request_like_any_other(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    approve(bob, save(alice, "relay-domains", "old.example", reason="wanted"))
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    aliases, relays = file_of("aliases"), file_of("relay-domains")
    save(alice, "aliases", "sales", "bob")
    save(alice, "aliases", "more", "bob")
    delete(alice, "relay-domains", "old.example")
    request = undoing.back_to(release=release, actor=Actor.of(alice), reason="It was better then")
    assert (request.state, request.kind, request.risks) == ("submitted", "rollback", ["relay"])
    assert approve(bob, request).state == "applied"
    assert (file_of("aliases"), file_of("relay-domains")) == (aliases, relays)
    with pytest.raises(ChangeError, match="nothing to take back"):
        undoing.back_to(release=release, actor=Actor.of(alice))


def test_back_to_a_release_that_only_tightens_is_applied_at_once(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    request = many(alice, 3)
    approve(bob, request)
    assert undoing.back_to(release=release, actor=Actor.of(alice)).state == "applied"
    assert value_of("relay-domains", "c000.example") is None


def test_the_pages_show_what_they_will_change_and_ask_why(alice: User, bob: User, relay: ChangeRequest) -> None:
    make_person("erin", Role.APPROVER)
    approve(bob, relay)
    browser = visitor(alice)
    page = reverse("request-undo", args=[relay.pk])
    assert "customer.example" in text(browser.get(page))
    browser.post(page, {"reason": "gone"})
    undone = ChangeRequest.objects.get(kind="revert")
    assert (undone.state, undone.reason) == ("applied", "gone")
    again = reverse("request-undo", args=[undone.pk])
    assert "a second person must look at it" in text(browser.get(again))
    assert browser.post(again, {"reason": ""}).status_code == 422
    browser.post(again, {"reason": "They came back"})
    assert ChangeRequest.objects.get(undoes=undone).state == "submitted"


def test_the_page_of_a_release_leads_back_to_it(alice: User, bob: User) -> None:
    save(alice, "aliases", "sales", "alice")
    release = cut(cluster=get_cluster(), actor=Actor.of(alice))
    save(alice, "aliases", "sales", "bob")
    browser = visitor(alice)
    page = reverse("release-back", args=[release.number])
    assert reverse("release-back", args=[1]) in browser.get(reverse("release", args=[1])).content.decode()
    assert "1 change" in text(browser.get(page))
    browser.post(page, {"reason": ""})
    assert value_of("aliases", "sales") == "alice"


def test_rule_37_every_approver_is_told_at_once_and_it_waits_for_their_review(
    alice: User, bob: User, dora: User, relay: ChangeRequest
) -> None:
    from tables.models import Letter, Notice

    break_glass(dora, relay)
    told = Notice.objects.get(person=bob, kind="glass")
    assert "BREAK GLASS" in told.subject
    assert WHY in told.text
    assert Letter.objects.filter(person=bob, notice=told).exists()
    browser = visitor(bob)
    listed = browser.get(reverse("requests") + "?view=review").content.decode()
    assert reverse("request", args=[relay.pk]) in listed
    browser.get(reverse("request", args=[relay.pk]))
    relay.refresh_from_db()
    browser.post(reverse("request-approve", args=[relay.pk]), {"checksum": relay.checksum})
    assert BrokenGlass.objects.get().closed_by == bob


def test_the_preview_shows_all_of_it_by_pages(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    request = many(alice, 120)
    make_person("erin", Role.APPROVER)
    approve(bob, request)
    approve(User.objects.get(username="erin"), request)
    browser = visitor(alice)
    page = reverse("request-undo", args=[request.pk])
    first, second = text(browser.get(page)), text(browser.get(page + "?at=101"))
    assert "120 changes" in first
    assert "c119.example" in first
    assert "c019.example" not in first
    assert "101–120 of 120 changes" in second
    assert "c019.example" in second
    monkeypatch.setattr("tables.views.undoing.JUDGED", 100)
    assert "So many are judged once they are proposed." in text(browser.get(page))
    for nonsense in ("0", "-1", "x", "9" * 40, "5000"):
        assert browser.get(page, {"at": nonsense}).status_code == 200


def test_rule_37_ending_an_emergency_asks_who_it_is(dora: User, bob: User, relay: ChangeRequest) -> None:
    break_glass(dora, relay)
    relay.refresh_from_db()
    browser = visitor(bob)
    browser.get(reverse("request", args=[relay.pk]))
    let_the_log_in_age(browser)
    typed = {"checksum": relay.checksum, "comment": "That was no emergency"}
    for act in ("request-approve", "request-reject"):
        asked = browser.post(reverse(act, args=[relay.pk]), typed)
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert BrokenGlass.objects.get().closed_at is None
    done = visitor(bob).post(reverse("request-reject", args=[relay.pk]), typed, follow=True)
    assert "it is live still" in text(done)
    assert BrokenGlass.objects.get().decision == "reject"
    undo = reverse("request-undo", args=[relay.pk])
    assert undo in visitor(dora).get(reverse("request", args=[relay.pk])).content.decode()


def test_rule_37_the_mark_is_gone_after_the_review(dora: User, alice: User, bob: User, relay: ChangeRequest) -> None:
    break_glass(dora, relay)
    relay.refresh_from_db()
    browser = visitor(bob)
    page = browser.get(reverse("request", args=[relay.pk]))
    assert "Glass is broken:" in text(page)
    done = browser.post(reverse("request-approve", args=[relay.pk]), {"checksum": relay.checksum}, follow=True)
    assert "It is marked no longer." in text(done)
    assert "Glass is broken:" not in text(visitor(alice).get(reverse("home")))
