"""What a look at a file tells without reading it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tables.sendmail.looking import COARSE, group_name, likely, look, owner_name

#: A number that no account and no group has.
NOBODY = 2_000_000_123


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert look(tmp_path / "none") is None


def test_a_file_that_is_replaced_written_or_given_away_is_another(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    seen = [look(path)]
    path.write_text("two")
    seen.append(look(path))
    path.chmod(0o600)
    seen.append(look(path))
    (tmp_path / "other").write_text("two")
    (tmp_path / "other").replace(path)
    seen.append(look(path))
    assert len({one.identity for one in seen if one}) == 4


def test_a_look_tells_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    path.chmod(0o640)
    seen = look(path)
    assert seen
    assert (seen.size, seen.mode, seen.owner) == (3, 0o640, owner_name(os.geteuid()))
    assert not seen.settled(seen.changed + COARSE)
    assert seen.settled(seen.changed + COARSE + 1)


def test_an_account_without_a_name_is_its_number() -> None:
    assert (owner_name(0), group_name(0)) == ("root", "root")
    assert (owner_name(NOBODY), group_name(NOBODY)) == (str(NOBODY), str(NOBODY))


@pytest.mark.parametrize(
    ("owner", "mode", "said"),
    [
        ("", None, ""),
        ("root", 0o600, "Likely root, or somebody who became root: only root may read or write it."),
        ("root", 0o644, "Likely root, or somebody who became root: only root may write it."),
        ("root", None, "Likely root, or somebody who became root: only root may write it."),
        ("mia", 0o644, "Likely mia, to whom it belongs: besides root only mia may write it."),
        ("mia", 0o664, "Likely mia, to whom it belongs, but others may write it too."),
    ],
)
def test_who_did_it_is_likely_whoever_may(owner: str, mode: int | None, said: str) -> None:
    assert likely(owner, mode) == said
