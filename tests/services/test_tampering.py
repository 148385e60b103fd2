"""Whatever the owner of the database alters, takes away or slips in with the triggers removed, verify names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, models, transaction
from django.db.models import F, Max, Model, Value

from mailadmin.accounts import people as service
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import EDIT, REVIEW
from tables import append_only, importing, releases, reviewers, reviews
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import (
    ENTRY_MODELS,
    AuditEvent,
    AuditHead,
    Change,
    ChangeRequest,
    Cluster,
    Contributor,
    FilePassage,
    OriginalFile,
    Release,
    Review,
)
from tables.noticing.people import holders
from tables.verifying import verify
from tests.people import make_person
from tests.services.editing import delete, save

pytestmark = pytest.mark.django_db

FILES = {
    "aliases": "# head\n\npostmaster: root\n\n# section\n\nsales: alice\nsales2: alice # why\n",
    "access": 'Connect:192.0.2\tREJECT\nAuthInfo:smart.example\t"U:relay" "P:s3cr3t"\n',
    "virtusertable": "a@example.com\talice\nb@example.com\tbob\n",
    "genericstable": "alice\talice@example.com\n",
    "mailertable": "x.example\tsmtp:[mx.example]\n",
    "relay-domains": "customer.example\n",
    "local-host-names": "example.com\n",
}


@pytest.fixture
def history(people: dict[str, User], tmp_path: Path) -> dict[str, User]:
    """Of everything one or two, and the triggers gone."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    files = {name: tmp_path / name for name in FILES}
    importing.baseline(cluster=get_cluster(), actor=Actor.command(), files=files)
    alice, bob, dora = people["alice"], people["bob"], people["dora"]
    save(alice, "aliases", "sales", "bob")
    save(alice, "aliases", "sales", "carl", comment="left", reason="alice left")
    delete(alice, "virtusertable", "b@example.com")
    save(alice, "genericstable", "carl", "carl@example.com")
    releases.cut(cluster=get_cluster(), actor=Actor.of(bob))
    waiting = save(alice, "relay-domains", "new.example", reason="wanted")
    reviews.note_viewing(request=waiting, person=bob)
    reviews.approve(request=waiting, reviewer=bob, checksum=waiting.checksum, comment="known")
    other = save(alice, "relay-domains", "other.example", reason="wanted as well")
    reviews.note_viewing(request=other, person=bob)
    reviews.reject(request=other, reviewer=bob, checksum=other.checksum, comment="unknown")
    releases.cut(cluster=get_cluster(), actor=Actor.of(bob), reason="now")
    save(alice, "aliases", "later", "alice")
    service.add(actor=Actor.of(dora), username="erin", full_name="", email="", roles=[service.Role.VIEWER])
    connection.check_constraints()
    append_only.remove(connection)
    return people


def subjects() -> list[str]:
    return [finding.subject for finding in verify()]


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def another(field: models.Field[Any, Any], people: dict[str, User]) -> Any:
    """Another value than any that stands in the column."""
    if field.related_model is User:
        return people["charlie"].pk
    if isinstance(field, models.BooleanField):
        return ~F(field.name)
    if isinstance(field, models.JSONField):
        return {"x": 1}
    if isinstance(field, models.DateTimeField):
        return "2099-01-01T00:00:00Z"
    if isinstance(field, models.ForeignKey | models.IntegerField):
        return 10_000
    return Value("x")


#: What is told of nowhere: the number by which a database finds its own row.
SURROGATE = "id"


def not_named(model: type[Model], row: Model, people: dict[str, User], *names: str) -> list[str]:
    """The columns of the row of which verify, when they are altered one after the other, says nothing that names it."""
    silent = []
    for field in model._meta.concrete_fields:
        if field.name == SURROGATE and model is not ChangeRequest:
            continue
        with undone():
            altered = {field.attname: another(field, people)}
            assert model._default_manager.filter(pk=row.pk).update(**altered) == 1
            if not set(names) & set(subjects()):
                silent.append(field.name)
    return silent


