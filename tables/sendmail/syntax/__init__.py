"""Keys and values of the tables to problems: rule, grade, message, remedy. One module a table."""

from __future__ import annotations

from dataclasses import replace

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.localname import NotLocal, resolve
from tables.sendmail.render import is_faithful
from tables.sendmail.spec import Entry, Grade, Kind, Problem, TableSpec
from tables.sendmail.syntax import letters
from tables.sendmail.syntax.common import check_comment, check_key_text, check_value_text, control_character, error
from tables.sendmail.text import fold, length

__all__ = ["check_entry", "check_line", "misread", "normalise_key"]


def check_entry(spec: TableSpec, entry: Entry) -> list[Problem]:
    """Everything wrong with one entry: key, value, comment and the length of its line."""
    problems = [*check_line(spec, entry.key, entry.value), *check_comment(entry.comment)]
    if not spec.has_value and entry.value:
        problems.append(error("class.value", f"{spec.title} has names only.", "Leave the value empty.", "value"))
    longest = FORMATS[spec.kind].longest
    size = length(FORMATS[spec.kind].canonical(entry.key, entry.value)) + (not entry.enabled)
    if size > longest:
        problems.append(
            error(
                "text.line-too-long",
                f"The line has {size} bytes; {longest} are allowed.",
                "Shorten the key or the value.",
                "value" if spec.has_value else "key",
            )
        )
    if not any(problem.grade is Grade.ERROR for problem in problems) and not is_faithful(spec, entry):
        problems.append(misread(spec))
    return problems


def misread(spec: TableSpec) -> Problem:
    return error(
        "text.misread",
        f"Written to {spec.name}, this would be read as another entry than it says here, or as several.",
        "Remove blanks, colons, quotes and # from the key, and # and a backslash at the end from the value.",
        "key",
    )


def check_line(spec: TableSpec, key: str, value: str, line: int | None = None) -> list[Problem]:
    """What is wrong with a key and its value, each problem with the line number when one is given."""
    problems = check_key_text(key) or _check_key(spec, key)
    if spec.has_value:
        problems = problems + (check_value_text(value) or _check_value(spec, key, value))
    if line is None or not problems:
        return problems
    return [replace(problem, line=line) for problem in problems]


def _check_key(spec: TableSpec, key: str) -> list[Problem]:
    if not key.isascii():
        return letters.check_key(spec, key)
    problems = spec.check_key(key)
    return problems + letters.check_a_labels(key, "key") if "xn--" in key else problems


def _check_value(spec: TableSpec, key: str, value: str) -> list[Problem]:
    if not value.isascii():
        return letters.check_value(spec, key, value)
    problems = spec.check_value(key, value)
    return problems + letters.check_a_labels(value, "value") if "xn--" in value else problems


def normalise_key(spec: TableSpec, typed: str) -> str:
    """The key that is stored for what a person typed: without blanks around it, folded; of an alias the name."""
    key = typed.strip()
    # sendmail makes a dot of a blank inside an alias's name; a line break must not become one unseen.
    if spec.kind is Kind.ALIASES and control_character(key, "key") is None:
        try:
            return resolve(key)
        except NotLocal:
            return fold(key)
    return fold(key)
