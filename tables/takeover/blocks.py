"""A file as blocks that keep together: one entry or passage, or (class files) the words of one line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from tables.sendmail.render import goes_on, item_text
from tables.sendmail.spec import Entry, Passage, TableSpec
from tables.sendmail.text import encode

Item = Entry | Passage
Block = Sequence[Item]


def blocks(table: TableSpec, items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items of a file, which come in its order."""
    block: list[Item] = []
    for item in items:
        if block and not goes_on(table, block[-1], item):
            yield block
            block = []
        block.append(item)
    if block:
        yield block


def token(table: TableSpec, block: Block) -> str:
    """The same for two blocks exactly when they have the same items, wherever they stand."""
    digest = hashlib.blake2b(digest_size=12)
    for item in block:
        key = item.key if isinstance(item, Entry) else "\0"
        digest.update(encode(f"{key}\0{item_text(table, item)}\0"))
    return digest.hexdigest()


def name(block: Block) -> tuple[str, ...]:
    """The keys in it; empty for text."""
    return tuple(item.key for item in block if isinstance(item, Entry))