def test_a_clean_history_gives_nothing(history: dict[str, User]) -> None:
    assert list(verify()) == []


@pytest.mark.one_database
def test_every_column_of_an_event(history: dict[str, User]) -> None:
    for action in ("baseline", "entry-updated", "request-approved", "release-cut", "person-added"):
        event = AuditEvent.objects.filter(action=action).order_by("number").last()
        assert event is not None
        names = (f"audit event {event.number}", "audit event 10000")
        assert not_named(AuditEvent, event, history, *names) == [], action


@pytest.mark.one_database
@pytest.mark.parametrize("number", [2, 4, 6])  # an update, a delete, and what was approved
def test_every_column_of_a_change(history: dict[str, User], number: int) -> None:
    change = Change.objects.get(number=number)
    assert not_named(Change, change, history, f"change {number}") == []


@pytest.mark.one_database
def test_every_column_of_a_release(history: dict[str, User]) -> None:
    for release in Release.objects.all():
        assert not_named(Release, release, history, f"release {release.number}") == []


@pytest.mark.one_database
def test_every_column_of_a_review(history: dict[str, User]) -> None:
    for review in Review.objects.all():
        assert not_named(Review, review, history, f"request {review.request_id}") == []


@pytest.mark.one_database
@pytest.mark.parametrize("number", [3, 4, 6])
def test_every_column_of_an_applied_request(history: dict[str, User], number: int) -> None:
    request = Change.objects.get(number=number).request
    assert not_named(ChangeRequest, request, history, f"request {request.pk}") == []


@pytest.mark.one_database
def test_every_column_of_the_baseline_request(history: dict[str, User]) -> None:
    request = ChangeRequest.objects.get(kind="baseline")
    assert not_named(ChangeRequest, request, history, f"request {request.pk}") == []


@pytest.mark.one_database
@pytest.mark.parametrize("table", ENTRY_MODELS)
def test_every_column_of_an_entry(history: dict[str, User], table: str) -> None:
    model = ENTRY_MODELS[table]
    for row in model._default_manager.filter(key__in=["sales", model._default_manager.order_by("key")[0].key]):
        assert not_named(model, row, history, f"{table} {row.key}") == [], row.key


@pytest.mark.parametrize("table", ENTRY_MODELS)
def test_an_entry_taken_away_or_slipped_in(history: dict[str, User], table: str) -> None:
    model = ENTRY_MODELS[table]
    for row in model._default_manager.all():
        with undone():
            row.delete()
            assert f"{table} {row.key}" in subjects()
    with undone():
        row.pk, row.key, row._state.adding = None, "backdoor.example", True
        row.save()
        assert f"{table} backdoor.example" in subjects()


MODELS: dict[str, tuple[type[Model], Callable[[Any], set[str]]]] = {
    "event": (AuditEvent, lambda row: {f"audit event {row.number}", f"audit event {row.number + 1}", "audit chain"}),
    "change": (Change, lambda row: {f"change {row.number}", f"request {row.request_id}"}),
    "release": (Release, lambda row: {f"release {row.number}", "releases"}),
    "review": (Review, lambda row: {f"request {row.request_id}"}),
}


@pytest.mark.one_database
@pytest.mark.parametrize("what", ["event", "change", "release", "review"])
def test_each_row_taken_away(history: dict[str, User], what: str) -> None:
    model, names = MODELS[what]
    for row in model._default_manager.all():
        with undone():
            model._default_manager.filter(pk=row.pk)._raw_delete("default")
            assert names(row) & set(subjects()), row


