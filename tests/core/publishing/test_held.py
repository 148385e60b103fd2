"""What holds a host, and what is live on it, in files that say it whole or count as held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tables.sendmail.files import put_away
from tables.sendmail.held import Held, HeldUnreadable, Release, held_path, let_go, live_path, load_live, note_live
from tables.sendmail.maildir import MailDir
from tables.sendmail.manifest import Live

HELD = Held("2026-11-25T21:40:00.000001+00:00", "anna", "it bounces", 12, 11, "0007", [{"table": "access"}])


def test_a_hold_is_read_as_it_was_written(mail: MailDir) -> None:
    assert Held.load(mail) is None
    for held in (HELD, replace(HELD, released=Release("2026-11-26T08:00:00+00:00", "bert"))):
        held.save(mail)
        assert Held.load(mail) == held
    assert held_path(mail).stat().st_mode & 0o777 == 0o600
    let_go(mail)
    let_go(mail)
    assert Held.load(mail) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"since": "now"}'])
def test_a_hold_that_nobody_can_read_holds(mail: MailDir, text: str) -> None:
    held_path(mail).write_text(text)
    with pytest.raises(HeldUnreadable, match=f"If nobody wants that, remove {held_path(mail)}"):
        Held.load(mail)


def test_a_hold_says_since_when_by_whom_and_why() -> None:
    assert str(HELD) == "held since 2026-11-25 21:40 UTC by anna: it bounces"
    assert str(replace(HELD, reason="")) == "held since 2026-11-25 21:40 UTC by anna"


def test_what_is_live_is_known_or_nobody_guesses(mail: MailDir) -> None:
    assert load_live(mail) is None
    note_live(mail, Live(12, 40, [{"table": "access"}]))
    assert load_live(mail) == Live(12, 40, [{"table": "access"}])
    live_path(mail).write_text("{")
    assert load_live(mail) is None


def test_what_is_not_there_needs_no_removing(mail: MailDir) -> None:
    put_away(mail.path / "access")
