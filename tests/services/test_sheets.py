"""A sheet into a draft: what is new, changed and gone, and the rows that are broken, mended and left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import changes, drafting
from tables.actors import Actor
from tables.entries import get_cluster, get_entry, rows
from tables.errors import ChangeError, Forbidden
from tables.models import AuditEvent, BrokenRow, Change, ChangeRequest
from tables.scopes import EVERYTHING
from tables.sendmail.secret import MASK
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.sheets import importing, mending
from tables.sheets.candidates import How
from tables.sheets.columns import SheetRefused
from tables.sheets.exporting import found
from tables.sheets.importing import Drafted, draft_from
from tables.sheets.writing import FORMATS, write
from tests.people import delegate, make_limited
from tests.services.editing import actor, save, settle, switch
from tests.sheets.making import in_csv, put

pytestmark = pytest.mark.django_db

HEADER = ("key", "value")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


def take(person: User | None, place: Path, data: bytes, *, table: str = "virtusertable", **how: Any) -> Drafted:
    path = put(place, data)
    return draft_from(cluster=get_cluster(), actor=actor(person), table=TABLES[table], path=path, how=How(**how))


def stand(person: User, *keys: str, table: str = "virtusertable", value: str = "box@example.net", **more: Any) -> None:
    for key in keys:
        save(person, table, key, value, **more)


def drafted(done: Drafted) -> dict[str, tuple[str, Any]]:
    assert done.request is not None
    return {one.key: (one.action, one.after and one.after["value"]) for one in done.request.changes.all()}


def broken(done: Drafted) -> list[tuple[int, str]]:
    assert done.request is not None
    return [(row.number, row.problems[0]["rule"]) for row in mending.rows_of(done.request)]


# --- merge, replace and nothing ---------------------------------------------------------------------------------------


def test_a_merge_adds_and_changes_and_leaves_the_rest(alice: User, place: Path) -> None:
    stand(alice, "a@example.com", "b@example.com", "c@example.com")
    sheet = in_csv(
        HEADER, ("a@example.com", "box@example.net"), ("B@Example.com", "new@example.net"), ("d@example.com", "x")
    )
    done = take(alice, place, sheet, name="list.csv")
    assert drafted(done) == {"b@example.com": ("update", "new@example.net"), "d@example.com": ("create", "x")}
    assert (done.rows, done.changes, done.broken, done.said) == (3, 2, 0, "CSV with commas, UTF-8")
    assert done.request
    assert (done.request.state, done.request.kind) == ("draft", "import")
    assert get_entry(cluster=get_cluster(), table=TABLES["virtusertable"], key="d@example.com") is None
    detail = AuditEvent.objects.get(action="import").detail
    assert detail["tables"]["virtusertable"]["file"] == "list.csv"
    assert (detail["mode"], detail["rows"], detail["changes"], detail["broken"]) == ("merge", 3, 2, 0)


def test_a_replacement_also_deletes_what_the_sheet_lacks(alice: User, place: Path) -> None:
    stand(alice, "a@example.com", "b@example.com")
    done = take(alice, place, in_csv(HEADER, ("a@example.com", "box@example.net")), mode=importing.REPLACE)
    assert drafted(done) == {"b@example.com": ("delete", None)}
    assert not done.kept


def test_nothing_is_deleted_for_a_row_that_is_broken(alice: User, place: Path) -> None:
    stand(alice, "a@example.com", "b@example.com", "c@example.com")
    named = in_csv(HEADER, ("a@example.com", "two\nlines"), ("b@example.com", "box@example.net"))
    named = named.replace(b"two\nlines", b'"two\nlines"')
    done = take(alice, place, named, mode=importing.REPLACE)
    assert (drafted(done), broken(done)) == ({"c@example.com": ("delete", None)}, [(2, "sheet.line-break")])

    unreadable = take(alice, place, in_csv(HEADER, ("=A1", "x"), ("d@example.com", "x")), mode=importing.REPLACE)
    assert drafted(unreadable) == {"d@example.com": ("create", "x")}
    assert unreadable.kept


def test_a_sheet_that_says_what_the_tables_say_leaves_no_draft(alice: User, place: Path) -> None:
    stand(alice, "a@example.com")
    done = take(alice, place, in_csv(HEADER, ("a@example.com", "box@example.net")))
    assert (done.request, done.rows) == (None, 1)
    assert not ChangeRequest.objects.filter(state="draft").exists()
    assert not AuditEvent.objects.filter(action="import").exists()


@pytest.mark.parametrize("kind", FORMATS)
def test_what_went_out_and_came_in_again_changes_nothing(
    alice: User, dora: User, bob: User, place: Path, kind: str
) -> None:
    save(alice, "access", "from:a@example.com", 'ERROR:5.7.1:"550 =no"', comment="-first\n'second\n+49 30 = x")
    save(alice, "access", "connect:192.0.2", "REJECT")
    settle(bob, switch(alice, "access", "connect:192.0.2", enabled=False, reason="x"))
    settle(bob, save(dora, "access", "authinfo:smart.example", '"U:relay" "P:s3cr3t"', comment='"P:old"', reason="x"))
    settle(bob, with_about(alice, "from:dated@example.com", "access", "REJECT"))
    table, cluster = TABLES["access"], get_cluster()
    assert rows(cluster=cluster, table=table).count() == 4
    shown = found(scope=EVERYTHING, cluster=cluster, table=table)
    done = take(alice, place, b"".join(write(kind, table, shown)), table="access", mode=importing.REPLACE)
    assert done.request is None, list(Change.objects.filter(request=done.request).values()) or broken(done)


def with_about(person: User, key: str, table: str, value: str) -> ChangeRequest:
    return changes.save_entry(
        cluster=get_cluster(),
        actor=Actor.of(person),
        table=TABLES[table],
        original_key=None,
        typed=Entry(key, value),
        seen="",
        confirmed=True,
        reason="x",
        about={"owner": "anna", "ticket": "=HELP-1", "ends": "2090-01-01T00:00:00Z"},
    )


# --- columns and cells ------------------------------------------------------------------------------------------------


def test_a_missing_column_leaves_and_an_empty_cell_empties(alice: User, place: Path) -> None:
    with_about(alice, "a@example.com", "virtusertable", "box@example.net")
    save(alice, "virtusertable", "a@example.com", "box@example.net", comment="kept")
    done = take(alice, place, in_csv(("key", "value", "owner"), ("a@example.com", "new@example.net", "")))
    after = done.request and done.request.changes.get().after
    assert after
    assert (after["value"], after["comment"], after["ticket"], after["ends"]) == (
        "new@example.net",
        "kept",
        "=HELP-1",
        "2090-01-01T00:00:00Z",
    )
    assert "owner" not in after


def test_dates_and_the_switch_are_read_and_checked(alice: User, place: Path) -> None:
    stand(alice, "a@example.com", "b@example.com", "c@example.com", "d@example.com")
    header = ("key", "enabled", "starts")
    sheet = in_csv(
        header,
        ("a@example.com", "no", ""),
        ("b@example.com", "ja", ""),
        ("c@example.com", "yes", "2090-01-31 12:00 Europe/Nowhere"),
        ("d@example.com", "yes", "2090-01-31 12:00 UTC"),
    )
    done = take(alice, place, sheet)
    assert done.request
    assert broken(done) == [(3, "sheet.enabled"), (4, "date.starts")]
    states = {one.key: one.after for one in done.request.changes.all()}
    assert not states["a@example.com"]["enabled"]  # type: ignore[index]
    assert states["d@example.com"] | {"enabled": False, "starts": "2090-01-31T12:00:00Z"} == states["d@example.com"]  # type: ignore[operator]


def test_a_password_that_was_dots_stays_and_dots_become_none(alice: User, dora: User, bob: User, place: Path) -> None:
    settle(bob, save(dora, "access", "authinfo:smart.example", '"U:relay" "P:s3cr3t"', reason="x"))
    cells = f'"""U:other"" ""P:{MASK}"""'
    sheet = in_csv(HEADER, ("authinfo:smart.example", cells), ("authinfo:other.example", cells))
    done = take(alice, place, sheet, table="access")
    assert drafted(done) == {"authinfo:smart.example": ("update", '"U:other" "P:s3cr3t"')}
    assert broken(done) == [(3, "access.masked-password")]


# --- broken rows ------------------------------------------------------------------------------------------------------


def test_each_broken_row_is_explained_and_the_good_ones_go_on(alice: User, place: Path) -> None:
    sheet = in_csv(
        HEADER,
        ("good@example.com", "x"),
        ("GOOD@example.com", "y"),
        ("", "x"),
        ("no value@example.com", "x"),
        ("empty@example.com", ""),
        ("nul@example.com", "a\0b"),
        ("fine@example.com", "x"),
    )
    done = take(alice, place, sheet)
    assert drafted(done) == {"good@example.com": ("create", "x"), "fine@example.com": ("create", "x")}
    found = dict(broken(done))
    assert sorted(found) == [3, 4, 5, 6, 7]
    assert (found[3], found[4], found[7]) == ("sheet.double-key", "sheet.no-key", "sheet.nul")
    first = BrokenRow.objects.get(request=done.request, number=3)
    assert first.problems[0]["message"] == "Row 2 has the key good@example.com already, and that row counts."


def test_a_row_whose_key_is_held_is_broken_and_what_tightens_is_not(alice: User, dora: User, place: Path) -> None:
    stand(alice, "b@example.com")
    waits = save(dora, "virtusertable", "@example.com", "x@example.net", reason="all of it")
    assert waits.state == "submitted"
    done = take(alice, place, in_csv(HEADER, ("@example.com", "y"), ("b@example.com", "y")))
    assert broken(done) == [(2, "sheet.held")]
    assert (
        f"Change request {waits.pk} of dora holds this key" in mending.rows_of(done.request)[0].problems[0]["message"]
    )  # type: ignore[arg-type]


def test_rows_outside_a_delegation_are_broken_and_nothing_outside_is_deleted(alice: User, place: Path) -> None:
    stand(alice, "a@own.example", "b@own.example", "a@foreign.example")
    erin = make_limited("erin", Role.POSTMASTER)
    delegate(erin, "virtusertable", "own.example", outside_targets=True)
    sheet = in_csv(HEADER, ("a@own.example", "new@own.example"), ("x@foreign.example", "x@own.example"))
    done = take(erin, place, sheet, mode=importing.REPLACE)
    assert drafted(done) == {"a@own.example": ("update", "new@own.example"), "b@own.example": ("delete", None)}
    assert [number for number, _rule in broken(done)] == [3]


def test_a_file_in_which_everything_is_broken_is_refused_as_a_whole(
    alice: User, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_BROKEN", 3)
    sheet = in_csv(HEADER, ("good@example.com", "x"), *(("", "x") for _number in range(4)))
    with pytest.raises(SheetRefused, match=r"More than 3 rows are broken.*The first is row 3: The row has no key"):
        take(alice, place, sheet)
    assert not ChangeRequest.objects.filter(state="draft").exists()


def test_a_viewer_imports_nothing(charlie: User, place: Path) -> None:
    with pytest.raises(Forbidden):
        take(charlie, place, in_csv(HEADER, ("a@example.com", "x")))


def test_a_long_sheet_with_a_few_broken_rows_tells_how_far_it_is(alice: User, place: Path) -> None:
    lines: Iterable[tuple[str, str]] = (
        (f"u{number}@example.com" if number % 100 else "two words@example.com", "x") for number in range(1, 1501)
    )
    told: list[tuple[int, int]] = []
    path = put(place, in_csv(HEADER, *lines))
    done = draft_from(
        cluster=get_cluster(),
        actor=Actor.of(alice),
        table=TABLES["virtusertable"],
        path=path,
        progress=lambda step, total: told.append((step, total)),
    )
    assert (done.rows, done.changes, done.broken) == (1500, 1485, 15)
    assert told == [(500, 1501), (1000, 1501), (1500, 1501)]


# --- flat files -------------------------------------------------------------------------------------------------------


def test_a_flat_file_keeps_its_lines_and_its_refused_ones_are_broken(alice: User, place: Path) -> None:
    stand(alice, "sales", table="aliases", value="anna")
    file = b"# the shop\nsales:   anna, bert\ninfo: anna\ninfo: bert\nno colon here\n"
    done = take(alice, place, file, table="aliases")
    assert done.said == "flat file"
    assert drafted(done)["sales"] == ("update", "anna, bert")
    assert done.request
    assert done.request.changes.get(key="sales").after["raw"] == "sales:   anna, bert\n"  # type: ignore[index]
    lines = {row.number: mending.shown_line(row) for row in mending.rows_of(done.request)}
    assert "no colon here" in lines[5]


def test_a_flat_file_of_something_else_is_refused(alice: User, place: Path) -> None:
    with pytest.raises(SheetRefused, match="not like sendmail’s virtusertable"):
        take(alice, place, b"sales: anna\ninfo: bert\n")


# --- mending ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def half(alice: User, place: Path) -> Drafted:
    return take(alice, place, in_csv(HEADER, ("good@example.com", "x"), ("two words@example.com", "y"), ("", "z")))


def first(done: Drafted) -> BrokenRow:
    assert done.request
    row = mending.rows_of(done.request).first()
    assert row
    return row


def test_a_mended_row_joins_the_draft(alice: User, half: Drafted) -> None:
    row = first(half)
    still = mending.mend(row=row, actor=Actor.of(alice), texts={"key": "also two@example.com", "value": "y"})
    assert still
    row.refresh_from_db()
    assert (row.state, row.texts["key"]) == ("broken", "also two@example.com")

    assert mending.mend(row=row, actor=Actor.of(alice), texts={"key": "one@example.com", "value": "y"}) == []
    assert drafted(half) == {"good@example.com": ("create", "x"), "one@example.com": ("create", "y")}
    with pytest.raises(ChangeError, match="Row 3 is mended already"):
        mending.mend(row=row, actor=Actor.of(alice), texts={"key": "one@example.com", "value": "z"})


def test_a_row_cannot_be_mended_into_what_the_draft_changes(alice: User, half: Drafted) -> None:
    (found,) = mending.mend(row=first(half), actor=Actor.of(alice), texts={"key": "Good@example.com", "value": "y"})
    assert found.rule == "sheet.double-key"
    assert drafted(half) == {"good@example.com": ("create", "x")}


def test_rows_are_left_out_and_the_draft_goes_on_without(alice: User, half: Drafted) -> None:
    assert half.request
    mending.leave_out(row=first(half), actor=Actor.of(alice))
    assert mending.leave_all_out(request=half.request, actor=Actor.of(alice)) == 1
    assert mending.counts(half.request) == {"left out": 2}
    done = drafting.submit(request=half.request, actor=Actor.of(alice), reason="")
    assert done.state == "applied"


def test_only_who_made_the_draft_mends_it_and_only_while_it_is_one(alice: User, dora: User, half: Drafted) -> None:
    assert half.request
    row = first(half)
    with pytest.raises(Forbidden):
        mending.mend(row=row, actor=Actor.of(dora), texts={"key": "a@example.com", "value": "y"})
    drafting.submit(request=half.request, actor=Actor.of(alice), reason="")
    with pytest.raises(ChangeError, match="Only a draft can be changed here"):
        mending.leave_out(row=row, actor=Actor.of(alice))


def test_a_password_in_a_broken_row_is_shown_as_dots_and_kept(alice: User, place: Path) -> None:
    cells = '"""U:relay"" ""P:s3cr3t"""'
    done = take(alice, place, in_csv((*HEADER, "enabled"), ("authinfo:smart.example", cells, "maybe")), table="access")
    row = first(done)
    shown = mending.shown_texts(row)
    assert MASK in shown["value"]
    assert "s3cr3t" not in str(shown)
    typed = {"key": shown["key"], "value": shown["value"], "enabled": "yes"}
    assert mending.mend(row=row, actor=Actor.of(alice), texts=typed) == []
    assert drafted(done)["authinfo:smart.example"] == ("create", '"U:relay" "P:s3cr3t"')
