"""What a first run takes over when it may not read everything."""

import os

import pytest

from tables.errors import ChangeError
from tables.management.commands import first_run


def test_files_that_are_for_root_alone_are_left_alone_with_their_neighbours(tmp_path, monkeypatch):
    files = {name: tmp_path / name for name in ("access", "virtusertable")}
    for file in files.values():
        file.touch()
    assert first_run.readable(files) == files
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "access")
    with pytest.raises(ChangeError, match=f"{tmp_path}/access may not be read by you; start as root"):
        first_run.readable(files)
