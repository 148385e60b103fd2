"""The page of one entry: what is typed, what is wrong with it, and all that the page shows beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from tables import changes, entries, seeing
from tables.context import cluster_of, scope_of
from tables.converters import entry_url
from tables.forms import TYPED, EntryForm
from tables.models import Change, ChangeRequest
from tables.sendmail.spec import ABOUT, Entry, Grade, Problem, Risk, TableSpec
from tables.sendmail.tables import normalise_key
from tables.sendmail.text import written_out
from tables.states import checksum
from tables.views import parts_form
from tables.views.beside import across_of
from tables.views.entries import back_to


@dataclass(slots=True)
class Findings:
    """What is wrong with the entry as typed, and what saving it puts at risk."""

    problems: list[Problem] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    #: What the last check found about the entry across entries: told, but nothing to confirm.
    across: list[Problem] = field(default_factory=list)

    def of(self, name: str) -> list[Problem]:
        return [problem for problem in (*self.problems, *self.across) if problem.field == name]

    @property
    def key(self) -> list[Problem]:
        return self.of("key")

    @property
    def value(self) -> list[Problem]:
        return self.of("value")

    @property
    def comment(self) -> list[Problem]:
        return self.of("comment")

    @property
    def line(self) -> list[Problem]:
        return self.of("")

    @property
    def refused(self) -> bool:
        return any(problem.grade is Grade.ERROR for problem in self.problems)

    @property
    def warned(self) -> str:
        """The checksum of the warnings, which a person confirms by it: others than those shown are not confirmed."""
        warnings = sorted([p.rule, p.message] for p in self.problems if p.grade is Grade.WARNING)
        return checksum(warnings) if warnings else ""


@dataclass(slots=True)
class Editor:
    """The page of one entry: ``original`` is what stands there, ``None`` for a new one."""

    request: HttpRequest
    table: TableSpec
    original: Entry | None
    form: EntryForm
    findings: Findings = field(default_factory=Findings)
    error: changes.ChangeError | None = None
    theirs: Entry | None = None
    mine: Entry | None = None
    said: str = ""  # what one click made of what was typed
    focus: str = ""  # the field that it changed

    @property
    def original_key(self) -> str | None:
        return None if self.original is None else self.original.key

    def context(self) -> dict[str, Any]:
        typed = self.form.typed if self.form.is_bound else None
        self.findings.across = across_of(
            scope_of(self.request), cluster_of(self.request), self.table, self.original, typed
        )
        wrong = {problem.field for problem in self.findings.problems if problem.grade is Grade.ERROR}
        if isinstance(self.error, changes.ReasonMissing):
            wrong = {"reason"}
        lead = self.focus
        if not lead and (self.error or not (self.original or self.form.is_bound)):
            lead = next((name for name in (*TYPED, "reason") if name in wrong), "" if self.error else "key")
        self.form.mark_wrong(wrong)
        self.form.lead_to(lead)
        parts = parts_form.show(self.request, self.table, self.form, self.original, self.findings.problems, lead)
        return {
            "parts": parts,
            "has_parts": parts_form.has_parts(self.table),
            "unfit": parts is None and parts_form.was_wanted(self.request, self.table, self.form),
            "table": self.table,
            "form": self.form,
            "original": self.original,
            "findings": self.findings,
            "confirmed": bool(self.findings.warned) and self.form["confirmed"].value() == self.findings.warned,
            "error": self.error,
            "said": self.said,
            "stale": isinstance(self.error, changes.Stale),
            "reason_missing": isinstance(self.error, changes.ReasonMissing),
            "comparison": _comparison(self.table, self.theirs, self.mine) if self.mine else [],
            "last_change": self._last_change(),
            "hidden": self._hidden_characters(),
            "held_by": self._holder(),
            "check_url": _address("entry-check", self.table, self.original_key),
            "back": back_to(self.request, self.table),
            "about_open": any(self.form[name].value() for name in ABOUT),
            "about_wrong": {name: self.findings.of(name) for name in ABOUT},
            "zone": timezone.get_current_timezone_name(),
        }

    def _last_change(self) -> Change | None:
        if not isinstance(self.error, changes.Stale) or self.original_key is None:
            return None
        found = entries.history(
            scope=scope_of(self.request), cluster=cluster_of(self.request), table=self.table, key=self.original_key
        )
        return found.first()

    def _holder(self) -> ChangeRequest | None:
        """The open request that holds the entry, or the key that was typed."""
        if isinstance(self.error, changes.KeyHeld):
            return self.error.request
        keys = [] if self.original_key is None else [self.original_key]
        if self.form.is_bound:
            keys.append(normalise_key(self.table, self.form.typed.key))
        found = seeing.holders(scope_of(self.request), cluster_of(self.request), self.table, keys)
        return next(iter(found.values()), None)

    def _hidden_characters(self) -> dict[str, str]:
        """Fields that hold what no input can show, written out."""
        shown = {name: str(self.form[name].value() or "") for name in TYPED if name in self.form.fields}
        odd = {name: text for name, text in shown.items() if written_out(text).replace("\\n", "\n") != text}
        return {name: self.table.shown(text) for name, text in odd.items()}


def _address(name: str, table: TableSpec, key: str | None) -> str:
    return reverse(name, args=[table]) if key is None else entry_url(name, table, key)


def _comparison(table: TableSpec, theirs: Entry | None, mine: Entry) -> list[tuple[str, str, str]]:
    """Each field's name, what somebody else made of it, and what was typed here."""
    named = [(table.key_label, "key"), (table.value_label, "value"), ("Comment", "comment")]
    rows = [(label, _shown(table, theirs, name), _shown(table, mine, name)) for label, name in named if label]
    words = {True: "in force", False: "switched off"}
    return [*rows, ("State", words[theirs.enabled] if theirs else "", words[mine.enabled])]


def _shown(table: TableSpec, entry: Entry | None, name: str) -> str:
    """A field with what no page can show written out; only a comment has lines of its own."""
    text = getattr(table.masked(entry), name) if entry else ""
    return "\n".join(map(table.shown, text.split("\n"))) if name == "comment" else table.shown(text)
