"""What a list of targets delivers to on this host: programs, files and lists, also where sendmail reads it otherwise.

An item may be read in more than one way: ``/a|b`` is a file and so is ``|x: /a``, and ``\\:include:/a`` is appended to
instead of being read (seen with 8.17). Every kind that its marks allow counts, but for plain forms that mean one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tables.sendmail.syntax.scanning import without_comments
from tables.sendmail.syntax.targets import Item, Target, items

#: A program in quotes is one word, whatever paths are among its arguments.
_PROGRAM = re.compile(r'\s*(?:"\s*\|[^"\\]*"|\|\s*"[^"\\]*"|\|[^"\\:!<>]*)\s*\Z')
_INCLUDE = re.compile(r'(?:[^<>\\@:"|]*<)?\s*"?\s*:\s*include\s*:[^\\<>"|]*"?(?:@[\w.-]+)?\s*>?\s*\Z', re.IGNORECASE)
_ANY_INCLUDE = re.compile(r":\s*include\s*:", re.IGNORECASE)
_MARK = re.compile("[|/:]")
_ANY_FILE = re.compile(r"(?:\A|[\s:!<])/")


def deliveries(value: str) -> set[tuple[Target, str]]:
    """The kinds that are no addresses, each with what it names."""
    if not _MARK.search(value):  # each form has one of these; nearly all values have none
        return set()
    return {found for item in items(value) for found in _of(item)}


def _of(item: Item) -> Iterator[tuple[Target, str]]:
    plain = without_comments(item.text)
    for one, form in ((Target.PROGRAM, _PROGRAM), (Target.INCLUDE, _INCLUDE)):
        if form.match(plain):
            yield one, item.name
            return
    # Comments vanish in quotes too, when what was quoted is read once more.
    for text in (plain, without_comments(item.text.replace('"', ""))):
        yield from ((kind, item.name) for kind in _kinds(text.replace('"', "").replace("\\", "").strip()))


def _kinds(text: str) -> Iterator[Target]:
    include = bool(_ANY_INCLUDE.search(text))
    if "|" in text:
        yield Target.PROGRAM
    if include:
        yield Target.INCLUDE
    if include or _ANY_FILE.search(text):
        yield Target.FILE