@pytest.mark.one_database
@pytest.mark.parametrize("what", ["event", "change", "release", "review"])
def test_a_row_slipped_in(history: dict[str, User], what: str) -> None:
    model, names = MODELS[what]
    row = model._default_manager.order_by("pk").last()
    assert row is not None
    row.pk, row._state.adding = None, True
    if isinstance(row, Review):
        row.turn += 1
    elif isinstance(row, Change):
        row.key = "backdoor.example"
        row.number = (Change.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    elif isinstance(row, AuditEvent | Release):
        row.number += 1
    row.save()
    assert names(row) & set(subjects())


@pytest.mark.one_database
@pytest.mark.parametrize("what", ["event", "change"])
def test_two_that_changed_places(history: dict[str, User], what: str) -> None:
    model, names = MODELS[what]
    one, other = model._default_manager.filter(number__in=[3, 4]).order_by("pk")
    for row, number in ((one, 10_000), (other, one.number), (one, other.number)):
        model._default_manager.filter(pk=row.pk).update(number=number)
    assert names(one) & set(subjects())
    assert names(other) & set(subjects())


def test_the_end_cut_off_and_another_head(history: dict[str, User]) -> None:
    head = AuditHead.objects.get()
    before_last = AuditEvent.objects.get(number=head.number - 1)
    with undone():
        AuditEvent.objects.filter(number=head.number)._raw_delete("default")
        assert "audit chain" in subjects()
        AuditHead.objects.update(number=before_last.number, hash=before_last.hash)
        # The chain alone cannot tell any more; what the event was about still does.
        assert subjects() == ["person erin"]
    for altered in ({"number": 1}, {"hash": "x"}):
        with undone():
            AuditHead.objects.update(**altered)
            assert subjects() == ["audit chain"]


@pytest.mark.one_database
def test_text_between_entries(history: dict[str, User]) -> None:
    subject = "aliases, text between entries"
    for passage in FilePassage.objects.filter(table="aliases"):
        for altered in ({"text": "x"}, {"position": 999}):
            with undone():
                FilePassage.objects.filter(pk=passage.pk).update(**altered)
                assert subject in subjects()
        with undone():
            passage.delete()
            assert subject in subjects()
    with undone():
        FilePassage.objects.create(cluster=get_cluster(), table="relay-domains", position=999, text="evil.example\n")
        assert "relay-domains, text between entries" in subjects()


@pytest.mark.one_database
def test_a_finding_says_what_is_and_what_should_be_without_passwords(history: dict[str, User]) -> None:
    access = ENTRY_MODELS["access"]._default_manager
    key = "connect:192.0.2" if access.filter(key="connect:192.0.2").exists() else "Connect:192.0.2"
    access.filter(key__iexact=key).update(value="RELAY")
    access.filter(key__istartswith="authinfo").update(value='"U:relay" "P:0ther"')
    said = " ".join(finding.message for finding in verify())
    assert "Its value is “RELAY”, and should be “REJECT”." in said
    assert "0ther" not in said
    assert "s3cr3t" not in said


@pytest.mark.one_database
def test_only_the_first_are_named_and_the_rest_counted(tmp_path: Path, people: dict[str, User]) -> None:
    (tmp_path / "aliases").write_text("".join(f"user{n}: alice\n" for n in range(30)))
    importing.baseline(cluster=get_cluster(), actor=Actor.command(), files={"aliases": tmp_path / "aliases"})
    ENTRY_MODELS["aliases"]._default_manager.update(value="mallory")
    found = list(verify())
    assert len(found) == 21
    assert found[-1].message.startswith("And 10 more")


def test_an_entry_that_nothing_brought_in(people: dict[str, User]) -> None:
    save(people["alice"], "aliases", "sales", "alice")
    row = ENTRY_MODELS["aliases"]._default_manager.get()
    row.pk, row.key, row._state.adding = None, "backdoor", True
    row.save()
    assert [(finding.subject, "No change and no baseline" in finding.message) for finding in verify()] == [
        ("aliases backdoor", True)
    ]


def test_the_kept_file_gone_with_what_it_could_tell(history: dict[str, User]) -> None:
    ENTRY_MODELS["mailertable"]._default_manager.update(value="smtp:[evil.example]")
    file = OriginalFile.objects.get(table="mailertable")
    file.parts.all()._raw_delete("default")
    OriginalFile.objects.filter(pk=file.pk)._raw_delete("default")
    assert {"mailertable", f"original file {file.pk}"} <= set(subjects())


# --- who approved, and who may ----------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_an_author_who_is_made_a_stranger_does_not_count_as_approver(history: dict[str, User]) -> None:
    request = Change.objects.get(number=6).request
    Contributor.objects.filter(request=request, person=history["alice"])._raw_delete("default")
    AuditEvent.objects.filter(action="request-approved").update(actor=history["alice"])
    messages = [finding.message for finding in verify() if finding.subject == f"request {request.pk}"]
    assert "It was applied without the approval that its risks need." in messages


@pytest.mark.one_database
def test_an_approval_that_was_taken_back_does_not_count(history: dict[str, User]) -> None:
    request = Change.objects.get(number=6).request
    AuditEvent.objects.filter(action="request-approved").update(action="review-withdrawn")
    messages = [finding.message for finding in verify() if finding.subject == f"request {request.pk}"]
    assert "It was applied without the approval that its risks need." in messages


def test_a_permission_slipped_in_beside_the_roles_counts_for_nothing(history: dict[str, User]) -> None:
    alice, request = history["alice"], save(history["dora"], "relay-domains", "third.example", reason="wanted")
    alice.user_permissions.add(Permission.objects.get(codename="review_changes"))
    again = User.objects.get(pk=alice.pk)
    assert not again.has_perm(REVIEW)
    assert again not in reviewers.eligible_reviewers(request)
    assert again not in holders(REVIEW)
    assert again.has_perm(EDIT)


def test_people_changed_behind_the_panel(history: dict[str, User]) -> None:
    alice = history["alice"]
    review = Permission.objects.get(codename="review_changes")
    deeds: list[tuple[str, Callable[[], object]]] = [
        ("a superuser", lambda: User.objects.filter(pk=alice.pk).update(is_superuser=True)),
        ("may not log in; by the", lambda: User.objects.filter(pk=alice.pk).update(is_active=False)),
        ("are limited", lambda: User.objects.filter(pk=alice.pk).update(limited=True)),
        ("roles are administrator, postmaster", lambda: alice.groups.add(Group.objects.get(name="administrator"))),
        ("roles are none", alice.groups.clear),
        ("permissions beside", lambda: alice.user_permissions.add(review)),
        ("does not tell of them", lambda: User.objects.filter(pk=alice.pk).update(username="mallory")),
        ("nobody of that name", lambda: User.objects.filter(pk=alice.pk).update(username="mallory")),
        ("does not tell of them", lambda: User.objects.create_user("mallory")),
        ("does not let do", lambda: Group.objects.get(name="viewer").permissions.add(review)),
        ("no such role", lambda: Group.objects.create(name="root").permissions.add(review)),
    ]
    for said, deed in deeds:
        with undone():
            deed()
            assert any(said in finding.message for finding in verify()), said


def test_what_the_panel_gives_is_no_finding(history: dict[str, User], people: dict[str, User]) -> None:
    dora, second = Actor.of(people["dora"]), make_person("fred", service.Role.ADMINISTRATOR)
    person, _password = service.add(
        actor=dora, username="gus", full_name="", email="", roles=[service.Role.VIEWER, service.Role.APPROVER]
    )
    service.grants.give(actor=Actor.of(second), pk=service.grants.waiting().get().pk)
    service.change(actor=dora, person=person, full_name="Gus", email="", roles=[service.Role.APPROVER], limited=True)
    service.change(actor=dora, person=person, full_name="Gus", email="", roles=[service.Role.APPROVER], limited=False)
    service.grants.give(actor=Actor.of(second), pk=service.grants.waiting().get().pk)
    service.switch(actor=dora, person=person, active=False)
    assert list(verify()) == []


def test_a_second_cluster_is_verified_as_well(history: dict[str, User]) -> None:
    other = Cluster.objects.create(name="other")
    row = ENTRY_MODELS["aliases"]._default_manager.first()
    assert row is not None
    row.pk, row.cluster, row._state.adding = None, other, True
    row.save()
    assert len(subjects()) == 1
