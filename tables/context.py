"""What the frame of every page shows: where one can go, and how much waits there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from mailadmin.accounts import roles
from mailadmin.accounts.models import User
from tables import breaking, drafting, entries, inbox, policy, scopes, seeing
from tables.models import BrokenGlass, ChangeRequest, CheckRun, Cluster
from tables.publishing.hosts import slowest_host
from tables.scopes import Scope
from tables.sendmail.spec import Grade, Kind
from tables.sendmail.tables import TABLES
from tables.states import checksum
from tables.templatetags.panel import thousands

THEMES = ("light", "dark", "system")
THEME_COOKIE = "theme"
#: The name of the chosen cluster in a session.
CLUSTER = "cluster"
#: The number of the draft that somebody collects changes in, in their session.
DRAFT = "draft"

ICONS = {Kind.MAP: "table-cells", Kind.ALIASES: "at-symbol", Kind.CLASS: "list-bullet"}

#: Seconds for which a table's count may stand without being asked for again.
COUNTS_SECONDS = 3600
#: More pending changes than this are shown as "999+": the badge need not count a whole import.
MOST_COUNTED = 999


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
    return _once(request, "mailadmin_clusters", lambda: list(Cluster.objects.order_by("name")))


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
        return list(policy.in_force(self.cluster).rules.unreviewed) if self.request.user.is_authenticated else []

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
        run = CheckRun.objects.filter(cluster=self.cluster).only("errors", "warnings", "notes").first()
        found = seeing.grades(self.scope, run)
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
        if not self.request.user.is_authenticated or not self._may(roles.VIEW):
            return []
        found = list(breaking.marked())
        shown = seeing.shown_requests(self.scope, [glass.request_id for glass in found]) if found else set()
        return [glass for glass in found if glass.request_id in shown]

    @cached_property
    def waiting(self) -> int:
        return seeing.requests(self.scope, self.cluster).filter(state=ChangeRequest.State.SUBMITTED).count()

    @cached_property
    def pending(self) -> int:
        found = seeing.pending(self.scope, self.cluster, slowest_host(self.cluster))
        return found.order_by()[: MOST_COUNTED + 1].count()

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


def table_counts(scope: Scope, cluster: Cluster) -> dict[str, int]:
    """Entries of each table that a person sees. Every page shows them, and a million take a tenth of a second.

    To what was counted the changes since are added: an edit would otherwise have everybody's next page count again.
    """
    key, now = f"counts:{cluster.pk}:{checksum(scope.mark)}", cluster.last_change
    counted, then = cache.get(key, ({}, 0))
    if then == now and counted:
        return dict(counted)
    # A baseline, the first change of all, has none of its entries in the change log.
    if 0 < then < now and not scope.limited:
        counted = entries.counts_since(cluster=cluster, counted=counted, then=then)
    else:
        counted = entries.counts(scope=scope, cluster=cluster)
        if Cluster.objects.only("last_change").get(pk=cluster.pk).last_change != now:
            return counted  # of nobody knows which change
    cache.set(key, (counted, now), COUNTS_SECONDS)
    return dict(counted)


def navigation(request: HttpRequest) -> dict[str, Any]:
    return {"navigation": Navigation(request)}
