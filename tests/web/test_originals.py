"""The pages of imported files, and what is sent when one is downloaded."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from mailadmin.accounts.models import User
from tables.models import AuditEvent, ChangeRequest, OriginalFile
from tables.sendmail.secret import MASK
from tests.commands.running import run
from tests.web.visits import let_the_log_in_age, text, visitor

pytestmark = pytest.mark.django_db

ACCESS = b'Connect:192.0.2\tREJECT\r\nAuthInfo:smart.example\t"U:relay" "P:s3cr3t"\n'
HTML = b"<script>alert(1)</script>: root\npostmaster: root\n"


@pytest.fixture
def imported(tmp_path: Path, people: dict[str, User]) -> dict[str, OriginalFile]:
    (tmp_path / "access").write_bytes(ACCESS)
    (tmp_path / "aliases").write_bytes(HTML)
    run("import_tables", tmp_path)
    return {file.table: file for file in OriginalFile.objects.all()}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_download_is_bytes_to_be_saved_and_nothing_else(imported: dict[str, OriginalFile], charlie: User) -> None:
    file = imported["aliases"]
    answer = visitor(charlie).get(reverse("original", args=[file.pk]))
    assert body(answer) == HTML
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="aliases-{file.pk}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(action="original-downloaded")
    assert (event.actor_name, event.table, event.request_id) == ("charlie", "aliases", file.request_id)


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_who_may_not_see_passwords_is_told_so_and_gets_a_copy_without(
    imported: dict[str, OriginalFile], people: dict[str, User], who: str
) -> None:
    browser = visitor(people[who])
    refused = browser.get(reverse("original", args=[imported["access"].pk]))
    assert refused.status_code == 403
    assert "Take the copy with the passwords hidden instead." in text(refused)
    copy = body(browser.get(reverse("original-masked", args=[imported["access"].pk])))
    assert copy == ACCESS.replace(b"s3cr3t", MASK.encode())
    page = text(browser.get(reverse("originals-of", args=["access"])))
    assert "Download without passwords" in page
    assert f'href="{reverse("original", args=[imported["access"].pk])}"' not in page


def test_passwords_need_a_fresh_log_in(imported: dict[str, OriginalFile], dora: User) -> None:
    browser, where = visitor(dora), reverse("original", args=[imported["access"].pk])
    assert body(browser.get(where)) == ACCESS
    let_the_log_in_age(browser)
    answer = browser.get(where)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert body(browser.get(reverse("original", args=[imported["aliases"].pk]))) == HTML
    assert AuditEvent.objects.filter(action="original-downloaded", table="access").count() == 1


@pytest.mark.parametrize("where", ["the table", "the request"])
def test_pages_name_the_files_with_all_that_is_known(
    imported: dict[str, OriginalFile], charlie: User, tmp_path: Path, where: str
) -> None:
    file = imported["aliases"]
    pages = {
        "the table": reverse("originals-of", args=["aliases"]),
        "the request": reverse("request", args=[ChangeRequest.objects.get().pk]),
    }
    page = text(visitor(charlie).get(pages[where]))
    for shown in (str(tmp_path / "aliases"), file.sha256, "cli:", str(len(HTML))):
        assert shown in page
    assert f'href="{reverse("original", args=[file.pk])}"' in page


def test_a_table_without_imports_says_so(charlie: User) -> None:
    browser = visitor(charlie)
    assert reverse("originals-of", args=["mailertable"]) in text(browser.get("/tables/mailertable/"))
    assert "No file was imported" in text(browser.get(reverse("originals-of", args=["mailertable"])))


def test_a_file_that_never_was_is_not_found(charlie: User) -> None:
    assert visitor(charlie).get(reverse("original", args=[7])).status_code == 404
