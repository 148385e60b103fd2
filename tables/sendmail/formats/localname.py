"""The name that stands left of the colon in aliases: what newaliases makes of it (parseaddr.c and ruleset 3,0)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tables.sendmail.text import fold, length

#: prescan() gives up on a name longer than this.
LONGEST = 255

_PLAIN = re.compile(r"[A-Za-z0-9._+=~#$&'*?^`{}-]+\Z")
_COMMENT = re.compile(r"\([^()]*\)?")
_ANGLE = re.compile(r"[^<>]*<([^<>]*)>[^<>]*\Z")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\Z')
_MATCHED = re.compile(r"[^\s\"()<>]+\Z")
_SAFE_UNQUOTED = re.compile(r"[^\s\"\\()<>@,;:%!\[\]]+\Z")


@dataclass(eq=False)
class NotLocal(Exception):
    """The name is refused: it does not stand for a local recipient."""

    rule: str
    message: str
    remedy: str


def resolve(name: str, local_names: frozenset[str] = frozenset()) -> str:
    """The key that newaliases stores for ``name``. Raises :class:`NotLocal` when it refuses it.

    A name whose quotes or brackets do not match is refused here too: newaliases completes it as it likes.
    """
    bare = name.strip(" \t\v\f\r\n")
    if _PLAIN.match(bare) and len(bare) <= LONGEST:
        return fold(bare)
    _refuse_length(bare)
    bare = _address(bare)
    quoted = _QUOTED.match(bare)
    if quoted:
        return fold(quoted[1] if _SAFE_UNQUOTED.match(quoted[1]) else bare)
    if bare and bare[-1] != "\\" and _MATCHED.match(bare):
        return fold(_local_part(bare, local_names))
    if not bare:
        raise NotLocal("aliases.no-name", f"“{name.strip()[:60]}” is an empty name.", "Write a name before the colon.")
    raise NotLocal(
        "aliases.unbalanced",
        f"“{name.strip()[:60]}” has quotes or brackets that do not match.",
        "Write a plain name before the colon.",
    )


def _refuse_length(name: str) -> None:
    if length(name) > LONGEST:
        raise NotLocal(
            "aliases.name-too-long",
            f"The name has {length(name)} bytes; newaliases refuses more than {LONGEST}.",
            "Shorten the name.",
        )
    if not name:
        raise NotLocal("aliases.no-name", "There is no name before the colon.", "Write a name before the colon.")


def _address(name: str) -> str:
    """``name`` without RFC 822 comments and a phrase before ``<…>``, blanks between words made dots."""
    if '"' not in name:
        name = _COMMENT.sub(" ", name).strip()
    angle = None if '"' in name else _ANGLE.match(name)
    if angle:
        name = angle[1].strip()
    words = name.split()
    return ".".join(words) if all(_PLAIN.match(word) for word in words) else name


def _local_part(name: str, local_names: frozenset[str]) -> str:
    user, at, host = name.rpartition("@")
    if "," in name:
        raise NotLocal(
            "aliases.comma-in-name",
            f"“{name[:60]}” has a comma, which newaliases refuses in a name.",
            "Write one name before the colon.",
        )
    if at and not (user and host and host.rstrip(".").lower() in local_names):
        raise _not_local(name)
    local = user if at else name
    if local[:1] in ("/", "|") or "!" in local or "%" in local or "@" in local:
        raise _not_local(name)
    return local


def _not_local(name: str) -> NotLocal:
    return NotLocal(
        "aliases.not-local",
        f"“{name[:60]}” is not a local name: newaliases cannot alias non-local names.",
        "Write the local part alone, or use virtusertable for an address with a domain.",
    )
