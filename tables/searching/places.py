"""How the index numbers parts of a table, so that their numbers come in the order of the file.

A document of the index is the text of some neighbours in a file: those that were read as one block of its lines, and
apart from them those that were put between two lines later, by where between. Its number has the cluster first, then
the block, then which of the two. It follows from an entry's position alone.
"""

from __future__ import annotations

from tables.sendmail.layout import STEP

#: Lines of a block. Fewer make lists of common words long, more make an edit and a look into a block slow; measured.
LINES = {"sqlite": 16, "postgresql": 16}

CLUSTER = 44
_BLOCK = 17
#: Positions between two lines that make one document: sixteen entries that were put there one after the other.
_BETWEEN = 16
_STEP = STEP.bit_length() - 1


def shift(vendor: str) -> int:
    return _STEP + LINES[vendor].bit_length() - 1


def document(vendor: str, row: str) -> str:
    """The number of a row's document, in SQL; ``row`` is its alias and a dot."""
    inside = f"({row}position & {STEP - 1})"
    part = f"CASE WHEN {inside} = 0 THEN 0 ELSE 1 + ({inside} >> {_BETWEEN}) END"
    return f"(({row}cluster_id << {CLUSTER}) | (({row}position >> {shift(vendor)}) << {_BLOCK}) | ({part}))"


def first_position(vendor: str, number: str) -> str:
    """Where the block of a document starts, in SQL."""
    return f"((({number} >> {_BLOCK}) & {(1 << (CLUSTER - _BLOCK)) - 1}) << {shift(vendor)})"


def block_of(number: int) -> int:
    return (number >> _BLOCK) & ((1 << (CLUSTER - _BLOCK)) - 1)


def range_of(vendor: str, block: int) -> tuple[int, int]:
    """The first position of a block, and the first after it."""
    return block << shift(vendor), (block + 1) << shift(vendor)


def documents(vendor: str, cluster: int, *, start: int | None = None, end: int | None = None) -> tuple[int, int]:
    """The first number, and the first after, of the documents whose blocks have positions from start to end."""
    base = cluster << CLUSTER
    first = base if start is None else base | ((start >> shift(vendor)) << _BLOCK)
    after = base + (1 << CLUSTER) if end is None else base + (((end >> shift(vendor)) + 1) << _BLOCK)
    return first, after
