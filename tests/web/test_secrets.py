"""A password in a table is on no page and in no message, and editing beside it does not lose it."""

from pathlib import Path

import pytest

from mailadmin.accounts.models import User
from tables import publishing
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import ChangeRequest, Publication
from tables.publishing.errors import explain
from tables.publishing.progress import Step
from tables.releases import cut
from tables.sendmail.commands import Result
from tables.sendmail.daemon import WrongAnswer
from tables.sendmail.secret import MASK, masked, unmasked
from tests.commands.running import run
from tests.services.editing import approve, save, value_of
from tests.web.visits import address, form_of, standing, text, visitor

pytestmark = pytest.mark.django_db

KEY = "authinfo:smart.example"
VALUE = '"U:relay" "P:s3cr3t-one" "M:PLAIN"'


@pytest.fixture
def stored(alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", KEY, VALUE, reason="smart host"))
    save(alice, "access", KEY, '"U:relay" "P:s3cr3t-two" "M:PLAIN"', reason="new password")


@pytest.mark.parametrize(
    "page",
    [
        "/tables/access/",
        address("entry-edit", "access", KEY),
        address("entry-history", "access", KEY),
        address("entry-delete", "access", KEY),
        "/requests/{first}/",
        "/requests/{last}/",
        "/search/?q=smart",
        "/history/",
        "/publish/",
    ],
)
def test_no_page_shows_a_password(stored: None, dora: User, page: str) -> None:
    publishing.register_host()
    numbers = ChangeRequest.objects.order_by("pk").values_list("pk", flat=True)
    response = visitor(dora).get(page.format(first=numbers[0], last=numbers[1]))
    assert response.status_code == 200
    assert "s3cr3t" not in text(response)


def test_no_message_shows_a_password(stored: None, alice: User) -> None:
    form = form_of("access", KEY, key="authinfo: smart.example", value='"U:relay" P:s3cr3t-one')
    typed_again = 'value="&quot;U:relay&quot; P:s3cr3t-one"'
    answer = visitor(alice).post(address("entry-edit", "access", KEY), form).content.decode()
    assert "s3cr3t" not in answer.replace(typed_again, "")


def test_the_plan_does_not_show_a_password(stored: None) -> None:
    publishing.register_host()
    with pytest.raises(SystemExit):
        run("plan")
    host = publishing.register_host()
    assert all("s3cr3t" not in file.diff for file in publishing.make_plan(host=host).files)


def test_steps_of_a_publication_do_not_show_a_password(stored: None, alice: User) -> None:
    host = publishing.register_host()
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    publishing.converge(host=host)
    assert "s3cr3t" not in str(Publication.objects.get().steps)


def test_what_sendmail_answers_is_kept_without_the_password() -> None:
    entry = {"message": "", "output": ""}
    step = Step(entry)
    step.add(f"map_lookup: access ({KEY}) returns {VALUE} (0)\n")
    step.say(f"sendmail finds nothing for {KEY} instead of {VALUE!r}.")
    told = explain(WrongAnswer(f"sendmail finds {VALUE!r}.", Result((), 0, "", "", 0.0)), Path("/etc/mail"))
    assert "s3cr3t" not in f"{entry}{told}"


def test_editing_beside_a_hidden_password_keeps_it(alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", KEY, VALUE, reason="smart host"))
    form = form_of("access", KEY, value=f'"U:other" "P:{MASK}" "M:PLAIN"', reason="new user")
    visitor(alice).post(address("entry-edit", "access", KEY), form)
    approve(bob, ChangeRequest.objects.latest("pk"))
    assert value_of("access", KEY) == '"U:other" "P:s3cr3t-one" "M:PLAIN"'


@pytest.mark.parametrize("value", [VALUE, '"P=czNjcjN0"', '"u:x" "p:s3cr3t"'])
def test_hidden_and_shown_again_it_is_the_same(value: str) -> None:
    assert "s3cr3t" not in masked(value)
    assert unmasked(masked(value), value) == value


HIDING = '"|/usr/bin/vacation" "P:; rm -rf x" bob'


def test_what_only_looks_like_a_password_is_shown_to_the_reviewer(alice: User, bob: User) -> None:
    request = save(alice, "aliases", "sales", HIDING, reason="on leave")
    page = text(visitor(bob).get(f"/requests/{request.pk}/"))
    assert page.count("rm -rf x") >= 2  # in the difference, and in what it does
    assert MASK not in page


def test_two_versions_of_an_entry_are_compared_without_their_passwords(alice: User, bob: User, stored: None) -> None:
    form = form_of("access", KEY, value='"U:mine" "P:my-s3cr3t"')
    approve(bob, ChangeRequest.objects.latest("pk"))
    answer = visitor(alice).post(address("entry-edit", "access", KEY), form)
    assert answer.status_code == 409
    assert "s3cr3t-two" not in text(answer)
    assert text(answer).count("my-s3cr3t") == 1  # in the field that it was typed into


def test_what_only_looks_like_a_password_is_shown_wherever_aliases_are(alice: User, bob: User) -> None:
    approve(bob, save(alice, "aliases", "sales", HIDING, comment='"P:x"', reason="on leave"))
    for page in ("/tables/aliases/", address("entry-edit", "aliases", "sales"), "/history/", "/search/?q=sales"):
        shown = text(visitor(alice).get(page))
        assert "rm -rf x" in shown, page
        assert MASK not in shown, page


@pytest.mark.parametrize("where", ["/tables/access/?q=", "/search/?q="])
def test_nobody_finds_a_password_out_by_searching_for_it(stored: None, charlie: User, where: str) -> None:
    browser = visitor(charlie)
    assert "smart.example" in text(browser.get(f"{where}smart"))
    for letters in ("s3c", "relay"):
        found = browser.get(where + letters, headers={"HX-Request": "true"})
        assert "authinfo:smart.example" not in text(found), letters


def test_a_password_does_not_follow_its_entry_to_another_host(alice: User, bob: User) -> None:
    approve(bob, save(alice, "access", KEY, VALUE, reason="smart host"))
    form = form_of("access", KEY, key="authinfo:evil.example", value=f'"U:relay" "P:{MASK}"', reason="moved")
    answer = visitor(alice).post(address("entry-edit", "access", KEY), form)
    assert answer.status_code == 422
    assert "Write the password itself" in text(answer)
    assert ChangeRequest.objects.count() == 1


def test_a_password_in_a_comment_is_hidden_and_kept(alice: User, bob: User) -> None:
    comment = "before May: authinfo P:s3cr3t-old"
    approve(bob, save(alice, "access", KEY, VALUE, comment=comment, reason="smart host"))
    page = visitor(alice).get(address("entry-edit", "access", KEY))
    assert "s3cr3t" not in text(page)
    shown = page.context["form"].initial
    form = form_of("access", KEY, value=shown["value"], comment=shown["comment"] + "!", reason="emphasis")
    visitor(alice).post(address("entry-edit", "access", KEY), form)
    entry = standing("access", KEY)
    assert (entry.value, entry.comment) == (VALUE, comment + "!")
