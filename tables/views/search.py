"""One box over all tables."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailadmin.accounts.roles import VIEW
from tables import entries
from tables.context import cluster_of, scope_of
from tables.forms import SearchForm
from tables.views.access import needs
from tables.views.narrow import render_narrow
from tables.views.rows import rows_of

#: Entries shown per table; the table's own list has the rest.
SHOWN = 20


@require_safe
@needs(VIEW)
def everywhere(request: HttpRequest) -> HttpResponse:
    cluster, scope = cluster_of(request), scope_of(request)
    query = SearchForm(request.GET).chosen()["q"]
    groups = [
        {
            "table": group.table,
            "rows": rows_of(scope, cluster, group.table, group.entries),
            "more": group.more,
            "unfinished": group.unfinished,
            "url": f"{reverse('table', args=[group.table])}?{urlencode({'q': query})}",
        }
        for group in entries.search(scope=scope, cluster=cluster, query=query, limit=SHOWN)
    ]
    context = {"groups": groups, "search_query": query, "shown": SHOWN}
    return render_narrow(request, "search.html", "_search_results.html", context)
