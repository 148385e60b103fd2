"""The editor in parts: what is posted of them is put together, and what stands there is taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from tables.forms import NUL, EntryForm
from tables.sendmail.formats import FORMATS
from tables.sendmail.parts.base import Piece
from tables.sendmail.parts.form import Answers, Field
from tables.sendmail.secret import MASK
from tables.sendmail.spec import Entry, Grade, Problem, TableSpec
from tables.sendmail.tables import normalise_key
from tables.sendmail.text import visible, written_out

#: What the names of a form's parts begin with. A form without any is one line: key and value as they are.
PREFIX = "part-"
#: Fields that are no parts: they hold the whole key or value.
WHOLE = ("key", "value")
#: The name and values of the buttons that show the form in another way, with everything typed kept.
SHOW, PARTS, LINE = "show", "parts", "line"

MOST_ROWS = 14


@dataclass(frozen=True, slots=True)
class Control:
    """One field as the page shows it."""

    field: Field
    value: str
    wrong: bool = False
    focus: bool = False

    @property
    def whole(self) -> bool:
        return self.field.name in WHOLE

    @property
    def name(self) -> str:
        return PREFIX + self.field.name

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def rows(self) -> int:
        return min(MOST_ROWS, self.value.count("\n") + 3)

    @property
    def blank(self) -> bool:
        return not (self.value.strip() or self.field.optional or self.field.switch)


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of a key or of a value: first the one that decides about the others, where there is one."""

    of: str
    controls: tuple[Control, ...]

    @property
    def decides(self) -> Control | None:
        return next((control for control in self.controls if control.field.decides), None)

    @property
    def rest(self) -> tuple[Control, ...]:
        return tuple(control for control in self.controls if not control.field.decides)


@dataclass(frozen=True, slots=True)
class PartsForm:
    """The page's fields in parts. ``kept`` are answers to fields that are not shown now, for when they are again."""

    key: Group
    value: Group
    kept: tuple[tuple[str, str], ...]
    written: str  # the line of the file that the answers make


def has_parts(table: TableSpec) -> bool:
    """Whether a table's entries are more than their whole key and value."""
    return any(field.name not in WHOLE for field in table.parts.fields({}))


def answers_in(data: Any) -> Answers | None:
    """What was posted in parts; ``None`` for a form that is one line."""
    names = [name for name in data if name.startswith(PREFIX)]
    if not names:
        return None
    said = {name.removeprefix(PREFIX): _typed(data[name]) for name in names}
    return said | {name: _typed(data[name]) for name in WHOLE if name in data}


def _typed(text: str) -> str:
    return text.replace("\0", NUL).replace("\r\n", "\n")


def put_together(table: TableSpec, data: QueryDict, original: Entry | None) -> QueryDict:
    """What was posted, with the key and value that its parts make. Parts that were not touched keep their spelling."""
    answers = answers_in(data)
    if answers is None:
        return data
    copied: QueryDict = data.copy()
    copied["key"], copied["value"] = _composed(table, answers, original)
    return copied


def _composed(table: TableSpec, answers: Answers, original: Entry | None) -> tuple[str, str]:
    if original is None:
        return table.parts.composed(answers)
    return table.parts.composed(answers, original.key, table.masked(original).value)


def strays(table: TableSpec, form: EntryForm) -> list[Problem]:
    """What no page offers to post: a choice that is not in its list, a new word in the midst of a hidden password."""
    answers = answers_in(form.data)
    if answers is None:
        return []
    found = [_stray(field, answers.get(field.name, "")) for field in table.parts.fields(answers)]
    return [problem for problem in found if problem]


def _stray(field: Field, answer: str) -> Problem | None:
    if field.secret and MASK in answer and answer != MASK:
        return Problem(
            "value.mask",
            Grade.ERROR,
            "The password holds some of the dots that stand for the old one.",
            "Leave the dots alone to keep the old password, or replace them all.",
            field.of,
        )
    if not field.choices or answer in dict(field.choices):
        return None
    shown = visible(answer)[:60]
    message = f"“{shown}” is not in the list under “{field.label}”."
    rule = "key.choice" if field.of == "key" else "value.choice"
    return Problem(rule, Grade.ERROR, message, "Choose one of the list.", field.of)


