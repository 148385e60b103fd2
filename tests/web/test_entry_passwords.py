"""The password of a rule in its own field: never shown, kept when it is left alone, replaced by a new one."""

import pytest

from mailadmin.accounts.models import User
from tables.models import ChangeRequest
from tables.sendmail.secret import MASK
from tests.services.editing import approve, save
from tests.web.parts import edit, posted_of, value_in
from tests.web.visits import address, insist, standing, text, visitor

KEY = "authinfo:mx.example"


@pytest.fixture
def stored(alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", KEY, '"U:relay" "P=czNjcjN0" "M:PLAIN"', reason="smart host"))


def test_the_field_of_a_password_never_holds_the_real_one(alice: User, stored: None) -> None:
    page = visitor(alice).get(address("entry-edit", "access", KEY)).content.decode()
    assert value_in(page, "part-password") == MASK
    assert 'type="password" name="part-password"' in page
    assert "czNjcjN0" not in page
    assert "s3cr3t" not in page


def test_a_password_left_alone_is_kept_as_it_is_written(alice: User, bob: User, stored: None) -> None:
    edit(visitor(alice), "access", KEY, user="other")
    edit_with_reason = {**posted_of("access", KEY, user="other"), "reason": "another user"}
    insist(visitor(alice), address("entry-edit", "access", KEY), edit_with_reason)
    approve(bob, ChangeRequest.objects.latest("pk"))
    assert standing("access", KEY).value == '"U:other" "P=czNjcjN0" "M:PLAIN"'


def test_a_new_password_takes_the_place_of_the_old(alice: User, bob: User, stored: None) -> None:
    form = {**posted_of("access", KEY, password='n"ew'), "reason": "changed"}
    insist(visitor(alice), address("entry-edit", "access", KEY), form)
    approve(bob, ChangeRequest.objects.latest("pk"))
    assert standing("access", KEY).value == '"U:relay" "P=biJldw==" "M:PLAIN"'


def test_a_word_added_to_the_dots_is_refused(alice: User, stored: None) -> None:
    form = {**posted_of("access", KEY, password=f"{MASK}new"), "reason": "changed"}
    response = insist(visitor(alice), address("entry-edit", "access", KEY), form)
    assert response.status_code == 422
    assert "dots" in text(response)


def test_a_password_typed_anew_is_kept_while_the_form_is_open_but_not_beyond_its_field(alice: User) -> None:
    typed = {"part-tag": "authinfo", "part-item": "mx.example", "part-user": "u", "part-password": "n3w"}
    client = visitor(alice)
    page = client.post("/tables/access/add/", {**typed, "show": "parts"}).content.decode()
    assert value_in(page, "part-password") == "n3w"
    assert page.count("n3w") == 1
    other = client.post("/tables/access/add/", {**typed, "part-tag": "connect", "show": "parts"}).content.decode()
    assert "n3w" not in other


def test_a_password_typed_in_the_line_goes_into_its_part(alice: User) -> None:
    typed = {"key": KEY, "value": '"U:u" "P:n3w"', "show": "parts"}
    page = visitor(alice).post("/tables/access/add/", typed).content.decode()
    assert value_in(page, "part-password") == "n3w"
    assert "Exactly:" not in page
