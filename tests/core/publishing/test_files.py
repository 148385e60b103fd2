"""Files are replaced whole, with their owner and mode, and whoever has the old one open is woken."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail.files import Ownership, put, write, write_atomic


def test_a_new_file_has_its_owner_and_mode(tmp_path: Path) -> None:
    owner, group = (os.geteuid(), os.getegid()) if os.geteuid() else (1, 2)  # only root can give a file away
    write(tmp_path / "new", [b"a", b"b"], Ownership(owner, group, 0o604))
    found = (tmp_path / "new").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (owner, group, 0o604)
    assert (tmp_path / "new").read_bytes() == b"ab"


def test_a_replacement_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write_atomic(tmp_path / "file", broken())
    assert (tmp_path / "file").read_bytes() == b"old"


def test_who_has_the_old_file_open_sees_it_change(tmp_path: Path) -> None:
    """sendmail looks at the time of the descriptor, in whole seconds."""
    old, new = tmp_path / "map", tmp_path / "staged"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with old.open("rb") as reader:
        before = int(os.fstat(reader.fileno()).st_mtime)
        put(new, old)
        assert int(os.fstat(reader.fileno()).st_mtime) > before
        assert reader.read() == b"old"
    assert old.read_bytes() == b"new"


def test_a_file_on_another_file_system_is_replaced_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Path("/dev/shm") / f"mailadmin-test-{os.getpid()}"
    if elsewhere.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.fail("this test needs two file systems")
    elsewhere.write_bytes(b"new")
    elsewhere.chmod(0o640)
    (tmp_path / "file").write_bytes(b"old")
    put(elsewhere, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert not elsewhere.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
