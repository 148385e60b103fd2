"""A password that is nowhere but in its table: every page that can be reached and every command is looked through."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.http import StreamingHttpResponse
from django.test import Client

from mailadmin.accounts.models import User
from tables import closing, notices, publishing, reviews
from tables.actors import Actor
from tables.entries import get_cluster
from tables.letters import digests, outbox
from tables.models import AuditEvent, ChangeRequest, Letter, Notice, OriginalFile, Publication
from tables.releases import cut
from tables.sendmail.secret import MASK
from tests.commands.running import run
from tests.places import place
from tests.services.editing import approve, delete, save, switch, value_of
from tests.web.visits import form_of, visitor

# What a page leaves out, it leaves out on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ACCESS = """\
# who may, see grammar; before 2010: AuthInfo:old.example "U:relay" "P:c4nary-head"

Connect:192.0.2\tREJECT
# authinfo P:c4nary-comment
AuthInfo:quoted.example\t"U:relay" "P:c4nary \\"c4nary" "M:PLAIN"
authinfo:bare.example   u:relay p:c4nary m:PLAIN
AuthInfo:base.example\t"U:relay" "P=YzRuYXJ5"
AuthInfo:\tP:c4nary
#AuthInfo:off.example\t"U:relay" "P:c4nary"
 AuthInfo:indented.example\t"P:c4nary"
AuthInfo:quoted.example\t"P:c4nary-twice"
"P:c4nary-alone"
"""
CANARY = re.compile(r"c4nary|YzRuYXJ5")
COMMANDS = (
    *("check_tables -v2", "check_tables --json", "audit_verify", "original_files", "original_files --json"),
    *("plan", "plan --json", "publish", "publish --json"),
)
KEY = "authinfo:quoted.example"


@pytest.fixture
def live(settings: Any, own_directories: None) -> Iterator[Path]:
    with place() as directory:
        settings.MAIL_DIR, settings.SENDMAIL_CF = directory / "mail", directory / "none.cf"
        settings.MAIL_DIR.mkdir()
        yield settings.MAIL_DIR / "access"


@pytest.fixture
def told(tmp_path: Path, people: dict[str, User], live: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Everything that was printed while passwords came, changed, went live and were changed by hand."""
    caplog.set_level(logging.DEBUG)
    alice, bob = people["alice"], people["bob"]
    (tmp_path / "access").write_text(ACCESS)
    said = [run("import_tables", tmp_path, "--dry-run", "-v2"), run("import_tables", tmp_path, "--dry-run", "--json")]
    said.append(run("import_tables", tmp_path, "--json", "-v2"))
    approve(bob, save(alice, "access", KEY, '"U:relay" "P:c4nary-new"', reason="new password"))
    approve(bob, save(alice, "access", "authinfo:bare.example", "P:c4nary", comment="P:c4nary authinfo", reason="x"))
    approve(bob, delete(alice, "access", "authinfo:base.example", reason="gone"))
    approve(bob, switch(alice, "access", "authinfo:off.example", True, reason="on again"))
    save(alice, "access", "authinfo:", '"P:c4nary-waits"', reason="waits")
    host = publishing.register_host()
    cut(cluster=get_cluster(), actor=Actor.of(alice))
    publication = publishing.converge(host=host)
    assert publication
    assert publication.state == "succeeded", publication.error
    assert "c4nary-new" in live.read_text()
    live.write_text(live.read_text().replace("c4nary-new", "c4nary-by-hand") + "AuthInfo:hand.example P:c4nary\n")
    approve(bob, save(alice, "access", "authinfo:quoted.example", '"U:relay" "P:c4nary-last"', reason="another"))
    said += [run_anyway(*command.split()) for command in COMMANDS]
    said.append(run_anyway("import_tables", tmp_path, "--mode", "replace"))
    return [*said, caplog.text]


def run_anyway(*words: str | Path) -> str:
    """What a command says, also when its exit status is not 0."""
    out, error = io.StringIO(), ""
    try:
        call_command(str(words[0]), *map(str, words[1:]), stdout=out, no_color=True)
    except CommandError as raised:
        error = str(raised)
    except SystemExit:
        pass
    return out.getvalue() + error


