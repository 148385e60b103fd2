"""aliases: local names to lists of targets (aliases(5); op.me 1636; alias.c)."""

from __future__ import annotations

import re
from dataclasses import replace

from tables.sendmail.formats.localname import NotLocal, resolve
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.common import carriage_return, error, note, shown, warning
from tables.sendmail.syntax.fixes import trailing_comment, write_key, write_value
from tables.sendmail.syntax.targets import Item, Target, items

_PLAIN_KEY = re.compile(r"[a-z0-9._+-]+\Z")
_PLAIN_ADDRESS = r"[A-Za-z0-9._+-]+(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?"
_PLAIN_VALUE = re.compile(rf"{_PLAIN_ADDRESS}(?:, ?{_PLAIN_ADDRESS})*\Z")
_USELESS = re.compile(r"[*?,;\\<>()\[\]{}^`=|!]")
_KEYWORDS = frozenset(("REJECT", "DISCARD", "RELAY", "OK", "DENY"))
#: ``name: a, b;`` is a list for sendmail too; its commas have parted it into ``name: a`` and ``b;``.
_GROUP = re.compile(r"[\w.-]+:\s*[^\s:]+\Z")
_MAILER = re.compile(r"(?:e?smtp8?|dsmtp|relay|local|prog|https?):", re.IGNORECASE)
_ROUTED = re.compile(r"[%!]")


def check_key(key: str) -> list[Problem]:
    """What is wrong with a name: one that newaliases refuses, or that no mail is ever looked up with."""
    if _PLAIN_KEY.match(key):
        return []
    try:
        resolved = resolve(key)
    except NotLocal as refused:
        return [error(refused.rule, refused.message, refused.remedy, "key")]
    if resolved != key or not resolved:
        return [
            error(
                "aliases.name",
                f"“{shown(key)}” is stored as “{shown(resolved)}”.",
                f"Write {shown(resolved) or 'a name'}.",
                "key",
                write_key(resolved) if _PLAIN_KEY.match(resolved) else None,
            )
        ]
    if key.endswith("+*") and not _USELESS.search(key[:-1].removesuffix("+")):
        return []
    if _USELESS.search(key):
        return [
            warning(
                "aliases.useless-name",
                f"“{shown(key)}” is accepted, but no mail is looked up with it: there is no catch-all here.",
                "Use virtusertable for a catch-all, or a plain name.",
                "key",
            )
        ]
    return []


def check_value(key: str, value: str) -> list[Problem]:
    """What is wrong with the list of targets."""
    if _PLAIN_VALUE.match(value) and value not in _KEYWORDS and ".redirect" not in value.lower():
        return _itself(key, value) + (_twice(value) if "," in value else [])
    if value.endswith("\\"):
        return [
            error(
                "aliases.backslash",
                "The value ends with a backslash, which joins the next line to it.",
                "Remove the backslash.",
                "value",
            )
        ]
    text = value.strip(" \t\r")
    found = items(text)
    if not found:
        return [error("aliases.no-target", "There is no target in the list.", "Write at least one target.", "value")]
    if text.count('"') % 2:
        return [
            warning("aliases.quotes", f"“{shown(text)}” has an unbalanced quote.", "Add the missing quote.", "value")
        ]
    if " #" in text or "\t#" in text:
        comment = trailing_comment("aliases", text)
        if comment.fix:
            return [comment, *carriage_return(value)]
    problems = [_in_list(problem, item, text) for item in found for problem in _item(item)]
    return problems + _itself(key, text) + carriage_return(value)


def _in_list(problem: Problem, item: Item, text: str) -> Problem:
    """The problem of one target: its fix, made for the target alone, for the whole list."""
    if problem.fix is None or problem.fix.value is None or text == item.text:
        return problem
    cut = item.kind is Target.PROGRAM and not text.endswith(item.text)  # by a comma among its arguments, perhaps
    if cut or text.count(item.text) != 1:
        return replace(problem, fix=None)
    return replace(problem, fix=write_value(text.replace(item.text, problem.fix.value)))


def _item(item: Item) -> list[Problem]:
    match item.kind:
        case Target.PROGRAM:
            return _program(item)
        case Target.FILE:
            return _file(item)
        case Target.INCLUDE:
            return _include(item)
        case _:
            return _address(item)


def _program(item: Item) -> list[Problem]:
    risk = warning(
        "aliases.program",
        f"Mail is given to the program “{shown(item.name)}”.",
        "Let a second person look at the program.",
        "value",
    )
    if not item.name:
        return [error("aliases.no-program", "There is no program after |.", "Write its absolute path.", "value")]
    if '"' not in item.text and re.search(r"\s", item.text):
        quoted = f'"|{item.name}"'
        return [
            risk,
            warning(
                "aliases.unquoted-program",
                "Blanks of a program without quotes become dots.",
                f"Write {shown(quoted)}.",
                "value",
                write_value(quoted) if item.text.startswith("|") and "\\" not in item.text else None,
            ),
        ]
    return [risk]


def _file(item: Item) -> list[Problem]:
    if item.name == "/dev/null":
        return [
            note(
                "aliases.dev-null",
                "Mail is thrown away without a word to the sender.",
                "Nothing, if that is meant.",
                "value",
            )
        ]
    return [
        warning(
            "aliases.file",
            f"Mail is appended to the file “{shown(item.name)}”.",
            "Let a second person look at the file.",
            "value",
        )
    ]


