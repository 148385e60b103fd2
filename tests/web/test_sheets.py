"""A table's sheets in the browser: downloads, the page to import, and the broken rows beside the draft."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mailadmin.accounts.models import User
from tables.jobs import running
from tables.models import AuditEvent, BrokenRow, ChangeRequest, Job
from tables.views import sheets
from tests.services.editing import save, settle
from tests.sheets.making import in_csv, in_xlsx
from tests.web.visits import let_the_log_in_age, stands, text, visitor

pytestmark = pytest.mark.django_db

IMPORT = "/tables/virtusertable/import/"
HEADER = ("key", "value")


def upload(data: bytes, name: str = "list.xlsx", **more: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, data), "mode": "merge", **more}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_sheet_becomes_a_draft_whose_broken_row_is_mended_and_submitted(alice: User) -> None:
    client = visitor(alice)
    sheet = in_xlsx(HEADER, ("a@example.com", "alice"), ("=A2", "bob"), ("two words@example.com", "bob"))
    page = client.post(IMPORT, upload(sheet), follow=True)
    said = text(page)
    draft = ChangeRequest.objects.get(state="draft")
    assert "3 rows read (XLSX, sheet “Sheet”). Nothing is changed before you submit this draft." in said
    assert ">new</span> 1" in said
    assert "2 broken" in said
    assert "Row 3" in said
    assert "formulas are not worked out" in said
    assert stands("virtusertable", "a@example.com") is None

    formula, words = BrokenRow.objects.order_by("number")
    still = client.post(f"/rows/{words.pk}/mend/", {f"row-{words.pk}-key": "still two@example.com"}, follow=True)
    assert "Row 4 is still broken." in text(still)
    typed = {f"row-{words.pk}-key": "bob@example.com", f"row-{words.pk}-value": "bob"}
    assert "Row 4 is mended and in the draft." in text(client.post(f"/rows/{words.pk}/mend/", typed, follow=True))
    assert "Row 3 is left out." in text(client.post(f"/rows/{formula.pk}/leave-out/", follow=True))
    done = text(client.post(f"/requests/{draft.pk}/submit/", {"reason": ""}, follow=True))
    assert f"Request {draft.pk} is applied." in done
    assert "Broken rows" not in done
    assert stands("virtusertable", "bob@example.com") is not None


def test_what_is_refused_says_what_to_do_and_keeps_what_was_pasted(alice: User) -> None:
    client = visitor(alice)
    pasted = {"pasted": "Adresse;Ziel\na@example.com;alice", "mode": "merge"}
    refused = client.post(IMPORT, pasted)
    assert refused.status_code == 422
    assert "a@example.com;alice" in refused.content.decode()
    nothing = client.post(IMPORT, {"mode": "merge"})
    assert "Choose a file, or paste what is in it." in text(nothing)
    both = client.post(IMPORT, upload(b"key\n", pasted="key"))
    assert "There is a file and a text. Send one of them." in text(both)
    assert ChangeRequest.objects.count() == 0


def test_unknown_columns_and_an_encoding_are_asked_for(alice: User) -> None:
    client = visitor(alice)
    sheet = "key,value,Größe\na@example.com,alice,x\n".encode("windows-1252")
    assert "As Windows-1252 it would say “key,value,Größe”" in text(client.post(IMPORT, upload(sheet, "l.csv")))
    asked = text(client.post(IMPORT, upload(sheet, "l.csv", encoding="windows-1252")))
    assert "Nobody knows the column “Größe”." in asked
    taken = client.post(IMPORT, upload(sheet, "l.csv", encoding="windows-1252", leave_out="on"), follow=True)
    assert "Left out: the columns Größe." in text(taken)


def test_a_large_file_is_read_by_a_job_that_leads_to_its_draft(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(sheets, "LONG", 10)
    monkeypatch.setattr(running, "launch", lambda _job: None)
    client = visitor(alice)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(IMPORT, upload(in_csv(HEADER, ("a@example.com", "alice"), ("", "x")), "x.csv"))
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    kept = Path(job.arguments["path"])
    assert kept.stat().st_mode & 0o077 == 0
    done = running.do(job.pk)
    assert (done.state, done.said) == (
        "done",
        "2 rows read (CSV with commas, UTF-8). Nothing is changed before you submit this draft.",
    )
    assert not kept.exists()
    assert "Row 3" in text(client.get(done.address))


def test_what_the_tables_say_already_makes_no_draft(alice: User) -> None:
    save(alice, "virtusertable", "a@example.com", "alice")
    page = visitor(alice).post(IMPORT, upload(in_csv(HEADER, ("a@example.com", "alice")), "x.csv"), follow=True)
    assert "says all of this already" in text(page)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "flat"])
def test_what_a_search_finds_is_downloaded(alice: User, charlie: User, kind: str) -> None:
    save(alice, "virtusertable", "found@example.com", "alice")
    save(alice, "virtusertable", "other@example.com", "bob")
    client = visitor(charlie)
    page = client.get("/tables/virtusertable/?q=found").content.decode()
    assert f'href="/tables/virtusertable/download/?format={kind}&amp;q=found&amp;state=all"' in page
    answer = client.get("/tables/virtusertable/download/", {"format": kind, "q": "found"})
    data = body(answer)
    assert answer["Content-Disposition"].startswith('attachment; filename="virtusertable')
    assert answer["X-Content-Type-Options"] == "nosniff"
    if kind != "xlsx":
        assert b"found@example.com" in data
        assert b"other@example.com" not in data
    if kind == "json":
        assert [one["key"] for one in json.load(io.BytesIO(data))["entries"]] == ["found@example.com"]
    detail = AuditEvent.objects.get(action="export").detail
    assert detail == {"format": kind, "search": "found"}


def test_passwords_leave_for_whoever_may_see_them_and_is_fresh(alice: User, bob: User, dora: User) -> None:
    settle(bob, save(dora, "access", "authinfo:smart.example", '"U:relay" "P:s3cr3t"', reason="x"))
    where = "/tables/access/download/?format=csv"
    assert b"s3cr3t" not in body(visitor(dora).get(where))
    by_button = "/tables/access/download/"
    assert visitor(alice).post(by_button, {"format": "csv"}).status_code == 403
    client = visitor(dora)
    assert b"s3cr3t" in body(client.post(by_button, {"format": "csv"}))
    let_the_log_in_age(client)
    assert client.post(by_button, {"format": "csv"}).status_code == 302
    assert AuditEvent.objects.filter(action="export", detail__secrets=True).count() == 1
