"""Owner, ticket, start and end in the form, in lists and on the first page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import changes, dates, due
from tables.models import ChangeRequest
from tests.services.editing import save
from tests.web.visits import standing, text, visitor

TOMORROW = due.stamp(timezone.now() + timedelta(days=1))


def typed(key: str, value: str = "anna", **more: str) -> dict[str, str]:
    return {"key": key, "value": value, "enabled": "on", **more}


def test_an_entry_is_added_with_all_of_it(alice: User) -> None:
    client = visitor(alice)
    starts = dates.shown(TOMORROW)

    client.post("/tables/aliases/add/", typed("fair", owner="anna", ticket="HELP-1", starts=starts))

    fair = standing("aliases", "fair")
    assert (fair.owner, fair.ticket, fair.enabled) == ("anna", "HELP-1", False)
    assert fair.starts[:16] == starts
    page = text(client.get("/tables/aliases/?state=dated"))
    assert "begins <time" in page
    assert "owner anna" in page
    assert "ticket HELP-1" in page
    assert "Begins or ends soon" in text(client.get("/"))


def test_saving_something_else_leaves_a_date_as_it_is_to_the_second(alice: User) -> None:
    client = visitor(alice)
    client.post("/tables/aliases/add/", typed("fair", ends="2031-01-31T12:00:33Z"))
    page = client.get("/tables/aliases/edit/?key=fair")
    form = page.context["form"]
    assert form["ends"].value() == "2031-01-31T12:00"

    client.post(
        "/tables/aliases/edit/?key=fair",
        typed("fair", "bert", seen=form["seen"].value(), ends=form["ends"].value(), owner="carl", starts="", ticket=""),
    )

    fair = standing("aliases", "fair")
    assert (fair.value, fair.ends, fair.owner) == ("bert", "2031-01-31T12:00:33Z", "carl")


def test_a_form_without_the_fields_leaves_them_alone(alice: User) -> None:
    client = visitor(alice)
    client.post("/tables/aliases/add/", typed("fair", owner="anna"))
    seen = changes.entry_checksum(standing("aliases", "fair"))

    client.post("/tables/aliases/edit/?key=fair", typed("fair", "bert", seen=seen))

    assert (standing("aliases", "fair").value, standing("aliases", "fair").owner) == ("bert", "anna")


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("starts", "soon", "is no time. <span"),
        ("ends", "2001-01-01T00:00", "The end is in the past."),
        ("ends", "2031-01-01 12:00 Europe/Atlantis", "There is no time zone Europe/Atlantis."),
        ("owner", "x" * 201, "The owner has 201 characters."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    alice: User, field: str, wrong: str, said: str
) -> None:
    answer = visitor(alice).post("/tables/aliases/add/", typed("fair", **{field: wrong}))

    assert answer.status_code == 422
    assert said in text(answer)
    assert answer.context["form"][field].value() == wrong
    assert answer.context["form"]["value"].value() == "anna"


def test_only_what_has_a_date_is_listed_there(alice: User) -> None:
    save(alice, "aliases", "plain", "anna")
    client = visitor(alice)
    client.post("/tables/aliases/add/", typed("fair", ends="2031-01-31T12:00Z"))

    listed = client.get("/tables/aliases/?state=dated")

    assert [row.entry.key for row in listed.context["rows"]] == ["fair"]
    assert "ends <time" in text(listed)


def test_a_reviewer_is_shown_what_stands_in_no_file(alice: User, bob: User) -> None:
    visitor(alice).post(
        "/tables/relay-domains/add/",
        {"key": "partner.example", "enabled": "on", "reason": "a fair", "ends": "2031-01-31T12:00", "owner": "anna"},
    )
    waits = ChangeRequest.objects.get()

    page = text(visitor(bob).get(f"/requests/{waits.pk}/"))

    assert "Owner: <ins>anna</ins>" in page
    assert "Ends: <ins>2031-01-31 12:00 UTC</ins>" in page