def _include(item: Item) -> list[Problem]:
    risk = warning(
        "aliases.include",
        f"Whoever can write “{shown(item.name)}” decides where mail goes.",
        "Let a second person look at the file's owner and mode.",
        "value",
    )
    if not item.name.startswith("/"):
        return [
            risk,
            warning(
                "aliases.relative-include",
                f"“{shown(item.name)}” is no absolute path.",
                "Write the path from / on.",
                "value",
            ),
        ]
    return [risk]


def _address(item: Item) -> list[Problem]:
    name = re.sub(r"\([^()]*\)", "", item.name).strip(" \t\r")
    quoted = item.text.startswith('"')
    if name.startswith("#"):
        return [trailing_comment("aliases", name)]
    if name in _KEYWORDS or name.lower().startswith("error:"):
        return [
            warning(
                "aliases.keyword",
                f"“{shown(name)}” is a user's name here.",
                "Use access or virtusertable to refuse mail.",
                "value",
            )
        ]
    if item.text.count("<") != item.text.count(">") or "<" in name or ">" in name:
        return [_brackets(item)]
    if not quoted and name.count("(") != name.count(")"):
        return [
            warning(
                "aliases.parentheses",
                f"“{shown(item.text)}” has an unbalanced parenthesis.",
                "Add the missing one, or remove it.",
                "value",
            )
        ]
    plain = not quoted and not _GROUP.match(name)
    if plain and ";" in name.rstrip("; "):
        return [_separator(item, re.split(r"\s*;\s*", name.strip("; ")))]
    if plain and re.search(r"\s", name):
        return [_blank(item, name.split())]
    return _parts(item, name)


def _brackets(item: Item) -> Problem:
    plain = re.sub(r"[<>]", "", item.text).strip()
    return warning(
        "aliases.brackets",
        f"“{shown(item.text)}” has an unbalanced angle bracket.",
        "Write user@domain.",
        "value",
        write_value(plain) if _PLAIN_VALUE.match(plain) else None,
    )


def _separator(item: Item, names: list[str]) -> Problem:
    return warning(
        "aliases.separator",
        f"“{shown(item.text)}” is one user's name: semicolons do not separate.",
        "Put a comma between two targets.",
        "value",
        _list_of(names),
    )


def _blank(item: Item, names: list[str]) -> Problem:
    """Names with nothing between them, as after a line that goes on without a comma."""
    alike = len({"@" in name for name in names}) == 1
    return warning(
        "aliases.blank",
        f"“{shown(item.text)}” is one address with a blank in it.",
        "Put a comma between two targets.",
        "value",
        _list_of(names) if alike else None,
    )


def _list_of(names: list[str]) -> Fix | None:
    value = ", ".join(names)
    return write_value(value) if _PLAIN_VALUE.match(value) else None


def _parts(item: Item, name: str) -> list[Problem]:
    if _MAILER.match(name):
        return [
            warning(
                "aliases.mailer",
                f"“{shown(name)}” is a user's name here: a mailer means nothing in aliases.",
                "Write user@domain, and the route in mailertable.",
                "value",
            )
        ]
    if (name.startswith("@") and ":" in name) or _GROUP.match(name):
        return []
    local, at, domain = name.rpartition("@")
    if not name or (at and (not local or not domain or "@" in local or "" in domain.split("."))):
        return [warning("aliases.address", f"“{shown(item.text)}” is no address.", "Write user@domain.", "value")]
    if _ROUTED.search(local if at else name):
        return [_routed(item)]
    if domain.lower().endswith(".redirect"):
        return [_redirect(name)]
    if name.startswith(("./", "~")):
        return [
            warning(
                "aliases.relative-file",
                f"“{shown(name)}” is a user's name, not a file.",
                "Write a path from / on.",
                "value",
            )
        ]
    if not name.isascii():
        return [
            warning(
                "aliases.8-bit", f"“{shown(name)}” has characters that are not ASCII.", "Write it in ASCII.", "value"
            )
        ]
    return []


def _routed(item: Item) -> Problem:
    return warning(
        "aliases.routed",
        f"“{shown(item.text)}” is a routed address: mail goes on to the host inside it.",
        "Write the final address.",
        "value",
    )


def _redirect(name: str) -> Problem:
    return warning(
        "aliases.redirect",
        f"“{shown(name)}” tells senders a new address only with FEATURE(redirect); otherwise it is a host.",
        "Check sendmail.mc, or write an error in virtusertable.",
        "value",
    )


def _twice(value: str) -> list[Problem]:
    """A target that the list names again, which sendmail delivers to once."""
    names = [name.strip().lower() for name in value.split(",")]
    kept = list(dict.fromkeys(names))
    if len(kept) == len(names):
        return []
    again = next(name for index, name in enumerate(names) if name in names[:index])
    return [
        note(
            "aliases.twice",
            f"“{shown(again)}” stands in the list more than once; it gets the mail once.",
            "Remove it once.",
            "value",
            write_value(", ".join(kept)),
        )
    ]


def _itself(key: str, value: str) -> list[Problem]:
    if value.strip().lower() != key:
        return []
    return [
        warning(
            "aliases.itself",
            f"“{shown(key)}” leads to itself only; without a user of this name mail is refused.",
            "Give another target, or remove the alias.",
            "value",
        )
    ]
