"""What a look at a file tells without reading it: whether it is another one by now, and whose it is."""

from __future__ import annotations

import grp
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

#: Seconds for which a file that was just changed may be changed again without a look's telling it: clocks are coarse.
COARSE = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    #: Differs as soon as the file is replaced, written or given away.
    identity: str
    size: int
    #: Seconds since 1970: of the last change of its content, and of anything about it.
    modified: float
    changed: float
    owner: str
    group: str
    #: The bits that say who may do what.
    mode: int

    def settled(self, now: float) -> bool:
        """Whether the same identity later means the same content."""
        return now - self.changed > COARSE


def look(path: Path) -> Look | None:
    """``None``: there is no such file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Look(
        identity=f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}",
        size=found.st_size,
        modified=found.st_mtime,
        changed=found.st_ctime,
        owner=owner_name(found.st_uid),
        group=group_name(found.st_gid),
        mode=stat.S_IMODE(found.st_mode),
    )


def owner_name(uid: int) -> str:
    """The account's name, or its number where it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def likely(owner: str, mode: int | None) -> str:
    """Who is likely to have changed a file that is theirs: nothing on the host records it. Empty: it cannot be told."""
    if not owner:
        return ""
    if mode is not None and mode & 0o022:
        return f"Likely {owner}, to whom it belongs, but others may write it too."
    if owner == "root":
        only = "read or write" if mode is not None and not mode & 0o044 else "write"
        return f"Likely root, or somebody who became root: only root may {only} it."
    return f"Likely {owner}, to whom it belongs: besides root only {owner} may write it."
