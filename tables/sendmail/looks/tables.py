"""Another of the seven tables, where that is beyond doubt: no line is this table's, nearly all are that one's."""

from __future__ import annotations

import re

from tables.sendmail.looks.base import Head, Look
from tables.sendmail.spec import Kind, TableSpec
from tables.sendmail.syntax.access import TAGS

_TAGS = "|".join(sorted(map(re.escape, TAGS)))
_TAG = re.compile(rf"^(?:{_TAGS}):\S+[ \t]+\S", re.IGNORECASE)
_ANY_TAG = re.compile(rf"^(?:{_TAGS}):", re.IGNORECASE)
_ACTION = re.compile(r"^[^\s:@]\S*(?<!:)[ \t]+(?:OK|RELAY|REJECT|DISCARD|SKIP|ERROR:.*|\"?[45]\d\d[ \"].*)\s*$")
_ANY_ACTION = re.compile(
    r"^\S+[ \t]+\"?(?:(?:OK|RELAY|REJECT|DISCARD|SKIP)(?![\w:])|(?:QUARANTINE|ERROR|[2345]\d\d)\b)", re.IGNORECASE
)
_ALIAS = re.compile(r"^(?:\"[^\"]+\"|[\w.+*-]+)[ \t]*:(?:[ \t]+\S|[|/\"\\:])")
_SHORT_ALIAS = re.compile(r"^(?!ipv6:)[\w+-]+:(?=\S*[a-z])[\w@.,+-]+\s*$", re.IGNORECASE)
_ANY_ALIAS = re.compile(r"^(?:[^\s:]+|[^:]*[<\"(][^:]*)[ \t]*:")
_VIRTUAL = re.compile(r"^[^\s:@|/\"]*@[\w-]+(?:\.[\w-]+)+[ \t]+(?:[^\s:]+|error:.*)\s*$")
_GENERIC = re.compile(r"^[\w.+-]+[ \t]+[^\s:@,]+@[\w-]+(?:\.[\w-]+)+\s*$")
_ANY_GENERIC = re.compile(r"^\S+(?<!:)[ \t]+[^\s:]+\s*$")
_ROUTE = re.compile(
    r"^\.?[\w-]*(?:\.[\w-]+)*[ \t]+(?:e?smtp8?|dsmtp|relay|local|procmail|uucp[\w-]*|error):\S*", re.IGNORECASE
)
_ANY_ROUTE = re.compile(r"^[^\s@]+(?<!:)[ \t]+\w[\w-]*:")
_NAME = re.compile(r"^\.?[\w-]+(?:\.[\w-]+)+\.?(?:\s*#.*|\s*)$")
_IPV6 = re.compile(r"^ipv6:[\da-f:]+\s*$", re.IGNORECASE)
_NAMES = re.compile(r"^[\w.:\[\]-]*[\w.\]](?:\s+[\w.:\[\]-]*[\w.\]])*(?:\s*#.*|\s*)$")

#: Lines that can be nothing but an entry of the table.
SURE: dict[str, tuple[re.Pattern[str], ...]] = {
    "access": (_TAG, _ACTION),
    "aliases": (_ALIAS, _SHORT_ALIAS),
    "virtusertable": (_VIRTUAL,),
    "genericstable": (_GENERIC,),
    "mailertable": (_ROUTE,),
    "relay-domains": (_NAME,),
}

#: Lines that might be meant for the table, however wrong.
POSSIBLE: dict[str, tuple[re.Pattern[str], ...]] = {
    "access": (_ANY_TAG, _ANY_ACTION),
    "aliases": (_ANY_ALIAS,),
    "virtusertable": (re.compile(r"^[^\s]*@"),),
    "genericstable": (_ANY_GENERIC,),
    "mailertable": (_ANY_ROUTE,),
    "relay-domains": (_NAMES,),
    "local-host-names": (_NAMES,),
}

#: In percent of the lines: what must be sure of another table, and what may be this one's.
_MOST, _FEW = 80, 5

#: How many lines it takes. These have two words a line, as any other map that somebody filled in wrongly may have.
_PLAIN_MAPS = frozenset(("virtusertable", "genericstable"))
_SEVERAL, _MANY = 2, 11


def another_table(spec: TableSpec, head: Head) -> Look | None:
    lines = [line for _number, line in head.entries]
    counted = {name: sum(_is_sure(name, line) for line in lines) for name in SURE}
    name = max(counted, key=counted.__getitem__)
    mine = sum(_is_possible(spec.name, line) for line in lines)
    alike = spec.kind is Kind.MAP and name in _PLAIN_MAPS
    if len(lines) < (_MANY if alike else _SEVERAL):
        return None
    if counted[name] * 100 < _MOST * len(lines) or mine * 100 > _FEW * len(lines):
        return None
    because = f"{counted[name]} of {len(lines)} lines"
    if name == "relay-domains":
        return Look(
            "a list of names, as relay-domains and local-host-names are",
            because,
            "Import it as the table that it is, with --table relay-domains or --table local-host-names.",
            head.entries[0][0],
        )
    return Look(f"sendmail’s {name}", because, f"Import it as that, with --table {name}.", head.entries[0][0])


def _is_sure(name: str, line: str) -> bool:
    return any(pattern.match(line) for pattern in SURE[name]) and not (name == "aliases" and _is_sure("access", line))


def _is_possible(name: str, line: str) -> bool:
    """What is sure of access or mailertable is no alias and no list of names, though it has a colon or two words."""
    if name != "access" and (_TAG.match(line) or _ACTION.match(line)):
        return False
    if name == "aliases" and _IPV6.match(line):
        return False
    if name not in ("access", "mailertable") and _ROUTE.match(line):
        return False
    return any(pattern.match(line) for pattern in POSSIBLE[name])
