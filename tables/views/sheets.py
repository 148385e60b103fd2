"""Spreadsheets and flat files of one table, in and out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mailadmin.accounts.roles import EDIT, VIEW
from tables import disclosing
from tables.context import cluster_of, scope_of
from tables.errors import ChangeError, Forbidden
from tables.forms import LISTING_STATES, FilterForm, LinesField, QueryField, ReasonField
from tables.importing import MERGE, REPLACE
from tables.models import BrokenRow
from tables.sendmail.spec import TableSpec
from tables.sheets import exporting, importing, mending
from tables.sheets.candidates import How
from tables.sheets.columns import SheetRefused, UnknownColumns, columns_of
from tables.sheets.looking import ENCODINGS, MOST_BYTES, EncodingInDoubt
from tables.sheets.writing import FORMATS, begun, write
from tables.templatetags.panel import thousands
from tables.views.access import actor_of, needs
from tables.views.broken import RowForm
from tables.views.fresh import recently_authenticated
from tables.views.jobs import started
from tables.views.refusals import told

#: Bytes from which on a file is read by a job.
LONG = 1024 * 1024


class ImportForm(forms.Form):
    """A file, or what was pasted."""

    file = forms.FileField(label="File", required=False, allow_empty_file=True)
    pasted = LinesField(label="Or paste it here", widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))
    mode = forms.ChoiceField(
        label="What the file lacks",
        choices=[(MERGE, "stays as it is"), (REPLACE, "is deleted")],
        initial=MERGE,
        widget=forms.RadioSelect,
    )
    encoding = forms.ChoiceField(
        label="Encoding", required=False, choices=[("", "UTF-8, or as the file says"), *ENCODINGS.items()]
    )
    leave_out = forms.BooleanField(label="Leave out columns that nobody knows", required=False)
    reason = ReasonField()


@require_http_methods(["GET", "HEAD", "POST"])
@needs(EDIT)
def take_in(request: HttpRequest, table: TableSpec) -> HttpResponse:
    """Read a file into a draft, which shows what it would change before anything does."""
    if request.method != "POST":
        return _page(request, table, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, table, form, status=422)
    try:
        with _on_disk(form.cleaned_data) as (path, name):
            if path.stat().st_size > LONG:
                return _in_a_job(request, table, form.cleaned_data, path, name)
            done = importing.draft_from(
                cluster=cluster_of(request),
                actor=actor_of(request),
                table=table,
                path=path,
                how=_how(form.cleaned_data, name),
                reason=form.cleaned_data["reason"],
            )
    except Forbidden:
        raise
    except ChangeError as error:
        return _page(request, table, form, error=error, status=422)
    tell = messages.warning if done.kept else messages.info
    tell(request, importing.told(done, table.name))
    return redirect("request", pk=done.request.pk) if done.request else redirect("sheet-import", table=table)


def _page(
    request: HttpRequest, table: TableSpec, form: ImportForm, *, error: ChangeError | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "table": table,
        "form": form,
        "columns": columns_of(table),
        "error": error,
        "asks_encoding": isinstance(error, EncodingInDoubt),
        "asks_columns": isinstance(error, UnknownColumns),
        "most": MOST_BYTES // 1048576,
        "formats": FORMATS.items(),
    }
    return render(request, "sheets/import.html", context, status=status)


@contextmanager
def _on_disk(typed: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """What was sent, as a file with the name that it had."""
    upload, pasted = typed["file"], typed["pasted"]
    if upload and pasted.strip():
        raise SheetRefused("There is a file and a text. Send one of them.")
    if not upload and not pasted.strip():
        raise SheetRefused("There is nothing to read. Choose a file, or paste what is in it.")
    if upload and upload.size > MOST_BYTES:
        raise SheetRefused(
            f"The file has {upload.size / 1048576:,.0f} MB; {MOST_BYTES // 1048576} are taken here. "
            "Split it, or have it imported by manage.py import_tables."
        )
    with tempfile.NamedTemporaryFile() as file:
        if upload:
            file.writelines(upload.chunks())
        else:
            file.write(pasted.encode("utf-8", "replace"))
        file.flush()
        yield Path(file.name), upload.name if upload else ""


def _how(typed: dict[str, Any], name: str) -> How:
    return How(
        name=name,
        encoding=typed["encoding"] if name else "",
        leave_out_unknown=typed["leave_out"],
        mode=typed["mode"],
    )


def _in_a_job(request: HttpRequest, table: TableSpec, typed: dict[str, Any], path: Path, name: str) -> HttpResponse:
    """Have a large file read by a process of its own, which takes the file over."""
    folder = Path(settings.STATE_DIR) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="sheet-", delete=False) as kept:
        kept.write(path.read_bytes())
    given = {
        "path": kept.name,
        "cluster": cluster_of(request).pk,
        "table": table.name,
        "how": asdict(_how(typed, name)),
        "reason": typed["reason"],
    }
    return started(request, "sheet", f"Reading a file for {table.name}", given, reverse("sheet-import", args=[table]))


# --- broken rows ------------------------------------------------------------------------------------------------------


def _row(request: HttpRequest, pk: int) -> BrokenRow:
    row = mending.find(scope=scope_of(request), pk=pk)
    if row is None:
        raise Http404("There is no such row.")
    return row


@require_POST
@needs(EDIT)
def mend(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    with told(request):
        problems = mending.mend(row=row, actor=actor_of(request), texts=RowForm(row, request.POST).typed)
        if problems:
            messages.error(request, f"Row {row.number} is still broken. {problems[0].message} {problems[0].remedy}")
        else:
            messages.success(request, f"Row {row.number} is mended and in the draft.")
    return redirect(reverse("request", args=[row.request_id]) + "#broken")


@require_POST
@needs(EDIT)
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    """That row, or all that are still broken."""
    row = _row(request, pk)
    with told(request):
        if request.POST.get("which") == "all":
            count = mending.leave_all_out(request=row.request, actor=actor_of(request))
            messages.success(request, f"{thousands(count)} broken row{'' if count == 1 else 's'} left out.")
        else:
            mending.leave_out(row=row, actor=actor_of(request))
            messages.success(request, f"Row {row.number} is left out.")
    return redirect(reverse("request", args=[row.request_id]) + "#broken")


# --- out --------------------------------------------------------------------------------------------------------------


class DownloadForm(FilterForm):
    q = QueryField(required=False, initial="", max_length=500)
    state = forms.ChoiceField(required=False, initial="all", choices=list(LISTING_STATES.items()))
    format = forms.ChoiceField(
        required=False, initial="csv", choices=[(name, one.label) for name, one in FORMATS.items()]
    )


@require_http_methods(["GET", "POST"])
@needs(VIEW)
@never_cache
def download(request: HttpRequest, table: TableSpec) -> HttpResponseBase:
    """What the list shows, as a file. By a button, which no link and no crawler presses, with passwords, for whoever
    may see those and has just said who they are."""
    secrets = request.method == "POST"
    if secrets:
        disclosing.check_right(actor_of(request))
        if not recently_authenticated(request):
            raise ReauthenticationRequired
    given = request.POST if secrets else request.GET
    chosen, cluster, scope = DownloadForm(given).chosen(), cluster_of(request), scope_of(request)
    kind, query, state = chosen["format"], chosen["q"], chosen["state"]
    whole = kind == "flat" and not query and state == "all" and not scope.limited
    if whole:
        chunks = exporting.whole_file(cluster=cluster, table=table, secrets=secrets)
    else:
        found = exporting.found(scope=scope, cluster=cluster, table=table, query=query, state=state)
        chunks = write(kind, table, found, secrets=secrets)
    detail: dict[str, object] = {"format": kind, "search": query, "state": "" if state == "all" else state}
    exporting.note(cluster=cluster, actor=actor_of(request), table=table, detail=detail, secrets=secrets)
    try:
        return _sent(begun(chunks), f"{table.name}{FORMATS[kind].ending}", FORMATS[kind].media)
    except SheetRefused as error:
        messages.error(request, str(error))
        return redirect("table", table=table)


def _sent(chunks: Iterator[bytes], name: str, media: str) -> StreamingHttpResponse:
    """To be saved, whatever is in it: no browser must take it for a page of ours."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(chunks, content_type=media, headers=headers)
