"""What a first run takes over when it may not read everything."""

import os

import pytest

from tables.errors import ChangeError
from tables.management.commands import first_run
from tests.commands.running import run


def test_files_that_are_for_root_alone_are_left_alone_with_their_neighbours(tmp_path, monkeypatch):
    files = {name: tmp_path / name for name in ("access", "virtusertable")}
    for file in files.values():
        file.touch()
    assert first_run.readable(files) == files
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "access")
    with pytest.raises(ChangeError, match=f"{tmp_path}/access may not be read by you; start as root"):
        first_run.readable(files)


@pytest.mark.django_db
def test_files_of_another_mail_program_are_left_alone(tmp_path):
    (tmp_path / "access").write_text("192.0.2.1 REJECT\nexample.com DUNNO\n")
    said = run("first_run", "--from", tmp_path)
    assert "access looks like Postfix’s access" in said
    assert "Taking the sample tables instead." in said
