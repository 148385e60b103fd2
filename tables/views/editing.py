"""Adding and editing one entry, and the check of what is being typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailadmin.accounts.roles import EDIT
from tables import changes, entries, findings
from tables.converters import entry_url, read_key
from tables.forms import TYPED, EntryForm
from tables.models import Change, ChangeRequest
from tables.sendmail.secret import masked
from tables.sendmail.spec import Entry, Grade, Problem, Risk, TableSpec
from tables.sendmail.tables import normalise_key
from tables.sendmail.text import visible
from tables.states import checksum
from tables.views import mending
from tables.views.access import actor_of, needs
from tables.views.beside import across_of
from tables.views.entries import back_to, find_entry, go_on, tell
from tables.views.rows import holders

#: What is no mistake while somebody is still typing a new entry.
NOT_YET_TYPED = frozenset({"key.missing", "value.missing"})


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
        self.findings.across = across_of(entries.get_cluster(), self.table, self.original, typed)
        wrong = {problem.field for problem in self.findings.problems if problem.grade is Grade.ERROR}
        if isinstance(self.error, changes.ReasonMissing):
            wrong = {"reason"}
        self.form.mark_wrong(wrong)
        if self.error or not (self.original or self.form.is_bound):
            self.form.lead_to(next((name for name in (*TYPED, "reason") if name in wrong), "" if self.error else "key"))
        self.form.lead_to(self.focus)
        return {
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
        }

    def _last_change(self) -> Change | None:
        if not isinstance(self.error, changes.Stale) or self.original_key is None:
            return None
        return entries.history(cluster=entries.get_cluster(), table=self.table, key=self.original_key).first()

    def _holder(self) -> ChangeRequest | None:
        """The open request that holds the entry, or the key that was typed."""
        if isinstance(self.error, changes.KeyHeld):
            return self.error.request
        keys = [] if self.original_key is None else [self.original_key]
        if self.form.is_bound:
            keys.append(normalise_key(self.table, self.form.typed.key))
        found = holders(entries.get_cluster(), self.table, keys)
        return next(iter(found.values()), None)

    def _hidden_characters(self) -> dict[str, str]:
        """Fields that hold what no input can show, written out."""
        shown = {name: str(self.form[name].value() or "") for name in TYPED if name in self.form.fields}
        return {name: visible(text) for name, text in shown.items() if visible(text).replace("\\n", "\n") != text}


def _address(name: str, table: TableSpec, key: str | None) -> str:
    return reverse(name, args=[table]) if key is None else entry_url(name, table, key)


def _comparison(table: TableSpec, theirs: Entry | None, mine: Entry) -> list[tuple[str, str, str]]:
    """Each field's name, what somebody else made of it, and what was typed here."""
    named = [(table.key_label, "key"), (table.value_label, "value"), ("Comment", "comment")]
    rows = [(label, _shown(theirs, name), _shown(mine, name)) for label, name in named if label]
    words = {True: "in force", False: "switched off"}
    return [*rows, ("State", words[theirs.enabled] if theirs else "", words[mine.enabled])]


def _shown(entry: Entry | None, name: str) -> str:
    """A field with what no page can show written out; only a comment has lines of its own."""
    text = getattr(entry, name) if entry else ""
    return "\n".join(map(visible, text.split("\n"))) if name == "comment" else visible(text)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def add(request: HttpRequest, table: TableSpec) -> HttpResponse:
    if request.method == "POST":
        return _save(Editor(request, table, None, EntryForm(table, request.POST)))
    form = EntryForm(table, initial={"key": request.GET.get("key", "").replace("\0", ""), "enabled": True})
    return render(request, "tables/entry.html", Editor(request, table, None, form).context())


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def edit(request: HttpRequest, table: TableSpec) -> HttpResponse:
    key = read_key(request)
    if request.method == "POST":
        return _save_edit(request, table, key)
    return render(request, "tables/entry.html", _fresh(request, table, find_entry(table, key)).context())


def _fresh(request: HttpRequest, table: TableSpec, entry: Entry) -> Editor:
    initial = {
        "key": entry.key,
        "value": masked(entry.value),
        "comment": entry.comment,
        "enabled": entry.enabled,
        "seen": changes.entry_checksum(entry),
    }
    shown = Findings(findings.alone(table, entry))
    return Editor(request, table, entry, EntryForm(table, initial=initial), shown)


def _save_edit(request: HttpRequest, table: TableSpec, key: str) -> HttpResponse:
    current = entries.get_entry(cluster=entries.get_cluster(), table=table, key=key)
    form = EntryForm(table, request.POST)
    if current is None and form["seen"].value():
        # Deleted since it was shown. What was typed is shown again, and saving that adds the entry anew.
        return _again(Editor(request, table, None, form), changes.Stale(table.name, visible(key), None))
    return _save(Editor(request, table, current, form))


def _save(editor: Editor) -> HttpResponse:
    if (answer := mending.answer(editor, _look)) is not None:
        return answer
    typed, data = editor.form.typed, editor.form.cleaned_data
    editor.findings = _look(editor.table, editor.original_key, typed)
    try:
        done = changes.save_entry(
            cluster=entries.get_cluster(),
            actor=actor_of(editor.request),
            table=editor.table,
            original_key=editor.original_key,
            typed=typed,
            seen=data["seen"],
            reason=data["reason"],
            confirmed=bool(editor.findings.warned) and data["confirmed"] == editor.findings.warned,
        )
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        return _again(editor, error)
    tell(editor.request, done, f"{visible(typed.key.strip())} is saved.")
    return go_on(editor.request, editor.table, done)


def _look(table: TableSpec, original_key: str | None, typed: Entry) -> Findings:
    problems, risks = changes.check(cluster=entries.get_cluster(), table=table, original_key=original_key, typed=typed)
    return Findings(problems, sorted(risks))


def _again(editor: Editor, error: changes.ChangeError) -> HttpResponse:
    """The same page with everything as it was typed, and what is wrong with it."""
    editor.error = error
    conflict = isinstance(error, changes.Stale | changes.KeyHeld)
    if isinstance(error, changes.Stale):
        editor.mine, editor.theirs = editor.form.typed, error.current
        editor.form = EntryForm(editor.table, _with(editor.form.data, seen=changes.entry_checksum(error.current)))
    return render(editor.request, "tables/entry.html", editor.context(), status=409 if conflict else 422)


def _with(data: Any, **values: str) -> QueryDict:
    """Posted data with some fields replaced."""
    copied: QueryDict = data.copy()
    for name, value in values.items():
        copied[name] = value
    return copied


@require_POST
@needs(EDIT)
def check(request: HttpRequest, table: TableSpec) -> HttpResponse:
    """What is wrong with the form as it stands now: the fragments beside its fields."""
    key = request.GET.get("key")
    if key is not None and "\0" in key:
        raise Http404("No entry has a NUL character in its key.")
    form = EntryForm(table, request.POST)
    original = None if key is None else entries.get_entry(cluster=entries.get_cluster(), table=table, key=key)
    editor = Editor(request, table, original, form)
    editor.findings = _look(table, key, form.typed)
    if original is None:
        editor.findings.problems = [found for found in editor.findings.problems if found.rule not in NOT_YET_TYPED]
    return render(request, "tables/_checks.html", {**editor.context(), "narrowed": True})
