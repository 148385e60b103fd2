"""Domains as people read them and as mail and the DNS hold them: U-labels and A-labels of IDNA 2008 (RFC 5890).

What is shown beside the ASCII form follows UTS 39: a label of one script only, and none that could pass for Latin.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

#: A domain name with its dots (RFC 1035).
LONGEST = 253

_PREFIX = "xn--"
_ASCII_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_IN_TEXT = re.compile(r"(?<![a-z0-9_.-])(?:[a-z0-9_-]+\.)*xn--[a-z0-9-]*(?:\.[a-z0-9_-]+)*", re.IGNORECASE | re.ASCII)
#: Where a domain stands in an address or route: after @, after mailer: and in brackets.
_HOST = re.compile(r"(?<=[@:\[])[^\s@:,;<>()\[\]\"]+")

#: Scripts that a label may have together (UTS 39, highly restrictive).
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
#: Letters of other scripts that look like Latin ones: a label of nothing else could pass for another domain.
_LOOKS_LATIN = frozenset("аысԁеԍһіюкјӏорԗԛѕԝхуъьҽпгѵѡαικνρυωηοτ0123456789-")


def to_ascii(domain: str) -> str | None:
    """``domain`` with A-labels, case and width mapped by UTS 46. ``None`` when IDNA has no such domain."""
    if len(domain) > LONGEST:
        return None
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
        labels = [_a_label(label) for label in mapped.rstrip(".").split(".")]
    except idna.IDNAError:
        return None
    found = ".".join(labels)
    return found if len(found) <= LONGEST else None


def _a_label(label: str) -> str:
    if not label.isascii():
        return idna.alabel(label).decode()
    if _ASCII_LABEL.match(label) and not is_bad(label):
        return label
    raise idna.IDNAError(label)


def hosts_to_ascii(text: str) -> str:
    """An address or route with the domains in it as A-labels; what IDNA has no form for stays as it is."""
    return text if text.isascii() else _HOST.sub(lambda found: to_ascii(found[0]) or found[0], text)


def word_to_ascii(word: str) -> str:
    """A word that somebody looks for with the domain in it as A-labels; unchanged when it has none."""
    user, at, domain = word.rpartition("@")
    name = domain.lstrip(".")
    return word if name.isascii() else user + at + domain[: len(domain) - len(name)] + (to_ascii(name) or name)


def is_bad(label: str) -> bool:
    """Whether ``label`` (in lower case) says that it is an A-label, but stands for nothing."""
    return label.startswith(_PREFIX) and _u_label(label) is None


def bad_label(text: str) -> str:
    """The first label in ``text`` that says that it is an A-label, but stands for nothing; empty without one."""
    names = (found[0].lower() for found in _IN_TEXT.finditer(text))
    return next((label for name in names for label in name.split(".") if is_bad(label)), "")


def in_letters(text: str) -> list[str]:
    """The domains with A-labels in ``text`` as people read them, those left out that could pass for others."""
    if _PREFIX not in text.lower():
        return []
    shown = (_domain_in_letters(found[0].lower()) for found in _IN_TEXT.finditer(text))
    return list(dict.fromkeys(domain for domain in shown if domain))


@lru_cache(maxsize=4096)
def _domain_in_letters(domain: str) -> str:
    labels = [_letters(label) for label in domain.split(".")]
    return ".".join(labels) if all(labels) else ""


def _letters(label: str) -> str:
    """A label as it may be shown; empty when it must not."""
    if not label.startswith(_PREFIX):
        return label
    letters = _u_label(label)
    return letters if letters is not None and _is_plain(letters) else ""


def _u_label(label: str) -> str | None:
    """What an A-label stands for; ``None`` when that is nothing, or what would be written otherwise."""
    try:
        letters = idna.ulabel(label)
        return letters if idna.alabel(letters).decode() == label else None
    except idna.IDNAError:
        return None


def _is_plain(letters: str) -> bool:
    if _LOOKS_LATIN.issuperset(letters):
        return False
    scripts = {script for character in letters if (script := _script(character))}
    return len(scripts) <= 1 or any(scripts <= allowed for allowed in _TOGETHER)


def _script(character: str) -> str:
    """The first word of a character's name, which for letters is the script; empty for what goes with any."""
    if character in "0123456789-·":
        return ""
    word = unicodedata.name(character, "UNKNOWN").replace("-", " ").split()[0]
    return {"COMBINING": "", "IDEOGRAPHIC": "CJK"}.get(word, word)
