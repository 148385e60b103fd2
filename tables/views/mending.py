"""What one click makes of an entry that is being typed: the form again, or, where it makes several, all of them to see.

Nothing is saved by the click itself. Several entries are saved by a button that says how many they are, and only if
they are those that were shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from tables import changes, entries, seeing
from tables.context import cluster_of, scope_of
from tables.differences import Line, difference
from tables.forms import EntryForm, ReasonForm
from tables.sendmail.fixing import fixed, respelt
from tables.sendmail.risk.together import Step, risks_together
from tables.sendmail.spec import Entry, Problem, TableSpec
from tables.sendmail.tables import normalise_key
from tables.sendmail.text import visible
from tables.several import Several
from tables.states import checksum
from tables.views.access import actor_of
from tables.views.editor import Editor, Findings
from tables.views.entries import back_to, go_on, tell

Look = Callable[[Editor, Entry], Findings]

#: What the page of several entries says itself; all else that was posted is carried through it as it came.
_OWN = frozenset({"csrfmiddlewaretoken", "fix", "several", "shown", "confirmed", "reason", "seen"})

#: Problems of several entries that are listed; a hundred networks have a hundred like ones.
MOST_PROBLEMS = 12


def answer(editor: Editor, look: Look) -> HttpResponse | None:
    """The answer to a click on a fix, or on the button below several entries; ``None`` when it was neither."""
    posted = editor.request.POST
    if "fix" not in posted:
        return None
    typed = editor.form.typed
    editor.findings = look(editor, typed)
    problem = _chosen(editor.findings.problems, posted["fix"])
    if problem is None or problem.fix is None:
        editor.said = "That is not wrong any more, so nothing was changed." if posted["fix"] else ""
        return _form(editor)
    made = fixed(editor.table, _stripped(typed), problem.fix)
    if len(made) == 1:
        return _mended(editor, look, made[0])
    preview = _Preview(editor, problem, made)
    return preview.save() if "several" in posted else preview.page()


def _chosen(problems: list[Problem], wanted: str) -> Problem | None:
    """The problem whose fix a button named: its rule and, since several may have that, the label."""
    rule, _, label = wanted.partition(" ")
    here = [problem for problem in problems if problem.rule == rule and problem.fix and not problem.fix.adds]
    return next((problem for problem in here if problem.fix and label in ("", problem.fix.label)), None)


def _stripped(typed: Entry) -> Entry:
    return replace(typed, key=typed.key.strip(), value=typed.value.strip())


def _form(editor: Editor) -> HttpResponse:
    return render(editor.request, "tables/entry.html", editor.context())


def _mended(editor: Editor, look: Look, entry: Entry) -> HttpResponse:
    """The form with the fix in its fields, and the cursor in the first that it changed."""
    typed = _stripped(editor.form.typed)
    entry = replace(entry, key=respelt(editor.table, typed.key, entry.key))
    texts = {"key": entry.key, "value": entry.value, "comment": entry.comment}
    changed = [name for name, text in texts.items() if text != getattr(typed, name)]
    editor.form = EntryForm(editor.table, replaced_in(editor.form.data, **texts))
    editor.findings = look(editor, editor.form.typed)
    editor.focus = next(iter(changed), "")
    editor.said = " ".join(_said(editor.table, name, texts[name]) for name in changed)
    return _form(editor)


def _said(table: TableSpec, name: str, text: str) -> str:
    label = {"key": table.key_label, "value": table.value_label, "comment": "Comment"}[name]
    return f"{label} is now {visible(text)}." if text else f"{label} is empty now."


def replaced_in(data: Any, **values: str) -> QueryDict:
    """Posted data with some fields replaced."""
    copied: QueryDict = data.copy()
    for name, value in values.items():
        copied[name] = value
    return copied


@dataclass(slots=True)
class _Preview:
    """The page of the entries that a fix makes of one: how they will stand in the file, and the one button for all."""

    editor: Editor
    problem: Problem
    made: list[Entry]
    error: changes.ChangeError | None = None

    @property
    def request(self) -> HttpRequest:
        return self.editor.request

    def save(self) -> HttpResponse:
        several = self._several()
        if self.request.POST.get("shown") != self._checksum(several):
            return self.page(status=409)
        warned = self._findings(several).warned
        try:
            done = changes.save_entries(
                cluster=cluster_of(self.request),
                actor=actor_of(self.request),
                table=self.editor.table,
                original_key=self.editor.original_key,
                typed=self.made,
                seen=self.request.POST.get("seen", ""),
                reason=self._reason,
                confirmed=bool(warned) and self.request.POST.get("confirmed") == warned,
            )
        except changes.Forbidden:
            raise
        except changes.ChangeError as error:
            self.error = error
            return self.page(status=409 if isinstance(error, changes.Stale | changes.KeyHeld) else 422)
        tell(self.request, done, f"{_counted(len(several.new))} saved.")
        return go_on(self.request, self.editor.table, done)

    def page(self, status: int = 200) -> HttpResponse:
        several = self._several()
        findings = self._findings(several)
        missing = isinstance(self.error, changes.ReasonMissing)
        listed = [found for found in findings.problems if found.field]
        context = {
            "table": self.editor.table,
            "original": self.editor.original,
            "problem": self.problem,
            "count": len(several.new),
            "entries": _counted(len(several.new)).rsplit(" ", 1)[0],
            "lines": self._lines(several),
            "standing": [visible(entry.key) for entry in several.standing],
            "findings": findings,
            "listed": listed[:MOST_PROBLEMS],
            "more": len(listed) - MOST_PROBLEMS,
            "held_by": self._holder(several),
            "error": self.error,
            "changed": status == 409 and self.error is None,
            "reason_missing": missing,
            "confirmed": bool(findings.warned) and self.request.POST.get("confirmed") == findings.warned,
            "form": self._reason_form(missing),
            "carried": self._carried(),
            "seen": changes.entry_checksum(self.editor.original) if self.editor.original else "",
            "fix": self.request.POST["fix"],
            "shown": self._checksum(several),
            "back": back_to(self.request, self.editor.table),
        }
        return render(self.request, "tables/several.html", context, status=status)

    def _reason_form(self, missing: bool) -> ReasonForm:
        form = ReasonForm(initial={"reason": self._reason})
        if missing:
            form.fields["reason"].widget.attrs["autofocus"] = True
        return form

    @property
    def _reason(self) -> str:
        return str(self.editor.form.cleaned_data["reason"])

    def _several(self) -> Several:
        return changes.check_entries(
            scope=scope_of(self.request),
            cluster=cluster_of(self.request),
            table=self.editor.table,
            original_key=self.editor.original_key,
            typed=self.made,
        )

    def _findings(self, several: Several) -> Findings:
        """Like those of one entry: what is wrong with any of them, and what all of them put at risk."""
        steps: list[Step] = [(self.editor.table, None, entry) for entry in several.new]
        if self.editor.original is not None:
            steps.insert(0, (self.editor.table, self.editor.original, None))
        risks = sorted(set().union(*risks_together(steps, entries.look_around(cluster_of(self.request)))))
        return replace(self.editor.findings, problems=several.problems, risks=risks)

    def _lines(self, several: Several) -> list[Line]:
        """What changes in the file, a line for each entry."""
        table = self.editor.table
        before = changes.file_lines(table, self.editor.original)
        after = [line for entry in several.new for line in changes.file_lines(table, entry)]
        return difference(before, after, clear=table.shown)

    def _holder(self, several: Several) -> Any:
        if isinstance(self.error, changes.KeyHeld):
            return self.error.request
        keys = [entry.key for entry in several.new]
        if self.editor.original_key is not None:
            keys.append(self.editor.original_key)
        found = seeing.holders(scope_of(self.request), cluster_of(self.request), self.editor.table, keys)
        return next(iter(found.values()), None)

    def _carried(self) -> list[tuple[str, str]]:
        """What was typed, in whatever fields, for the way back to the form."""
        return [(name, str(text)) for name, texts in self.request.POST.lists() if name not in _OWN for text in texts]

    def _checksum(self, several: Several) -> str:
        return checksum(
            [
                self.editor.original_key,
                [[normalise_key(self.editor.table, e.key), e.value, e.comment, e.enabled] for e in several.new],
            ]
        )


def _counted(number: int) -> str:
    return "1 entry is" if number == 1 else f"{number} entries are"
