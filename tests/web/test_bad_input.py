"""Whatever is typed: one clear message, what was typed shown again, nothing half-written."""

import pytest
from django.utils.html import escape

from mailadmin.accounts.models import User
from tables.models import ENTRY_MODELS, ChangeRequest
from tables.sendmail.render import item_text
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import address, form_of, post_new, standing, stands, text, visitor

CONTROL = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "NUL": "\x00",
    "vertical tab": "\v",
    "form feed": "\f",
    "escape": "\x1b",
    "bell": "\x07",
    "DEL": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
}


@pytest.mark.parametrize("sign", CONTROL.values(), ids=list(CONTROL))
@pytest.mark.parametrize("field", ["key", "value"])
def test_a_control_character_is_refused_and_what_was_typed_is_kept(alice: User, field: str, sign: str) -> None:
    typed = {"key": "sales", "value": "alice"} | {field: f"be{sign}fore"}

    response = post_new(visitor(alice), "aliases", **typed)

    assert response.status_code == 422
    assert [problem.grade for problem in response.context["findings"].of(field)][:1] == ["error"]
    assert "Not saved." in text(response)
    assert "fore" in text(response)
    assert not ENTRY_MODELS["aliases"]._default_manager.exists()
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x07"])
def test_a_control_character_in_a_comment_is_refused(alice: User, sign: str) -> None:
    response = post_new(visitor(alice), "aliases", key="sales", value="alice", comment=f"be{sign}fore")

    assert response.status_code == 422
    assert response.context["findings"].comment
    assert stands("aliases", "sales") is None


@pytest.mark.parametrize("sign", ["\n", "\r\n"])
def test_a_comment_may_have_several_lines(alice: User, sign: str) -> None:
    post_new(visitor(alice), "aliases", key="sales", value="alice", comment=f"first{sign}second")

    assert standing("aliases", "sales").comment == "first\nsecond"


@pytest.mark.parametrize("sign", CONTROL.values(), ids=list(CONTROL))
def test_no_comment_writes_a_line_of_its_own(alice: User, sign: str) -> None:
    post_new(visitor(alice), "aliases", key="sales", value="alice", comment=f"x{sign}root: mallory")

    entry = stands("aliases", "sales")
    lines = item_text(TABLES["aliases"], entry).splitlines() if entry else []
    assert [line for line in lines if not line.startswith("#")] in ([], ["sales: alice"])


@pytest.mark.parametrize("sign", CONTROL.values(), ids=list(CONTROL))
def test_a_control_character_is_found_as_one_leaves_the_field(alice: User, sign: str) -> None:
    response = visitor(alice).post("/tables/access/check/", {"key": f"connect:192.0.2{sign}x", "value": "REJECT"})

    assert "problem--error" in text(response)


@pytest.mark.parametrize("again", ["sales", "SALES", " sales "])
def test_a_key_that_stands_already_is_refused_also_in_another_case(alice: User, again: str) -> None:
    save(alice, "aliases", "sales", "alice")

    response = post_new(visitor(alice), "aliases", key=again, value="mallory")

    assert response.status_code == 422
    assert "sales stands in aliases already." in text(response)
    assert standing("aliases", "sales").value == "alice"


BAD = [
    ("virtusertable", "info", "alice"),  # no domain
    ("virtusertable", "info@example.com", "x" * 5000),  # no line of a map is so long
    ("access", "connect:192.0.2.0/24", "REJECT"),
    ("access", "connect:2001:db8::1", "REJECT"),
    ("aliases", "sales@elsewhere.example", "alice"),
    ("aliases", "", "alice"),
    ("aliases", "sales", ""),
    ("relay-domains", "192.0.2.0/24", ""),
    ("relay-domains", "two words", ""),
    ("mailertable", "user@example.com", "esmtp:[mail.example.com]"),
]


@pytest.mark.parametrize(("table", "key", "value"), BAD)
def test_what_can_never_work_is_refused_with_what_to_do(
    alice: User, bob: User, table: str, key: str, value: str
) -> None:
    response = post_new(visitor(alice), table, key=key, value=value, reason="wanted")

    assert response.status_code == 422
    problems = response.context["findings"].problems
    assert problems
    for problem in problems:
        assert problem.message
        assert problem.remedy
        assert escape(problem.remedy) in " ".join(response.content.decode().split())
    assert "wanted" in text(response)
    assert not ChangeRequest.objects.exists()


def test_a_form_without_its_fields_is_refused(alice: User) -> None:
    response = visitor(alice).post("/tables/aliases/add/", {})

    assert response.status_code == 422
    assert not ChangeRequest.objects.exists()


def test_markup_in_a_field_is_shown_and_not_obeyed(alice: User) -> None:
    response = post_new(visitor(alice), "aliases", key='"><script>alert(1)</script>\n', value="alice")

    assert b"<script>alert" not in response.content


@pytest.mark.parametrize("length", [10_000, 1_000_000])
def test_a_very_long_value_is_refused_and_not_choked_on(alice: User, length: int) -> None:
    response = post_new(visitor(alice), "virtusertable", key="info@example.com", value="x" * length)

    assert response.status_code == 422
    assert stands("virtusertable", "info@example.com") is None


def test_a_refused_edit_leaves_the_entry_as_it_was(alice: User) -> None:
    save(alice, "aliases", "sales", "alice", comment="since 2019")
    before = standing("aliases", "sales")

    visitor(alice).post(address("entry-edit", "aliases", "sales"), form_of("aliases", "sales", value="a\nroot: eve"))

    assert standing("aliases", "sales") == before
