"""A row that is filled into the form of its page is the row that the template draws of it."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.templatetags.rows import Drawer
from tables.views.rows import Row

NASTY = [
    Entry("a@b.example", "root"),
    Entry('"><script>alert(1)</script>', "'&<b>"),
    Entry("%s {} {{ x }} {% now %}", "100% | a"),
    Entry("\ue000\ue001\ue002\ue003\ue004\ue005\ue006", "\ue006\ue000"),
    Entry("tab\there", "\uf700 \uf7e9 \x1b"),
    Entry("x@xn--bcher-kva.example", "y@xn--bcher-kva.example"),
    Entry("a&back=evil", "?key=1#x"),
]


@pytest.mark.parametrize("entry", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("table", ["virtusertable", "relay-domains"])
@pytest.mark.parametrize(("may_edit", "back", "ticked"), [(True, "q=%22&state=on", True), (False, "", False)])
def test_a_plain_row_is_what_the_template_draws(
    entry: Entry, table: str, may_edit: bool, back: str, ticked: bool
) -> None:
    spec = TABLES[table]
    drawer = Drawer(spec, may_edit=may_edit, back=back, ticked=ticked)
    row = Row(entry, [], None, None)
    assert row.plain
    context = {"table": spec, "row": row, "entry": entry, "parts": drawer.parts(entry), "listed": ticked, "back": back}
    drawn = render_to_string("tables/_row.html", context)
    assert "".join(drawer.plain(entry).split()) == "".join(drawn.split())


def test_what_there_is_something_to_say_of_is_not_drawn_plainly() -> None:
    said = [
        Entry("a", "b", comment="why"),
        Entry("a", "b", enabled=False),
        Entry("a", "b", owner="anna"),
        Entry("a", "b", ends="2031-01-01T00:00:00Z"),
        Entry("", "b"),
    ]
    assert not any(Row(entry, [], None, None).plain for entry in said)
