"""What the frame of every page shows: where one can go, and how much waits there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.urls import reverse

from mailadmin.accounts import roles
from mailadmin.accounts.models import User
from tables import breaking, drafting, entries, findings, inbox, scopes, seeing
from tables.frame import MOST_COUNTED, Frame, frame, table_counts, with_last_event
from tables.models import BrokenGlass, ChangeRequest, CheckRun, Cluster
from tables.scopes import Scope
from tables.sendmail.spec import Grade, Kind
from tables.sendmail.tables import TABLES
from tables.templatetags.panel import thousands

THEMES = ("light", "dark", "system")
THEME_COOKIE = "theme"
#: The name of the chosen cluster in a session.
CLUSTER = "cluster"
#: The number of the draft that somebody collects changes in, in their session.
DRAFT = "draft"

ICONS = {Kind.MAP: "table-cells", Kind.ALIASES: "at-symbol", Kind.CLASS: "list-bullet"}


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the navigation. ``hot`` marks a count that asks for something to be done."""

    label: str
    url: str
    icon: str
    current: bool = False
    count: int | None = None
    count_of: str = ""
    hot: bool = False

    @property
    def count_text(self) -> str:
        if self.count is None:
            return ""
        return f"{MOST_COUNTED}+" if self.hot and self.count > MOST_COUNTED else thousands(self.count)


def cluster_of(request: HttpRequest) -> Cluster:
    """The cluster that a page is about, asked for once in a request, before anything in it is done."""
    return _once(request, "mailadmin_cluster", lambda: _chosen(request) or entries.get_cluster())


def about(request: HttpRequest, cluster: Cluster) -> None:
    """That this page is about something of that cluster, whichever is chosen: the frame says so if it is another."""
    request.mailadmin_about = cluster  # type: ignore[attr-defined]


def draft_of(request: HttpRequest) -> ChangeRequest | None:
    """The draft in which this person collects changes, if they do. Of the chosen cluster only."""
    return _once(request, "mailadmin_draft", lambda: _draft(request))


def _draft(request: HttpRequest) -> ChangeRequest | None:
    pk = request.session.get(DRAFT)
    if not isinstance(pk, int) or not isinstance(request.user, User):
        return None
    return drafting.find(scope=scope_of(request), cluster=cluster_of(request), person=request.user, pk=pk)


def clusters_of(request: HttpRequest) -> list[Cluster]:
    """All there are, by name, asked for once in a request."""
    return _once(request, "mailadmin_clusters", lambda: list(with_last_event(Cluster.objects.order_by("name"))))


def check_of(request: HttpRequest) -> CheckRun | None:
    """The last whole check of the cluster that is chosen, asked for once in a request."""
    return _once(request, "mailadmin_check", lambda: findings.last(cluster_of(request)))


def _chosen(request: HttpRequest) -> Cluster | None:
    """The one that this person switched to, or the default one; where there is no such, the first."""
    known = {cluster.name: cluster for cluster in clusters_of(request)}
    names = [request.session.get(CLUSTER, ""), Cluster.DEFAULT, *known]
    return next((known[name] for name in names if name in known), None)


def scope_of(request: HttpRequest) -> Scope:
    """What this person may see, asked for once in a request."""
    return _once(request, "mailadmin_scope", lambda: scopes.of_person(cast("User", request.user)))


T = TypeVar("T")


def _once(request: HttpRequest, name: str, ask: Callable[[], T]) -> T:
    """Kept on the request, which has no such attribute of its own."""
    if not hasattr(request, name):
        setattr(request, name, ask())
    found: T = getattr(request, name)
    return found


