"""The words of a class of sendmail.cf, and what is not known of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tables.sendmail.classwords import words_of
from tables.sendmail.mailcf import MailCf, read


def cf(directory: Path, text: str) -> MailCf:
    path = directory / "sendmail.cf"
    path.write_text(text)
    return read(path)


def test_words_come_from_the_configuration_and_from_files_in_their_format(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("# note\nA.example b.example\n\nc.example # x\n")
    (tmp_path / "debian").write_text("# note\nd.example E.example\nf.example#x\n # y\n")
    found = cf(tmp_path, f"CGg.example\nFG{tmp_path}/first\nFG{tmp_path}/debian %[^\\#]\nFG-o {tmp_path}/missing\n")
    names = ("a", "c", "d", "e", "f", "g")
    assert words_of(found, "G") == {f"{name}.example" for name in names}


def test_a_class_that_nothing_is_said_of_is_empty(tmp_path: Path) -> None:
    assert words_of(cf(tmp_path, "Cwlocalhost\n"), "VirtHost") == frozenset()


@pytest.mark.parametrize("line", ["F{VirtHost}@LDAP", "F{VirtHost}|/bin/x", "C{VirtHost}$w a.example"])
def test_a_class_with_words_from_elsewhere_is_not_known(tmp_path: Path, line: str) -> None:
    assert words_of(cf(tmp_path, f"{line}\n"), "VirtHost") is None


@pytest.mark.parametrize("end", ["missing", "folder", "file %*s %s"])
def test_a_class_with_a_file_that_is_not_ours_to_read_is_not_known(tmp_path: Path, end: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a.example\n")
    assert words_of(cf(tmp_path, f"FG{tmp_path}/{end}\n"), "G") is None


def test_a_file_that_is_a_table_is_left_out(tmp_path: Path) -> None:
    found = cf(tmp_path, f"Cwlocalhost\nFw{tmp_path}/local-host-names\n")
    assert words_of(found, "w", without={tmp_path / "local-host-names"}) == {"localhost"}
