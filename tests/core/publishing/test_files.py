"""Files are replaced whole, with their owner and mode, and whoever has the old one open is woken."""

import errno
import hashlib
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail.files import Ownership, identity, leftover, link, put, sha256, write, write_atomic


def test_a_new_file_has_its_owner_and_mode(tmp_path: Path) -> None:
    owner, group = (os.geteuid(), os.getegid()) if os.geteuid() else (1, 2)  # only root can give a file away
    write(tmp_path / "new", [b"a", b"b"], Ownership(owner, group, 0o604))
    found = (tmp_path / "new").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (owner, group, 0o604)
    assert (tmp_path / "new").read_bytes() == b"ab"


def test_a_file_is_given_away_before_it_gets_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """chown takes the set-user-ID bit away, and until then nobody else may read."""
    given: list[tuple[int, int, int]] = []

    def chown(path: Path, uid: int, gid: int) -> None:
        given.append((uid, gid, path.stat().st_mode & 0o7777))

    monkeypatch.setattr(os, "chown", chown)
    write(tmp_path / "new", [b"a"], Ownership(4711, 4712, 0o4640))
    assert given == [(4711, 4712, 0o600)]
    assert (tmp_path / "new").stat().st_mode & 0o7777 == 0o4640


def test_a_file_that_has_its_owner_is_not_given_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "chown", lambda *_: pytest.fail("it was given away"))
    write(tmp_path / "new", [b"a"])
    found = Ownership.of(tmp_path / "new")
    assert found.mode == 0o600
    write(tmp_path / "new", [b"b"], Ownership(found.uid, found.gid, 0o644))
    assert Ownership.of(tmp_path / "new").mode == 0o644


def test_a_link_that_lies_in_the_way_of_a_new_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"theirs")
    leftover(tmp_path / "file").symlink_to(tmp_path / "victim")
    write_atomic(tmp_path / "file", [b"ours"])
    assert (tmp_path / "victim").read_bytes() == b"theirs"
    assert (tmp_path / "file").read_bytes() == b"ours"
    assert not (tmp_path / "file").is_symlink()


def test_a_second_name_of_the_old_file_keeps_the_old_text(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "backup").hardlink_to(tmp_path / "file")
    write_atomic(tmp_path / "file", [b"new"])
    assert ((tmp_path / "file").read_bytes(), (tmp_path / "backup").read_bytes()) == (b"new", b"old")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomic(tmp_path / "file", (b"x" * 65_536 for _ in range(32)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


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


def test_a_first_file_needs_no_old_one(tmp_path: Path) -> None:
    (tmp_path / "staged").write_bytes(b"new")
    put(tmp_path / "staged", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not (tmp_path / "staged").exists()


def test_a_move_that_fails_leaves_both_files_and_no_open_descriptor(tmp_path: Path) -> None:
    (tmp_path / "staged").write_bytes(b"new")
    (tmp_path / "place").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(IsADirectoryError):
        put(tmp_path / "staged", tmp_path / "place")
    assert (tmp_path / "staged").read_bytes() == b"new"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_no_second_name_can_be_given_a_copy_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o604)
    os.utime(tmp_path / "file", ns=(1, 1_000_000_007))
    link(tmp_path / "file", tmp_path / "kept")
    found = (tmp_path / "kept").stat()
    assert ((tmp_path / "kept").read_bytes(), found.st_mode & 0o7777) == (b"old", 0o604)
    assert (found.st_mtime_ns, found.st_nlink) == (1_000_000_007, 1)


def test_a_second_name_is_not_given_over_another_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "kept").write_bytes(b"kept before")
    with pytest.raises(FileExistsError):
        link(tmp_path / "file", tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"kept before"


def test_a_file_is_known_again_until_it_changes_or_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "map.db"
    assert identity(file) == ""
    file.write_bytes(b"one")
    first = identity(file)
    assert identity(file) == first
    os.utime(file, ns=(1, 1_000_000_007))
    assert identity(file) != first
    second = identity(file)
    (tmp_path / "other").write_bytes(b"one")
    os.utime(tmp_path / "other", ns=(1, 1_000_000_007))
    (tmp_path / "other").replace(file)
    assert identity(file) not in {first, second}


def test_a_checksum_is_that_of_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert sha256(tmp_path / "file") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
