"""What the database refuses by itself, whoever asks it and with whatever statement."""

import pytest
from django.db import DatabaseError, connection, transaction

from mailadmin.accounts.models import User
from tables import changes
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import AuditEvent, ChangeRequest, Review
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import approve, save

pytestmark = pytest.mark.django_db


def of_two(alice: User, dora: User) -> ChangeRequest:
    """A request of alice in which dora wrote one line."""
    request = changes.draft(cluster=get_cluster(), actor=Actor.of(alice), reason="wanted")
    for person, key in ((alice, "a.example"), (dora, "b.example")):
        changes.propose(
            request=request, actor=Actor.of(person), table=TABLES["relay-domains"], key=key, after=Entry(key)
        )
    return changes.submit(request=request, actor=Actor.of(alice))


@pytest.mark.parametrize("reviewer", ["alice", "dora"])
def test_no_author_of_any_line_reviews_even_when_the_review_names_no_author(
    alice: User, dora: User, bob: User, reviewer: str
) -> None:
    request = of_two(alice, dora)
    person = User.objects.get(username=reviewer)
    with pytest.raises(DatabaseError, match="author cannot review"), transaction.atomic():
        Review.objects.create(
            request=request, author=None, reviewer=person, decision="approve", checksum=request.checksum
        )


def test_who_submitted_does_not_review(alice: User, dora: User, bob: User) -> None:
    request = save(alice, "relay-domains", "a.example", reason="wanted")
    ChangeRequest.objects.filter(pk=request.pk).update(submitter=dora)
    with pytest.raises(DatabaseError, match="author cannot review"), transaction.atomic():
        Review.objects.create(request=request, reviewer=dora, decision="approve", checksum=request.checksum)


@pytest.mark.parametrize("model", [AuditEvent, Review])
def test_no_row_is_put_in_the_place_of_another(alice: User, bob: User, model: type[AuditEvent] | type[Review]) -> None:
    approve(bob, save(alice, "relay-domains", "a.example", reason="wanted"))
    connection.check_constraints()  # PostgreSQL truncates nothing while a check is put off to the end
    table = model._meta.db_table
    statement = f"TRUNCATE {table}"
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608  our own names
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