class Navigation:
    """Asked for lazily: a fragment or a page without the frame costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def theme(self) -> str:
        chosen = self.request.COOKIES.get(THEME_COOKIE, "system")
        return chosen if chosen in THEMES else "system"

    @property
    def cluster(self) -> Cluster:
        return cluster_of(self.request)

    @property
    def clusters(self) -> list[Cluster]:
        """To choose from; nothing while there is only one, which then is not spoken of."""
        found = clusters_of(self.request) if self._may(roles.VIEW) else []
        return found if len(found) > 1 else []

    @property
    def elsewhere(self) -> Cluster | None:
        """The cluster of what this page is about, where that is not the chosen one."""
        found: Cluster | None = getattr(self.request, "mailadmin_about", None)
        return found if found and found != self.cluster else None

    @cached_property
    def draft(self) -> ChangeRequest | None:
        return draft_of(self.request)

    @cached_property
    def drafted(self) -> int:
        """How many changes are in it."""
        return self.draft.changes.count() if self.draft else 0

    @property
    def scope(self) -> Scope:
        return scope_of(self.request)

    @cached_property
    def unreviewed(self) -> list[str]:
        """The reasons for which the policy asks nobody to review: every page says so."""
        return list(self._frame.unreviewed) if self.request.user.is_authenticated else []

    @property
    def search_url(self) -> str:
        return reverse("search")

    @cached_property
    def roles(self) -> str:
        return ", ".join(self.request.user.groups.values_list("name", flat=True))

    def _may(self, right: str) -> bool:
        return self.request.user.has_perm(right)

    def _link(self, label: str, name: str, icon: str, *args: Any, **more: Any) -> Link:
        url = reverse(name, args=args)
        path = self.request.path
        current = path == url or (url != reverse("home") and path.startswith(url))
        return Link(label=label, url=url, icon=icon, current=current, **more)

    @cached_property
    def work(self) -> list[Link]:
        links = [self._link("Home", "home", "home")]
        if self._may(roles.VIEW):
            links += [self._requests, self._publish, self._link("Hosts", "hosts", "server-stack"), self._problems]
        if self._may(roles.EDIT):
            links.append(self._link("Sweep", "sweep", "arrows-right-left"))
            links += [] if self.scope.limited else [self._link("Panic close", "panic", "lock-closed")]
        return links

    @property
    def _requests(self) -> Link:
        waiting = self.waiting
        return self._link(
            "Requests",
            "requests",
            "inbox-stack",
            count=waiting or None,
            count_of="waiting for a review",
            hot=waiting > 0,
        )

    @property
    def _publish(self) -> Link:
        count = self.pending
        return self._link(
            "Publish",
            "publish",
            "rocket-launch",
            count=count or None,
            count_of="not yet live",
            hot=count > 0,
        )

    @property
    def _problems(self) -> Link:
        found = seeing.grades(self.scope, check_of(self.request))
        errors, warnings = found.get(Grade.ERROR, 0), found.get(Grade.WARNING, 0)
        return self._link(
            "Problems",
            "problems",
            "exclamation-triangle",
            count=errors + warnings or None,
            count_of="errors and warnings",
            hot=errors > 0,
        )

    @cached_property
    def glass(self) -> list[BrokenGlass]:
        """What went live in an emergency and is not settled: everybody who sees requests sees it on every page."""
        if not self.request.user.is_authenticated or not self._may(roles.VIEW) or not self._frame.marked:
            return []
        found = list(breaking.marked())
        shown = seeing.shown_requests(self.scope, [glass.request_id for glass in found]) if found else set()
        return [glass for glass in found if glass.request_id in shown]

    @cached_property
    def _frame(self) -> Frame:
        # What was done in a request is in what it answers: only what does nothing may show what is kept.
        return frame(self.scope, self.cluster, keep=self.request.method in {"GET", "HEAD"})

    @property
    def waiting(self) -> int:
        return self._frame.waiting

    @property
    def pending(self) -> int:
        return self._frame.pending

    @cached_property
    def unread(self) -> int:
        return inbox.unread(self.request.user) if isinstance(self.request.user, User) else 0

    @property
    def unread_text(self) -> str:
        return f"{inbox.MOST_COUNTED}+" if self.unread > inbox.MOST_COUNTED else str(self.unread)

    @cached_property
    def tables(self) -> list[Link]:
        if not self._may(roles.VIEW):
            return []
        counts = table_counts(self.scope, self.cluster)
        return [
            self._link(name, "table", ICONS[TABLES[name].kind], TABLES[name], count=counts[name], count_of="entries")
            for name in self.scope.tables
        ]

    @cached_property
    def records(self) -> list[Link]:
        links = []
        if self._may(roles.AUDIT):
            links.append(self._link("History", "audit", "clock"))
        if self._may(roles.VIEW):
            links.append(self._link("Changes", "changes", "document-magnifying-glass"))
            links.append(self._link("Policy", "policy", "scale"))
        if self._may(roles.PEOPLE):
            links.append(self._link("People", "people", "user-group"))
        return links


def navigation(request: HttpRequest) -> dict[str, Any]:
    return {"navigation": Navigation(request)}
