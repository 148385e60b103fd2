"""Which three-character pieces a text must have in which all of some words stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: More of them tell little more, and each costs a list to be read.
MOST = 24

_RUN = re.compile("[a-z0-9]+")
#: What PostgreSQL writes as an ASCII letter in upper case, so that it looks for that, too.
FOLDED = {"ı": "i", "ſ": "s"}
_FOLD = str.maketrans(FOLDED | {chr(number): chr(number + 32) for number in range(ord("A"), ord("Z") + 1)})


def wanted(vendor: str, words: Iterable[Sequence[str]]) -> list[str]:
    """Trigrams of every text that has all of the words. Each word is given as the ways in which it may be written.

    Empty when nothing can be told: each of them is too short, or none has a letter that the index knows.
    """
    pieces = _on_postgresql if vendor == "postgresql" else _on_sqlite
    found: set[str] = set()
    for ways in words:
        found |= set.intersection(*(pieces(way.translate(_FOLD)) for way in ways))
    every = sorted(found)
    return every[:: -(-len(every) // MOST)] if every else []


def patterns(vendor: str, words: Iterable[Sequence[str]]) -> list[str]:
    """Patterns of LIKE that fit every text with the words, as the index folds it: of those written in one way only."""
    found = (ways[0] for ways in words if len(set(ways)) == 1)
    return [f"%{_pattern(vendor, word)}%" for word in found]


def _pattern(vendor: str, word: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", word)
    if vendor == "sqlite":
        return escaped
    # Letters that are not ASCII have a case by the database's locale, and may stand for anything here.
    return re.sub(r"[^\x00-\x7f]+", "%", escaped.translate(_FOLD))


def _on_sqlite(word: str) -> set[str]:
    """As FTS5's tokenizer ``trigram`` does: any three characters."""
    return _windows("" if "\0" in word else word)


def _on_postgresql(word: str) -> set[str]:
    """As pg_trgm does: of each run of letters and digits, with two blanks before and one after it.

    What stands beside the word in the text is not known, so its own ends have none; nor has a run beside a character
    of which the database's locale says whether it is a letter.
    """
    found: set[str] = set()
    for run in _RUN.finditer(word):
        before, after = word[: run.start()][-1:], word[run.end() :][:1]
        padded = ("  " if before and before.isascii() else "") + run[0] + (" " if after and after.isascii() else "")
        found |= _windows(padded)
    return found


def _windows(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}
