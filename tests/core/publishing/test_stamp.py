"""A rewritten file says where it comes from, in one line that nothing else sees."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tables.sendmail import stamp

LINE = stamp.line(release=12, checksum="0123456789abcdef" * 4, audit="fedcba9876543210" * 4)


def test_the_stamp_names_release_checksum_and_audit_chain_in_one_comment() -> None:
    said = LINE.decode()
    assert said.startswith("#")
    assert said.endswith("\n")
    assert said.count("\n") == 1
    for part in (" release 12,", " change checksum 0123456789abcdef,", " audit fedcba9876543210."):
        assert part in said
    assert " audit none." in stamp.line(release=1, checksum="", audit="").decode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"root: alice\n",
        b"# ours\nroot: alice\n",
        b"no end of line",
        b"x" * 5000 + b"\nroot: alice\n",
        b"\nroot: alice\n" * 200_000,
        LINE + b"root: alice\n",
    ],
)
def test_what_stands_below_the_stamp_comes_back_byte_for_byte(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "stamped").write_bytes(LINE + text)
    assert b"".join(stamp.body(tmp_path / "stamped")) == text
    assert stamp.body_sha256(tmp_path / "stamped") == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("text", [b"", b"root: alice\n", b"x" * 5000 + b"\n", b"root: alice\n" + LINE])
def test_a_file_without_a_stamp_is_all_body(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "plain").write_bytes(text)
    assert b"".join(stamp.body(tmp_path / "plain")) == text
