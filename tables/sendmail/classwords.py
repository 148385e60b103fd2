"""The words of a class of sendmail.cf, from the configuration and from its files (readcf.c 986)."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from tables.sendmail.mailcf import ClassFile, MailCf

_FIRST_WORD = "%s"
_TO_HASH = r"%[^\#]"  # Debian's


def words_of(cf: MailCf, name: str, *, without: Container[Path] = ()) -> frozenset[str] | None:
    """Every word of a class, in lower case; ``None`` when it has some that cannot be known here.

    ``without``: files that are left out, such as those of tables, whose entries are known better.
    """
    if name in cf.elsewhere:
        return None
    words = set(cf.words.get(name, ()))
    for file in cf.files.get(name, ()):
        if file.path in without:
            continue
        found = _read(file)
        if found is None:
            return None
        words |= found
    return frozenset(words)


def _read(file: ClassFile) -> set[str] | None:
    """The words of a file, ``None`` when it or its format is not ours to read. An optional one may be missing."""
    if file.scan not in (_FIRST_WORD, _TO_HASH):
        return None
    try:
        text = file.path.read_text(encoding="latin-1")
    except FileNotFoundError:
        return set() if file.optional else None
    except OSError:
        return None
    words: set[str] = set()
    for line in text.splitlines():
        if not line.startswith("#"):
            found = line.partition("#")[0].split() if file.scan == _TO_HASH else line.split()[:1]
            words.update(word.lower() for word in found)
    return words