def withdraw_all() -> None:
    for request in ChangeRequest.objects.filter(state="submitted"):
        closing.withdraw(request=request, actor=Actor.command())


def crawled(browser: Client) -> dict[str, str]:
    """Every page that links lead to from the first one, by address, as text. What leaves the session is left out."""
    pages: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        where = waiting.pop()
        if where in pages or where.startswith(("/account", "/log", "/mfa", "/static", "/people")):
            continue
        answer = browser.get(where)
        if isinstance(answer, StreamingHttpResponse):
            pages[where] = "" if where.startswith("/originals/") and "masked" not in where else body(answer)
            continue
        pages[where] = unescape(answer.content.decode())
        waiting += [unescape(link) for link in re.findall(r'href="(/[^"#]*)', answer.content.decode())]
    return pages


def body(answer: Any) -> str:
    sent = b"".join(answer.streaming_content)
    if sent.startswith(b"PK"):  # a workbook: what is packed in it
        with ZipFile(io.BytesIO(sent)) as packed:
            sent = b"\n".join(packed.read(name) for name in packed.namelist())
    return sent.decode()


@pytest.mark.parametrize("who", ["alice", "charlie", "dora"])
def test_no_page_shows_a_password_to_anybody(told: list[str], people: dict[str, User], who: str) -> None:
    visitor(people["dora"]).post("/problems/check/")
    pages = crawled(visitor(people[who]))
    assert "authinfo:bare.example" in pages["/problems/"]
    assert {where for where, page in pages.items() if CANARY.search(page)} == set()
    assert len(pages) > 40
    assert sum(MASK in page for page in pages.values()) > 10
    names = " ".join(pages)
    for part in ("/problems/", "history/", "/requests/", "/publish/releases/", "/originals/", "masked", "/notices/"):
        assert part in names


def test_no_command_and_no_log_says_a_password(told: list[str]) -> None:
    assert [said for said in told if CANARY.search(said)] == []
    assert sum(MASK in said for said in told) > 2


def test_no_letter_and_no_notice_says_a_password(told: list[str], people: dict[str, User]) -> None:
    alice, bob = people["alice"], people["bob"]
    said = 'AuthInfo "P:c4nary-said"'
    for number, end in enumerate((reject, withdraw, break_glass)):
        end(bob, save(alice, "access", f"authinfo:{number}.example", '"P:c4nary"', comment=said, reason=said), said)
    publication = Publication.objects.latest("pk")
    publication.error, publication.state = f"line 3: {said}", Publication.State.FAILED
    notices.failed(publication=publication)
    notices.published(publication=publication)
    everything_at_once()
    texts = [text_of(letter) for letter in mail.outbox]
    kinds = set(Notice.objects.values_list("kind", flat=True))
    assert kinds >= {"review", "approved", "rejected", "closed", "glass", "failed", "published"}
    assert len(texts) == Letter.objects.count() > 15
    assert [text for text in texts if CANARY.search(text)] == []
    assert sum(MASK in text for text in texts) > 10
    for notice in Notice.objects.all():
        assert not CANARY.search(f"{notice.subject}\n{notice.text}\n{notice.detail}")


def reject(person: User, request: ChangeRequest, said: str) -> None:
    reviews.note_viewing(request=request, person=person)
    reviews.reject(request=request, reviewer=person, checksum=request.checksum, comment=said)


def withdraw(_person: User, request: ChangeRequest, said: str) -> None:
    closing.withdraw(request=request, actor=Actor.command(), reason=said)


def break_glass(_person: User, request: ChangeRequest, said: str) -> None:
    notices.glass_broken(request=request, actor=Actor("emergency"), reason=said)


def everything_at_once() -> None:
    """A letter about every notice, whatever was chosen or answered meanwhile, and the digests."""
    Notice.objects.update(settled_at=None)
    for notice in Notice.objects.filter(letter=None):
        Letter.objects.create(notice=notice, person=notice.person, next_try_at=notice.created_at)
    digests.write_due(early=True)
    assert outbox.send().dropped == 0


def text_of(letter: EmailMessage) -> str:
    """As it goes over the wire, and as it is read."""
    message = letter.message()
    return f"{message.as_bytes().decode()}\n{letter.subject}\n{message.get_payload(decode=True).decode()}"


