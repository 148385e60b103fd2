"""The name that stands left of the colon in aliases: what newaliases makes of it (parseaddr.c and rulesets 3 and 0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, NoReturn

from tables.sendmail.formats.tokens import joined, scan, unquoted
from tables.sendmail.text import encode, fold, length

#: invalidaddr() gives up on an address longer than this, blanks around it included.
LONGEST = 255

_PLAIN = re.compile(r"[A-Za-z0-9._+=~#$&'*?^`{}-]+\Z")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_PART = re.compile(r"\\?.", re.DOTALL)
_ROUTING = ("@", "%", "!")  # class O
_LONE = [[mark] for mark in _ROUTING]  # the rules never come to an end with it


@dataclass(eq=False)
class NotLocal(Exception):
    """The name is refused: it does not stand for a local recipient."""

    rule: str
    message: str
    remedy: str


class Name(NamedTuple):
    """A name as it is stored. newaliases complains of one that is not ``clean``, but stores it."""

    key: str
    clean: bool = True


def resolve(name: str, local_names: frozenset[str] = frozenset()) -> str:
    """The key that newaliases stores for ``name``. Raises :class:`NotLocal` when it refuses it or complains of it.

    A colon ends a name, so one in it is refused: what follows would be lost, or become a target.
    """
    found = named(name, local_names)
    if not found.clean:
        raise unbalanced(name)
    if scan(name, ":").size < len(name):
        raise NotLocal(
            "aliases.colon",
            f"“{name.strip()[:60]}” has a colon, where the name would end.",
            "Choose a name without a colon.",
        )
    return found.key


def named(line: str, local_names: frozenset[str] = frozenset()) -> Name:
    """The name that stands before the colon of ``line``. Raises :class:`NotLocal` when newaliases refuses it."""
    bare = line.partition(":")[0].strip(" \t\v\f\r\n")
    if _PLAIN.match(bare) and len(line) <= LONGEST:
        return Name(fold(bare))
    found = scan(line, ":")
    address = line[: found.size]
    _refuse_bytes(address)
    user = joined(_local(found.tokens, local_names, address)) if found.tokens else ""
    if not user:
        shown = f"“{address.strip()[:60]}” is" if address.strip() else "There is"
        raise NotLocal("aliases.no-name", f"{shown} an empty name.", "Write a name before the colon.")
    if user.removeprefix('"')[:1] in ("/", "|"):
        _not_local(address)
    printable = _printable(user)
    return Name(fold(printable), found.clean and printable == user)


def _refuse_bytes(address: str) -> None:
    size = length(address)
    if size > LONGEST:
        raise NotLocal(
            "aliases.name-too-long",
            f"The name has {size} bytes; newaliases refuses more than {LONGEST}.",
            "Shorten the name.",
        )
    if any(0x80 <= byte < 0xA0 for byte in encode(address)):
        raise NotLocal(
            "aliases.8-bit-name",
            f"“{address.strip()[:60]}” has a byte between 0x80 and 0x9F, which newaliases refuses in a name.",
            "Write the name in ASCII.",
        )


def _printable(user: str) -> str:
    """``user`` with a question mark for each control character that is neither quoted nor escaped (hasctrlchar)."""
    quoted, text = False, ""
    for part in _PART.findall(user):
        quoted ^= part == '"'
        text += "?" if not quoted and _CONTROL.match(part) else part
    return text


# --- the rules: what is left of an address when the domain is ours ----------------------------------------------------


def _local(tokens: list[str], local_names: frozenset[str], address: str) -> list[str]:
    if ":" in tokens and ";" in tokens[tokens.index(":") :]:  # list: a, b;
        _not_local(address)
    tokens = _innermost(tokens)
    for end in ",:":  # a route: @a,@b:c
        while tokens[:1] == ["@"] and end in tokens[2:-1]:
            tokens = tokens[tokens.index(end, 2) + 1 :]
    user, domain = _focused(tokens)
    if not user or tokens in _LONE or (domain is not None and not _is_local(domain, local_names)):
        _not_local(address)
    if _is_listed([*user, *_rest(domain)]):
        raise NotLocal(
            "aliases.comma-in-name",
            f"“{address[:60]}” has a comma, which newaliases refuses in a name.",
            "Write one name before the colon.",
        )
    bare = unquoted(user[0]) if len(user) == 1 else None
    if bare is not None:
        user = scan(bare).tokens or _not_local(address)
    if any(mark in user for mark in _ROUTING) and (domain is not None or bare is not None):
        return _local(user, local_names, address)
    return user


def _is_listed(tokens: list[str]) -> bool:
    """Whether something but a mark of routing stands after a comma."""
    return any(here == "," and then not in _ROUTING for here, then in pairwise(tokens))


def _rest(domain: list[str] | None) -> list[str]:
    """What the rules see behind the user."""
    return [] if domain is None else ["<"]


def _innermost(tokens: list[str]) -> list[str]:
    """What stands in the last pair of angle brackets; without semicolons at the end."""
    while tokens and tokens[-1] == ";":
        tokens = tokens[:-1]
    if "<" in tokens:
        start = len(tokens) - tokens[::-1].index("<")
        tokens = tokens[start : tokens.index(">", start)]
        while tokens and tokens[-1] == ";":
            tokens = tokens[:-1]
    return tokens


def _focused(tokens: list[str]) -> tuple[list[str], list[str] | None]:
    """(user, domain): the last @, or else the first !, or else the last %."""
    if "@" in tokens[1:-1]:
        last = len(tokens) - 2 - tokens[-2:0:-1].index("@")
        return tokens[:last], tokens[last + 1 :]
    if "!" in tokens[1:-1]:
        bang = tokens.index("!", 1)
        domain = tokens[:bang]
        return tokens[bang + 1 :], domain if len(domain) > 2 and domain[-2] == "." else [*domain, ".", "UUCP"]
    if "%" in tokens or "@" in tokens:
        last = max(place for place, mark in enumerate(tokens) if mark in ("%", "@"))
        return tokens[:last], tokens[last + 1 :]
    return tokens, None


def _is_local(domain: list[str], local_names: frozenset[str]) -> bool:
    name = "".join(domain).lower().rstrip(".")
    return name in local_names or name in ("localhost", "localhost.uucp")


def _not_local(address: str) -> NoReturn:
    raise NotLocal(
        "aliases.not-local",
        f"“{address.strip()[:60]}” is not a local name: newaliases cannot alias non-local names.",
        "Write the local part alone, or use virtusertable for an address with a domain.",
    )


def unbalanced(name: str) -> NotLocal:
    return NotLocal(
        "aliases.unbalanced",
        f"“{name.strip()[:60]}” has quotes or brackets that do not match, or a control character.",
        "Write a plain name before the colon.",
    )
