"""The history of everything: who did what, when and why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mailadmin.accounts import roles
from tables import archives, audit, changes, seeing, verifying
from tables.context import scope_of
from tables.converters import entry_url
from tables.differences import Line, difference
from tables.forms import FilterForm, QueryField
from tables.models import AuditEvent
from tables.scopes import Scope
from tables.sendmail.tables import TABLES
from tables.sendmail.text import fold, visible
from tables.views.access import needs
from tables.views.paging import Order, read_page

#: What can stand in the history, and how it reads after a name.
ACTIONS = {
    "entry-created": "added an entry",
    "entry-updated": "changed an entry",
    "entry-deleted": "deleted an entry",
    "passage-changed": "changed text between entries",
    "baseline": "took over the tables",
    "import": "imported files",
    "original-downloaded": "downloaded an imported file",
    "secret-shown": "looked at a password",
    "request-submitted": "submitted a request",
    "request-viewed": "looked at a request",
    "request-approved": "approved a request",
    "request-rejected": "rejected a request",
    "review-withdrawn": "took back an approval",
    "request-edited": "edited a request",
    "request-rebased": "brought a request up to date",
    "thread-opened": "asked about a request",
    "remark-added": "answered in a request's thread",
    "thread-resolved": "resolved a request's thread",
    "request-withdrawn": "withdrew a request",
    "request-conflicted": "found a request in conflict",
    "request-expired": "let a request expire",
    "policy-proposed": "proposed another policy",
    "policy-changed": "changed the policy",
    "reviews-switched-off": "switched reviews off",
    "reviews-switched-on": "switched reviews on again",
    "panic-close": "closed every relay permission at once",
    "glass-broken": "broke glass: applied a request at once",
    "glass-reviewed": "reviewed what went live by broken glass",
    "release-cut": "cut a release",
    "publication-started": "began to publish a release",
    "publication-interrupted": "was interrupted while publishing",
    "publication-succeeded": "published a release",
    "publication-failed": "failed to publish a release",
    "publication-rolled-back": "rolled a publication back",
    "unsafe-override": "overrode a safety finding",
    "drift-found": "found a file changed by hand",
    "drift-overwrite-asked": "asked to overwrite a file changed by hand",
    "drift-overwritten": "overwrote a file changed by hand",
    "drift-taken-over": "took over a file changed by hand",
    "drift-gone": "found a file put back, or changed again",
    "export": "exported the tables",
    "dump": "dumped everything, with the passwords in tables",
    "dump-hidden": "dumped everything, without the passwords in tables",
    "dump-loaded": "filled this installation from a dump",
    "host-registered": "registered a mail host",
    "host-changed": "changed a mail host",
    "host-held": "rolled a mail host back by hand",
    "host-released": "let a mail host publish again",
    "host-reported": "told what a mail host runs",
    "cluster-made": "made a cluster",
    "audit-exported": "exported the history",
    "audit-archived": "archived events",
    "audit-verified": "verified the history",
    "login": "logged in",
    "login-failed": "failed to log in",
    "login-limited": "was kept from trying to log in again",
    "second-factor-added": "set up a second factor",
    "second-factor-removed": "removed their second factor",
    "second-factor-failed": "gave a wrong code of the second factor",
    "recovery-codes-made": "made new recovery codes",
    "recovery-codes-shown": "looked at their recovery codes",
    "recovery-code-used": "used a recovery code",
    "logout": "logged out",
    "password-changed": "changed their password",
    "password-reset": "reset somebody's password",
    "person-added": "added a person",
    "person-changed": "changed a person",
    "delegation-added": "delegated something",
    "delegation-changed": "changed what is delegated",
    "delegation-removed": "took back what was delegated",
    "team-added": "added a team",
    "team-changed": "changed a team",
    "team-removed": "removed a team",
    "role-asked": "asked for a role",
    "role-given": "gave a role",
    "role-refused": "refused a role",
}

#: SHA-256, of which the beginning tells enough apart.
CHECKSUM = re.compile("[0-9a-f]{64}")

NEWEST_EVENT: Order[AuditEvent] = Order(
    cursor=lambda event: str(event.number),
    after=lambda cursor: Q(number__lt=int(cursor)),
    before=lambda cursor: Q(number__gt=int(cursor)),
)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AuditForm(FilterForm):
    person = QueryField(label="Person", required=False, initial="", max_length=255)
    table = forms.ChoiceField(
        label="Table", required=False, initial="", choices=[("", "Any"), *((name, name) for name in TABLES)]
    )
    key = QueryField(label="Key or account", required=False, initial="", max_length=1000)
    action = forms.ChoiceField(label="Action", required=False, initial="", choices=[("", "Any"), *ACTIONS.items()])
    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the page shows it."""

    event: AuditEvent
    words: str
    lines: list[Line]
    facts: list[tuple[str, str]]
    #: Empty, as the facts, where it is of a request that is not for this person.
    reason: str
    #: The request, where it has a page for this person.
    request: int | None
    entry_url: str