def test_a_form_in_which_something_is_wrong_shows_none(told: list[str], alice: User) -> None:
    browser = visitor(alice)
    wrong = form_of("access", KEY, value=f'"U:{MASK}" "P:{MASK}" REJECT', comment="\x01", reason="x")
    for where in ("edit", "check"):
        answer = browser.post(f"/tables/access/{where}/?key={KEY}", wrong)
        assert not CANARY.search(answer.content.decode())
    stale = {**wrong, "seen": "x"}
    assert not CANARY.search(browser.post(f"/tables/access/edit/?key={KEY}", stale).content.decode())


def test_an_export_has_dots_and_says_so_and_comes_back_without_harm(told: list[str], tmp_path: Path) -> None:
    said = run("export_tables", tmp_path / "out")
    text = (tmp_path / "out" / "access").read_text()
    assert not CANARY.search(text)
    hidden = sum(MASK in line for line in text.splitlines())
    assert hidden > 4
    assert f"Passwords are masked in {hidden} lines of access; --secrets writes them." in said
    withdraw_all()
    assert "masked-password" not in run("import_tables", tmp_path / "out", "--table", "access", "--dry-run")
    for mode in ("merge", "replace"):
        assert "say this already" in run("import_tables", tmp_path / "out", "--table", "access", "--mode", mode)
    assert value_of("access", KEY) == '"U:relay" "P:c4nary-last"'


def test_a_changed_part_beside_a_hidden_password_comes_in(told: list[str], tmp_path: Path, bob: User) -> None:
    withdraw_all()
    run("export_tables", tmp_path / "out")
    path = tmp_path / "out" / "access"
    path.write_text(path.read_text().replace("U:relay", "U:other"))
    run("import_tables", path, "--table", "access")
    approve(bob, ChangeRequest.objects.latest("pk"))
    assert value_of("access", KEY) == '"U:other" "P:c4nary-last"'


@pytest.mark.parametrize("line", [f'AuthInfo:new.example\t"P:{MASK}"\n', f'#AuthInfo:new.example\t"P:{MASK}"\n'])
def test_dots_for_a_password_that_nobody_knows_are_refused(told: list[str], tmp_path: Path, line: str) -> None:
    (tmp_path / "new").write_text(line)
    with pytest.raises(CommandError, match="is hidden by"):
        run("import_tables", tmp_path / "new", "--table", "access")
    if not line.startswith("#"):  # what is switched off is not checked
        assert "[access.masked-password]" in run("import_tables", tmp_path / "new", "--table", "access", "--dry-run")


def test_with_the_right_an_export_has_them_and_the_history_knows(told: list[str], tmp_path: Path, dora: User) -> None:
    said = run("export_tables", tmp_path / "mine", "--secrets", "--actor", "dora")
    assert "masked" not in said
    assert "c4nary-last" in (tmp_path / "mine" / "access").read_text()
    assert (tmp_path / "mine" / "access").stat().st_mode & 0o077 == 0
    event = AuditEvent.objects.filter(action="export").latest("number")
    assert (event.actor_name, event.detail["secrets"]) == ("dora", True)
    run("export_tables", tmp_path / "ours", "--secrets")
    assert AuditEvent.objects.filter(action="export").latest("number").actor_name.startswith("cli:")


@pytest.mark.parametrize("command", ["export_tables", "import_tables"])
def test_without_the_right_nobody_gets_them(told: list[str], tmp_path: Path, command: str) -> None:
    with pytest.raises(CommandError, match="may not see passwords"):
        run(command, tmp_path, "--secrets", "--actor", "alice")
    assert not AuditEvent.objects.filter(action="export").exists()


def test_what_was_read_is_printed_when_it_is_wanted(told: list[str], tmp_path: Path) -> None:
    assert "YzRuYXJ5" in run("import_tables", tmp_path, "--dry-run", "--json", "--secrets")


def test_the_kept_file_has_the_password_still(told: list[str], dora: User) -> None:
    file = OriginalFile.objects.earliest("id")
    assert body(visitor(dora).get(f"/originals/{file.pk}/")) == ACCESS
