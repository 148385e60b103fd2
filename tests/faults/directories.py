"""A directory and files that are not as a publisher would have them."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.case import FAILED, RAISED, SUCCEEDED, Attempt, Case, Checkpoint, nothing, unchanged
from tests.faults.stage import Place

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
SOMEBODY = 4711
MAPS = frozenset({"access.db"})
TEXTS = frozenset({"access"})


def cases() -> Iterator[Case]:
    yield from fine()
    yield from to_mend()


def fine() -> Iterator[Case]:
    """Odd, but nothing to stop at."""
    yield good("wrong owner", "the map belongs to somebody else, who lets all read it", owned("access.db", 0o644))
    yield good("wrong owner", "the text belongs to somebody else", owned("access", 0o644))
    yield good("wrong mode", "the map is 0600", lambda place: (place.mail / "access.db").chmod(0o600))
    yield good("wrong mode", "the text is 0400", lambda place: (place.mail / "access").chmod(0o400))
    yield good("linked", "the text is a link into another directory", moved("access"))
    yield good("linked", "the map is a link into another directory", moved("access.db"))
    yield good("linked", "the text has a second name", second_name("access"))
    yield good("linked", "the map has a second name", second_name("access.db"))
    yield good("leftovers", "of a publisher that was stopped", strewn)
    yield good("clock", "the live files are of next year", of_next_year)
    yield good("map by hand", "the map was cut short", cut_short, MAPS)
    yield good("map by hand", "the map is gone", lambda place: (place.mail / "access.db").unlink(), MAPS)


def good(fault: str, point: str, prepare: Callable[[Place], None], other: frozenset[str] = frozenset()) -> Case:
    return Case(fault, "swap", point, [Attempt()], frozenset({SUCCEEDED}), prepare=prepare, other=other)


def to_mend() -> Iterator[Case]:
    """What a person has to mend: it is said, and nothing live was touched."""
    yield bad("unsafe mode", "lock", "everybody may write into the directory", modes(0o777), "Everybody may write in",
              mend=modes(0o755))  # fmt: skip
    yield bad("unsafe mode", "build", "the group of another may write into the directory", modes(0o775, SOMEBODY),
              "Group writable directory", mend=modes(0o755, 0))  # fmt: skip
    yield bad("wrong owner", "verify", "the map belongs to somebody else, who lets nobody read it",
              owned("access.db", 0o640), "Permission denied", mend=owned("access.db", 0o640, 0))  # fmt: skip
    yield bad("linked", "plan", "the text is a link to nowhere", dangling, "No such file or directory", TEXTS,
              mend=undangled, override=True)  # fmt: skip
    yield bad("not a file", "read", "the text is a directory", directory_for("access"), "Is a directory", TEXTS,
              mend=instead_of("access"))  # fmt: skip
    yield bad("not a file", "plan", "the map is a directory", directory_for("access.db"), "is not a plain file", MAPS,
              mend=instead_of("access.db"))  # fmt: skip
    yield bad("text by hand", "plan", "somebody added a line", edited, "was changed by hand", TEXTS, override=True)
    yield bad("directory", "lock", "it is gone", away, "does not exist", mend=came_back)
    yield bad(
        "directory",
        "lock",
        "the publisher's corner is a file",
        cornered,
        "Not a directory",
        mend=uncornered,
        end=RAISED,
    )
    yield bad("read-only", "lock", "the file system is mounted read-only", nothing, "is not writable",
              enter=mounted_read_only)  # fmt: skip
    yield bad("journal", "lock", "it is cut short", cut_journal, "cannot be read", mend=without_journal, end=RAISED)


def bad(
    fault: str,
    step: str,
    point: str,
    prepare: Callable[[Place], None],
    says: str,
    other: frozenset[str] = frozenset(),
    *,
    mend: Callable[[Place], None] = nothing,
    enter: Callable[[Place], Checkpoint | None] = unchanged,
    end: str = FAILED,
    override: bool = False,
) -> Case:
    attempts = [Attempt(enter=enter)]
    ends = frozenset({end})
    return Case(fault, step, point, attempts, ends, prepare, mend, says=says, other=other, override=override)


# --- preparations -----------------------------------------------------------------------------------------------------


def owned(name: str, mode: int, user: int = SOMEBODY) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        os.chown(place.mail / name, user, user)
        (place.mail / name).chmod(mode)

    return prepare


def modes(mode: int, group: int = -1) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        os.chown(place.mail, -1, group)
        place.mail.chmod(mode)

    return prepare


def elsewhere(place: Place) -> Path:
    found = place.path / "elsewhere"
    found.mkdir(exist_ok=True)
    return found


def moved(name: str) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        (place.mail / name).rename(elsewhere(place) / name)
        (place.mail / name).symlink_to(f"../elsewhere/{name}")

    return prepare


def back(name: str) -> Callable[[Place], None]:
    def mend(place: Place) -> None:
        (elsewhere(place) / name).rename(place.mail / name)

    return mend


def second_name(name: str) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        os.link(place.mail / name, elsewhere(place) / name)

    return prepare


def strewn(place: Place) -> None:
    for name in (
        ".access.mailadmin-new",
        ".access.db.mailadmin-new",
        ".mailadmin/staging/access",
        ".mailadmin/staging/x",
    ):
        (place.mail / name).write_text("half a line")
    (place.mail / ".mailadmin/staging/plan-old").mkdir()


def of_next_year(place: Place) -> None:
    future = time.time() + 365 * 86_400
    for path in place.mail.iterdir():
        if path.is_file():
            os.utime(path, (future, future))


def cut_short(place: Place) -> None:
    os.truncate(place.mail / "access.db", 1000)


def dangling(place: Place) -> None:
    (place.mail / "access").unlink()
    (place.mail / "access").symlink_to("../nowhere/access")


def undangled(place: Place) -> None:
    (place.path / "nowhere").mkdir()


def directory_for(name: str) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        (place.mail / name).rename(elsewhere(place) / name)
        (place.mail / name).mkdir()

    return prepare


def instead_of(name: str) -> Callable[[Place], None]:
    def mend(place: Place) -> None:
        (place.mail / name).rmdir()
        back(name)(place)

    return mend


def edited(place: Place) -> None:
    with (place.mail / "access").open("a") as text:
        text.write("From:by-hand@bad.example\tREJECT\n")


def away(place: Place) -> None:
    place.mail.rename(place.path / "put-away")


def came_back(place: Place) -> None:
    (place.path / "put-away").rename(place.mail)


def cornered(place: Place) -> None:
    (place.mail / ".mailadmin").rename(place.path / "corner")
    (place.mail / ".mailadmin").write_text("")


def uncornered(place: Place) -> None:
    (place.mail / ".mailadmin").unlink()
    (place.path / "corner").rename(place.mail / ".mailadmin")


def cut_journal(place: Place) -> None:
    (place.mail / ".mailadmin/journal.json").write_text('{\n "publication": 2,\n "rele')


def without_journal(place: Place) -> None:
    (place.mail / ".mailadmin/journal.json").unlink()


def mounted_read_only(place: Place) -> Checkpoint | None:
    """In a mount namespace of the publisher's own, so that the next one finds the directory writable again."""
    libc = ctypes.CDLL(None, use_errno=True)
    mail = str(place.mail).encode()
    for done in (
        libc.unshare(CLONE_NEWNS if os.geteuid() == 0 else CLONE_NEWNS | CLONE_NEWUSER),
        libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None),
        libc.mount(mail, mail, None, ctypes.c_ulong(MS_BIND), None),
        libc.mount(b"none", mail, None, ctypes.c_ulong(MS_BIND | MS_REMOUNT | MS_RDONLY), None),
    ):
        if done:
            raise OSError(ctypes.get_errno(), "the directory cannot be mounted read-only for one process")
    return None


def copied(path: Path, to: Path) -> None:
    shutil.copy2(path, to)
