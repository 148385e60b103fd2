"""What a person typed or pasted that is more than a key or value: which one is meant, said before it is stored."""

from __future__ import annotations

from tables.sendmail import pasted
from tables.sendmail.pasted import Pasted
from tables.sendmail.spec import Entry, Fix, Grade, Problem, TableSpec
from tables.sendmail.syntax.common import check_key_text, error, shown, warning
from tables.sendmail.syntax.letters import key_in_ascii, value_in_ascii
from tables.sendmail.text import fold


def check_typed(spec: TableSpec, typed: Entry, original_key: str | None = None) -> list[Problem]:
    """What stands around the address in a key or value as typed; the key is not folded yet.

    In a key it is an error, since only the address can be looked up: one click leaves that. A name that stood beside
    it becomes the comment of an entry without one. A key that a file has, and that was not touched, is not judged.
    """
    same = original_key is not None and fold(typed.key) == original_key
    return [*([] if same else _check_key(spec, typed)), *_check_value(spec, typed)]


def replaced(problems: list[Problem], found: list[Problem]) -> list[Problem]:
    """``problems`` of an entry with those of what was typed, which say more, in place of the same field's."""
    fields = {problem.field for problem in found}
    return found + [problem for problem in problems if problem.field not in fields]


def _check_key(spec: TableSpec, typed: Entry) -> list[Problem]:
    text = pasted.clean(typed.key).strip()
    tag = spec.tag(fold(text))
    meant = pasted.read(text[len(tag) :])
    if meant is None:
        return []
    if meant.address == text[len(tag) :] and not pasted.unseen(typed.key.strip()):
        return []
    key = key_in_ascii(spec, tag + meant.address)
    if any(problem.grade is Grade.ERROR for problem in check_key_text(key) or spec.check_key(key)):
        return []
    fix = Fix(f"Write {shown(key)}", keys=(key,), remark=_remark(typed, meant))
    return [error("key.pasted", _what("key", typed.key, meant), f"Write {shown(key)}{_and(fix)}.", "key", fix)]


def _check_value(spec: TableSpec, typed: Entry) -> list[Problem]:
    text = typed.value.strip()
    meant = pasted.read(pasted.clean(text)) if spec.leads_to_one and spec.addresses(text) else None
    if meant is None or "@" not in meant.address or meant.address in (text, text.removesuffix(".")):
        return []
    value = value_in_ascii(spec, meant.address)
    if value == value_in_ascii(spec, text):
        return []  # characters that any value is warned of
    fix = Fix(f"Write {shown(value)}", value=value, remark=_remark(typed, meant))
    return [warning("value.pasted", _what("value", text, meant), f"Write {shown(value)}{_and(fix)}.", "value", fix)]


def _remark(typed: Entry, meant: Pasted) -> str:
    return "" if typed.comment.strip() else meant.name


def _and(fix: Fix) -> str:
    return f", with “{shown(fix.remark)}” as the comment" if fix.remark else ""


def _what(field: str, text: str, meant: Pasted) -> str:
    found = pasted.unseen(text.strip())
    if not found:
        return f"“{shown(text)}” is more than {shown(meant.address)}, which is the {field}."
    name, place = found[0]
    return f"The {field} has a character that nobody sees, {name} at character {place} of “{shown(text.strip())}”."
