"""An entry as the change log writes it down, and the checksums over that."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from tables.sendmail.render import Row, WholeRow
from tables.sendmail.spec import ABOUT, Entry, Passage

#: What a state has always; of :data:`ABOUT` it has what is set.
FIELDS = ("value", "comment", "enabled", "position", "above", "raw")
#: Entries that are digested together.
AT_ONCE = 1000


def to_json(entry: Entry | None) -> dict[str, Any] | None:
    """All of an entry but its key, which stands beside it."""
    if entry is None:
        return None
    state: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    return state | {name: told for name in ABOUT if (told := getattr(entry, name))}


def from_json(key: str, state: Mapping[str, Any] | None) -> Entry | None:
    return None if state is None else Entry(key=key, **state)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted names, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def checksum(value: Any) -> str:
    """SHA-256 in hexadecimal of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def entry_checksum(entry: Entry | None) -> str:
    """What a form remembers of the entry that it showed; empty for none."""
    return "" if entry is None else checksum(asdict(entry))


def table_digest(rows: Iterable[Row | WholeRow]) -> tuple[int, str]:
    """How many entries and SHA-256 over all of them, which come sorted by key.

    No text holds a NUL (:mod:`tables.sendmail.text`), so fields joined by it cannot be mistaken for one another.
    """
    digest = hashlib.sha256()
    count = 0
    texts = (
        f"{key}\0{value}\0{comment}\0{'1' if enabled else '0'}{_told(about) if about else ''}\0"
        f"{position}\0{above}\0{raw}\0"
        for key, value, comment, enabled, position, above, raw, *about in rows
    )
    while some := list(islice(texts, AT_ONCE)):
        digest.update("".join(some).encode())
        count += len(some)
    return count, digest.hexdigest()


def _told(about: list[Any]) -> str:
    """What the panel alone knows of an entry, as a text; empty when that is nothing, as it mostly is."""
    return canonical_json([text or "" for text in about]) if any(about) else ""


def passages_digest(passages: Iterable[Passage]) -> tuple[int, str]:
    """How many passages and SHA-256 over all of them, which come in the order of the file."""
    digest = hashlib.sha256()
    count = 0
    for passage in passages:
        digest.update(f"{passage.position}\0{passage.text}\0".encode())
        count += 1
    return count, digest.hexdigest()


def checksum_of_list(values: Iterable[Any]) -> str:
    """:func:`checksum` of a list of the values, of which only one is in memory at a time."""
    digest = hashlib.sha256(b"[")
    for number, value in enumerate(values):
        digest.update(("," if number else "").encode() + canonical_json(value).encode())
    digest.update(b"]")
    return digest.hexdigest()
