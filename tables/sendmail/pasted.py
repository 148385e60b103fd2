"""What comes along when an address is pasted: a name around it, ``mailto:``, punctuation, characters nobody sees."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Letters of no width besides the format characters: combining grapheme joiner, Hangul fillers, variation selectors.
_NO_WIDTH = frozenset("\u034f\u115f\u1160\u3164\uffa0\u180b\u180c\u180d") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}
#: These join letters of some scripts in a domain (RFC 5892, appendix A), and mean nothing beside ASCII.
_JOINERS = frozenset("\u200c\u200d")

_MEANT: dict[str, str] = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_MEANT |= dict.fromkeys("“”„‟«»〝〞", '"') | dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("。｡", ".")
_MEANT |= {"﹫": "@", "、": ",", "‹": "<", "›": ">", "〈": "<", "〉": ">"}

_ENDS = " \t\r\n,;"
_ANGLES = re.compile(r"(?P<name>[^<>]*)<\s*(?P<address>[^<>\s]+)\s*>\Z")
_REMARK = re.compile(r"(?P<address>[^\s()]+)\s*\((?P<name>[^()]*)\)\Z")
_MAILTO = re.compile(r"mailto:(?P<address>[^?\s]+)(?:\?\S*)?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """The one address, domain or name in a text, and the words that stood around it."""

    address: str
    name: str = ""


def clean(text: str) -> str:
    """``text`` without characters that nobody sees, and with those in ASCII that a keyboard or an editor changed."""
    if text.isascii():
        return text
    kept = (
        _plain(character)
        for index, character in enumerate(text)
        if not _is_unseen(character) or (character in _JOINERS and _joins(text, index))
    )
    return "".join(kept)


def unseen(text: str) -> list[tuple[str, int]]:
    """The name and place, from 1, of each character of ``text`` that nobody sees, blanks that are none among them."""
    if text.isascii():
        return []
    return [
        (unicodedata.name(character, f"U+{ord(character):04X}"), index + 1)
        for index, character in enumerate(text)
        if _is_blank(character) or (_is_unseen(character) and not (character in _JOINERS and _joins(text, index)))
    ]


def _plain(character: str) -> str:
    return " " if _is_blank(character) else _MEANT.get(character, character)


def _is_blank(character: str) -> bool:
    return unicodedata.category(character) == "Zs" and character != " "


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in _NO_WIDTH


def _joins(text: str, index: int) -> bool:
    neighbours = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(neighbours) == 2 and not any(character.isascii() or _is_unseen(character) for character in neighbours)


def read(text: str) -> Pasted | None:
    """The address in ``text``, which is clean; ``None`` when there is none, or more than one."""
    text = _trimmed(text)
    if found := _ANGLES.match(text) or _REMARK.match(text):
        return _whole(found["address"], _name(found["name"]))
    return _whole(text, "")


def _whole(address: str, name: str) -> Pasted | None:
    if found := _MAILTO.match(address):
        address = found["address"]
    address = _trimmed(address)
    if not address or address.lower() == "mailto:" or any(mark in address for mark in " \t,;()<>"):
        return None
    return Pasted(address, "" if name.lower() == address.lower() else name)


def _trimmed(text: str) -> str:
    """``text`` without punctuation at its ends, and without quotes around the whole of it."""
    text = text.strip(_ENDS)
    if "@" in text:
        text = text.rstrip(_ENDS + ".")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return text[1:-1].strip(_ENDS)
    return text


def _name(text: str) -> str:
    """The words around an address, without their quotes."""
    text = text.strip(_ENDS)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return " ".join(text.replace('\\"', '"').split())
