"""Which cluster's tables a person looks at, where there are several."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mailadmin.accounts import roles
from tables.context import CLUSTER, clusters_of
from tables.views.access import needs


@require_POST
@needs(roles.VIEW)
def switch(request: HttpRequest) -> HttpResponse:
    """From then on every page is about that one. To the first page, unless one that is of that cluster is named.

    Forms that are still open in another window were made for the other cluster, so their token does not hold any more.
    """
    wanted = request.POST.get("cluster", "")
    if any(cluster.name == wanted for cluster in clusters_of(request)):
        request.session[CLUSTER] = wanted
        rotate_token(request)
    else:
        messages.error(request, "There is no such cluster. Choose one of those in the side bar.")
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "home")