@needs(roles.AUDIT)
def listing(request: HttpRequest) -> HttpResponse:
    form = AuditForm(request.GET)
    chosen = form.chosen()
    scope = scope_of(request)
    page = read_page(
        request,
        seeing.events(scope, _found(chosen)),
        order=NEWEST_EVENT,
        size=settings.PAGE_SIZE,
        total=None,
        keep={name: str(value) for name, value in chosen.items() if value},
    )
    context = {
        "form": form,
        "page": page,
        "rows": _rows(scope, page.rows),
        "filtered": any(chosen.values()),
        "verified": verifying.last_noted(),
        "archived": archives.end()[0],
    }
    template = "audit/_events.html" if getattr(request, "htmx", False) else "audit/list.html"
    return render(request, template, context)


def _found(chosen: Mapping[str, Any]) -> QuerySet[AuditEvent]:
    found = audit.events(**_conditions(chosen))
    # The index of keys begins with the table: naming all of them lets a key be found without reading the whole history.
    return found.filter(table__in=[*TABLES, ""]) if chosen["key"] and not chosen["table"] else found


def _conditions(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Days are those of the panel's time zone; the last one counts whole."""
    since, until = chosen["since"], chosen["until"]
    return {
        **chosen,
        "key": fold(chosen["key"]),
        "since": midnight(since) if since else None,
        "until": midnight(until + timedelta(days=1)) if until else None,
    }


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _rows(scope: Scope, events: Sequence[AuditEvent]) -> list[Row]:
    shown = seeing.shown_requests(scope, [event.request_id for event in events])
    return [_row(scope, event, shown) for event in events]


def _row(scope: Scope, event: AuditEvent, shown: set[int]) -> Row:
    is_entry = event.table in TABLES and bool(event.key)
    told = seeing.is_told(scope, event, shown)
    leads = is_entry and scope.sees(TABLES[event.table], event.key)
    before, after = changes.lines(event) if is_entry else _named_lines(event)
    return Row(
        event=event,
        words=ACTIONS.get(event.action, event.action),
        lines=difference(before, after, clear=TABLES[event.table].shown if is_entry else visible),
        facts=list(_facts(event.detail)) if told else [],
        reason=event.reason if told else "",
        request=event.request_id if event.request_id in shown else None,
        entry_url=entry_url("entry-history", TABLES[event.table], event.key) if leads else "",
    )


def _named_lines(event: AuditEvent) -> tuple[list[str], list[str]]:
    """Of two states with named values: only what differs."""
    before, after = event.before or {}, event.after or {}
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        [f"{name}: {_text(before[name])}" for name in names if name in before],
        [f"{name}: {_text(after[name])}" for name in names if name in after],
    )


def _facts(detail: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """What an event says beside, names of inner parts joined by blanks."""
    for name, value in detail.items():
        words = f"{prefix} {name}".replace("_", " ").strip()
        if isinstance(value, Mapping):
            yield from _facts(value, words)
        elif value not in (None, "", False):
            yield words, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    text = visible(str(value))
    return f"{text[:16]}…" if CHECKSUM.fullmatch(text) else text