def unfinished(table: TableSpec, form: EntryForm) -> set[str]:
    """Of key and value those with a part still to come, about which nobody wants to hear yet."""
    answers = answers_in(form.data)
    if answers is None:
        return set()
    controls = [Control(field, answers.get(field.name, "")) for field in table.parts.fields(answers)]
    return {control.field.of for control in controls if control.blank}


# --- showing ----------------------------------------------------------------------------------------------------------


def show(
    request: HttpRequest,
    table: TableSpec,
    form: EntryForm,
    original: Entry | None,
    problems: Iterable[Problem],
    lead: str,
) -> PartsForm | None:
    """The form in parts; ``None`` when it is wanted as one line, or the text does not come apart into its fields.

    ``lead`` is where the cursor goes: ``key``, ``value`` or elsewhere.
    """
    answers = _answers_to_show(request, table, form, original)
    if answers is None:
        return None
    fields = table.parts.fields(answers)
    wrong = _wrong(fields, answers, problems)
    focused = _focus(request, form, fields, answers, wrong, lead)
    controls = [
        Control(field, answers.get(field.name, ""), field.name in wrong, field.name == focused) for field in fields
    ]
    key, value = (Group(of, tuple(control for control in controls if control.field.of == of)) for of in WHOLE)
    names = {field.name for field in fields}
    return PartsForm(key, value, _kept(answers, {*names, *WHOLE}), _written(table, form))


def _wrong(fields: Iterable[Field], answers: Answers, problems: Iterable[Problem]) -> set[str]:
    """The fields that errors are about: the one that a rule names, or else all that were or should be written in."""
    names: set[str] = set()
    for problem in problems:
        if problem.grade is not Grade.ERROR:
            continue
        of_it = [field for field in fields if field.of == problem.field]
        named = [field for field in of_it if problem.rule.rpartition(".")[2] in field.rules]
        names.update(field.name for field in named or filter(lambda field: _is_written(field, answers), of_it))
    return names


def _is_written(field: Field, answers: Answers) -> bool:
    if field.choices or field.switch:
        return False
    return bool(answers.get(field.name)) or not field.optional


def was_wanted(request: HttpRequest, table: TableSpec, form: EntryForm) -> bool:
    """Whether the parts are what a page without them should have shown: somebody chose them, or nothing else."""
    return has_parts(table) and (request.POST.get(SHOW) == PARTS or not form.is_bound)


def _answers_to_show(request: HttpRequest, table: TableSpec, form: EntryForm, original: Entry | None) -> Answers | None:
    asked = request.POST.get(SHOW)
    if not has_parts(table) or asked == LINE:
        return None
    text = (str(form["key"].value() or ""), str(form["value"].value() or ""))
    posted = answers_in(form.data)
    # Where something else was made of the text meanwhile, such as by a fix, the text counts.
    if posted is not None and _composed(table, posted, original) == text:
        return posted
    if form.is_bound and posted is None and asked != PARTS:
        return None
    return table.parts.answers(*text) if all(map(_can_be_typed, text)) else None


def _can_be_typed(text: str) -> bool:
    """Whether an input can hold the text; a CR at the end, of a file with CRLF, is named beside it."""
    body = text.removesuffix("\r")
    return written_out(body) == body


def _focus(
    request: HttpRequest, form: EntryForm, fields: Iterable[Field], answers: Answers, wrong: set[str], lead: str
) -> str:
    """The field with the cursor: the first of a new entry, or else the first that is blank or wrong."""
    concerned = [field for field in fields if lead in ("", field.of)]
    blank = [field for field in concerned if Control(field, answers.get(field.name, "")).blank]
    if lead in WHOLE:
        marked = [field for field in concerned if field.name in wrong]
        return ((form.is_bound and (blank or marked)) or concerned)[0].name
    chosen_again = SHOW in request.POST and not getattr(request, "htmx", False)
    return blank[0].name if chosen_again and blank else ""


def _kept(answers: Answers, shown: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (PREFIX + name, text)
        for name, text in answers.items()
        if text and name not in shown and not Piece(name, text).secret
    )


def _written(table: TableSpec, form: EntryForm) -> str:
    """The line as it will stand in the file, its password hidden; nothing while there is no key."""
    key = normalise_key(table, str(form["key"].value() or ""))
    value = table.masked(Entry(key, str(form["value"].value() or "").strip())).value
    return table.shown(FORMATS[table.kind].canonical(key, value)) if key else ""
