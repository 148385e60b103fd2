"""What a virtual address hands on of the address that was written to, and to whom that gives the choice of the host."""

from __future__ import annotations

import re

from tables.sendmail.syntax.scanning import without_comments

#: What a virtual address hands on of the address that was written to.
_HANDED_ON = re.compile(r"%([1-3])")


def is_catch_all(key: str) -> bool:
    """Whether a key of virtusertable or genericstable stands for every user of a domain."""
    return key.startswith(("@", "+*@", "++@"))


def lets_choose(key: str, value: str) -> bool:
    """Whether whoever writes to a virtual address chooses the host that the mail goes on to: anybody may relay then.

    ``+*@example.com %1@%2`` sends user+host@example.com to user@host. And a part alone is read once more, without its
    quotes: ``@example.com %1`` sends "user@host"+x@example.com to user@host (both seen with 8.17).
    """
    if "%" not in value:
        return False
    text = _plain(value)
    is_fixed = not is_catch_all(key)
    parts = [part for part in _HANDED_ON.findall(text.replace("%%", "")) if not (is_fixed and part == "1")]
    if not parts:
        return False
    chosen = "|".join(f"%{part}" for part in parts)
    if "@" in text:
        return bool(re.search(f"@.*({chosen})", text))
    return text in ("%1", "%2") or "!" in text or "%%" in text


def _plain(value: str) -> str:
    """A value without comments, quotes, brackets, backslashes and what stands before ``<``."""
    text = without_comments(value)
    text = text.rpartition("<")[2] if "<" in text else text
    return re.sub(r'[\s"\\>]', "", text)
