"""Adding and editing one entry, and the check of what is being typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from mailadmin.accounts.roles import EDIT
from tables import changes, dates, drafting, entries, findings
from tables.context import cluster_of, draft_of, scope_of
from tables.forms import EntryForm
from tables.sendmail.spec import Entry, TableSpec
from tables.sendmail.text import visible
from tables.views import mending, parts_form
from tables.views.access import actor_of, key_of, needs
from tables.views.editor import Editor, Findings
from tables.views.entries import find_entry, go_on, tell

#: What is no mistake while somebody is still typing a new entry.
NOT_YET_TYPED = frozenset({"key.missing", "value.missing"})

#: What is found in one field though another is empty: an address that was pasted has all of its parts in it.
ALREADY_WHOLE = frozenset({"key.pasted"})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def add(request: HttpRequest, table: TableSpec) -> HttpResponse:
    if request.method == "POST":
        return _save_or_show(Editor(request, table, None, _bound(request, table, None)))
    form = EntryForm(table, initial={"key": request.GET.get("key", "").replace("\0", ""), "enabled": True})
    return render(request, "tables/entry.html", Editor(request, table, None, form).context())


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def edit(request: HttpRequest, table: TableSpec) -> HttpResponse:
    if request.method == "POST":
        return _save_edit(request, table, key_of(request, table))
    return render(request, "tables/entry.html", _fresh(request, table, find_entry(request, table)).context())


def _fresh(request: HttpRequest, table: TableSpec, entry: Entry) -> Editor:
    """What stands there, or what the draft that is collected in makes of it."""
    drafted = wanted_in_draft(request, table, entry)
    shown = table.masked(drafted or entry)
    initial = {
        "key": entry.key,
        "value": shown.value,
        "comment": shown.comment,
        "enabled": shown.enabled,
        "owner": shown.owner,
        "ticket": shown.ticket,
        "starts": dates.shown(shown.starts),
        "ends": dates.shown(shown.ends),
        "seen": changes.entry_checksum(entry),
    }
    editor = Editor(request, table, entry, EntryForm(table, initial=initial), Findings(findings.alone(table, entry)))
    if drafted:
        editor.said = "The draft that you collect in changes this entry already. What you see is what it makes of it."
    return editor


def wanted_in_draft(request: HttpRequest, table: TableSpec, entry: Entry) -> Entry | None:
    draft = draft_of(request)
    return drafting.wanted(request=draft, table=table, keys=[entry.key]).get(entry.key) if draft else None


def _save_edit(request: HttpRequest, table: TableSpec, key: str) -> HttpResponse:
    current = _shown(request, table, key)
    form = _bound(request, table, current)
    if current is None and form["seen"].value() and parts_form.SHOW not in request.POST:
        # Deleted since it was shown. What was typed is shown again, and saving that adds the entry anew.
        return _again(Editor(request, table, None, form), changes.Stale(table.name, visible(key), None))
    return _save_or_show(Editor(request, table, current, form))


def _shown(request: HttpRequest, table: TableSpec, key: str) -> Entry | None:
    return entries.find(scope=scope_of(request), cluster=cluster_of(request), table=table, key=key)


def _bound(request: HttpRequest, table: TableSpec, original: Entry | None) -> EntryForm:
    return EntryForm(table, parts_form.put_together(table, request.POST, original))


def _save_or_show(editor: Editor) -> HttpResponse:
    """Save; or, when a button asks for that, show the same entry with other fields, everything typed kept."""
    if parts_form.SHOW not in editor.request.POST:
        return _save(editor)
    editor.findings = _look_while_typing(editor)
    return render(editor.request, "tables/entry.html", editor.context())


def _save(editor: Editor) -> HttpResponse:
    typed, data = editor.form.typed, editor.form.cleaned_data
    editor.findings = _look(editor, typed)
    try:
        about = _about(editor)
    except changes.Invalid as wrong:
        editor.findings.problems = [*editor.findings.problems, *wrong.problems]
        return _again(editor, wrong)
    if strays := parts_form.strays(editor.table, editor.form):
        editor.findings.problems = [*strays, *editor.findings.problems]
        return _again(editor, changes.Invalid(strays))
    if (answer := mending.answer(editor, _look)) is not None:
        return answer
    try:
        done = changes.save_entry(
            cluster=cluster_of(editor.request),
            actor=actor_of(editor.request),
            table=editor.table,
            original_key=editor.original_key,
            typed=typed,
            seen=data["seen"],
            reason=data["reason"],
            confirmed=bool(editor.findings.warned) and data["confirmed"] == editor.findings.warned,
            about=about,
            into=draft_of(editor.request),
        )
    except changes.Forbidden:
        raise
    except changes.ChangeError as error:
        return _again(editor, error)
    tell(editor.request, done, f"{visible(typed.key.strip())} is saved.")
    return go_on(editor.request, editor.table, done)


def _about(editor: Editor) -> dict[str, str]:
    """Owner, ticket and dates as typed. A date that the field shows to the minute stays what it was to the second."""
    typed, was = editor.form.about, editor.original
    same = [name for name in ("starts", "ends") if was and typed.get(name) == dates.shown(getattr(was, name))]
    return dates.read({name: text for name, text in typed.items() if name not in same}, before=was)


def _about_or_nothing(editor: Editor) -> dict[str, str]:
    try:
        return _about(editor)
    except changes.Invalid:
        return {}


def _look(editor: Editor, typed: Entry) -> Findings:
    problems, risks = changes.check(
        scope=scope_of(editor.request),
        cluster=cluster_of(editor.request),
        table=editor.table,
        original_key=editor.original_key,
        typed=typed,
        about=_about_or_nothing(editor),
    )
    return Findings(problems, sorted(risks))


def _look_while_typing(editor: Editor) -> Findings:
    """The same, without what is no mistake before everything is typed."""
    findings = _look(editor, editor.form.typed)
    findings.problems += parts_form.strays(editor.table, editor.form)
    to_come = parts_form.unfinished(editor.table, editor.form)
    findings.problems = [
        found for found in findings.problems if found.field not in to_come or found.rule in ALREADY_WHOLE
    ]
    if editor.original is None:
        findings.problems = [found for found in findings.problems if found.rule not in NOT_YET_TYPED]
    return findings


def _again(editor: Editor, error: changes.ChangeError) -> HttpResponse:
    """The same page with everything as it was typed, and what is wrong with it."""
    editor.error = error
    conflict = isinstance(error, changes.Stale | changes.KeyHeld)
    if isinstance(error, changes.Stale):
        editor.mine, editor.theirs = editor.form.typed, error.current
        editor.form = EntryForm(
            editor.table, mending.replaced_in(editor.form.data, seen=changes.entry_checksum(error.current))
        )
    return render(editor.request, "tables/entry.html", editor.context(), status=409 if conflict else 422)


@require_POST
@needs(EDIT)
def check(request: HttpRequest, table: TableSpec) -> HttpResponse:
    """What is wrong with the form as it stands now: the fragments beside its fields."""
    original = _shown(request, table, key_of(request, table)) if "key" in request.GET else None
    editor = Editor(request, table, original, _bound(request, table, original))
    editor.findings = _look_while_typing(editor)
    return render(request, "tables/_checks.html", {**editor.context(), "narrowed": True})
