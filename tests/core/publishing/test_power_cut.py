"""What must be on the disk before the next step, so that a power cut in between loses neither the old nor the new."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tables.sendmail import generations, journal
from tables.sendmail.files import put, sync, write, write_atomic
from tables.sendmail.journal import Journal, Phase, Swap
from tables.sendmail.maildir import MailDir


class Disk:
    """Remembers in order what was synced and what was renamed, by names below its directory."""

    def __init__(self, below: Path) -> None:
        self.below = below
        self.events: list[str] = []

    def name(self, path: Path) -> str:
        return str(path.relative_to(self.below))

    def fsync(self, handle: int) -> None:
        self.events.append(f"sync {self.name(Path(f'/proc/self/fd/{handle}').readlink())}")

    def watch(self, real: Callable[..., Path]) -> Callable[..., Path]:
        def replace(source: Path, target: Path) -> Path:
            self.events.append(f"rename to {self.name(target)}")
            return real(source, target)

        return replace

    def point(self, name: str) -> None:
        self.events.append(f"-- {name}")


@pytest.fixture
def disk(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk(directory)
    monkeypatch.setattr(os, "fsync", found.fsync)
    monkeypatch.setattr(Path, "replace", found.watch(Path.replace))
    return found


def saved(journal: str = "mail/.mailadmin") -> list[str]:
    """A journal is there whole, or the one before it is."""
    return [
        f"sync {journal}/.journal.json.mailadmin-new",
        f"rename to {journal}/journal.json",
        f"sync {journal}",
    ]


def test_a_file_is_whole_before_it_gets_its_name_and_its_name_is_kept(directory: Path, disk: Disk) -> None:
    write(directory / "file", [b"text"])
    assert disk.events == ["sync file"]
    disk.events.clear()
    write_atomic(directory / "file", [b"text"])
    assert disk.events == ["sync .file.mailadmin-new", "rename to file", "sync ."]


def test_a_directory_is_synced_and_let_go(directory: Path, disk: Disk) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    sync(directory)
    assert disk.events == ["sync ."]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_copy_from_another_file_system_is_whole_before_it_goes_live(
    directory: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "staged").write_bytes(b"new")
    real = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if source.name == "staged":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return real(source, target)

    monkeypatch.setattr(Path, "replace", refuse)
    put(directory / "staged", directory / "file")
    assert disk.events == ["sync .file.mailadmin-new", "rename to file"]
    assert not (directory / "staged").exists()


def test_a_removed_journal_stays_removed(mail: MailDir, disk: Disk) -> None:
    mail.journal.touch()
    journal.remove(mail.journal)
    assert disk.events == ["sync mail/.mailadmin"]


def staged(mail: MailDir) -> tuple[Journal, list[Swap]]:
    mail.staging.mkdir()
    (mail.path / "access").write_bytes(b"old")
    for name in ("access", "mailertable"):
        (mail.staging / name).write_bytes(b"new")
    swaps = [Swap(str(mail.path / name), str(mail.staging / name)) for name in ("access", "mailertable")]
    return Journal(publication=1, release=1), swaps


def test_nothing_goes_live_before_the_way_back_is_on_the_disk(mail: MailDir, disk: Disk) -> None:
    record, swaps = staged(mail)
    generations.swap(mail, record, swaps, disk.point)
    assert disk.events == [
        *saved(),
        "-- generation made",
        "sync mail/.mailadmin/generations/0001/manifest.json",
        "sync mail/.mailadmin/generations/0001",
        "sync mail/.mailadmin/generations",
        "-- kept",
        *saved(),
        "-- swap journalled",
        "rename to mail/access",
        "-- swapped access",
        "rename to mail/mailertable",
        "-- swapped mailertable",
        "sync mail",
    ]


def test_a_publisher_that_dies_while_it_keeps_files_leaves_word_of_its_generation(mail: MailDir) -> None:
    """Else nobody would remove the second names, with which makemap reads no map."""
    record, swaps = staged(mail)
    seen: list[Any] = []

    def look(point: str) -> None:
        found = Journal.load(mail.journal)
        assert found
        seen.append((point, found.phase, found.generation, len(found.swaps)))

    generations.swap(mail, record, swaps, look)
    assert seen[:3] == [
        ("generation made", Phase.BUILDING, "0001", 0),
        ("kept", Phase.BUILDING, "0001", 0),
        ("swap journalled", Phase.SWAPPING, "0001", 2),
    ]


def test_the_journal_says_restored_only_when_the_old_files_are_on_the_disk(mail: MailDir, disk: Disk) -> None:
    record, swaps = staged(mail)
    generations.swap(mail, record, swaps)
    disk.events.clear()
    generations.restore(mail, record, disk.point)
    assert disk.events == [
        "rename to mail/access",
        "-- restored access",
        "-- restored mailertable",
        "sync mail",
        *saved(),
    ]
