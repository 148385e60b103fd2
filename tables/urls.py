"""Every page about tables, requests and releases."""

from django.urls import path, register_converter

from tables.converters import TableConverter
from tables.views import (
    audit,
    editing,
    entries,
    fixing,
    history,
    home,
    problems,
    publish,
    releases,
    requests,
    reviews,
    search,
)

register_converter(TableConverter, "table")

urlpatterns = [
    path("", home.home, name="home"),
    path("tables/<table:table>/", entries.listing, name="table"),
    path("tables/<table:table>/add/", editing.add, name="entry-add"),
    path("tables/<table:table>/edit/", editing.edit, name="entry-edit"),
    path("tables/<table:table>/check/", editing.check, name="entry-check"),
    path("tables/<table:table>/switch/", entries.switch, name="entry-switch"),
    path("tables/<table:table>/delete/", entries.delete, name="entry-delete"),
    path("tables/<table:table>/history/", history.entry, name="entry-history"),
    path("tables/<table:table>/fix/", fixing.fix, name="entry-fix"),
    path("problems/", problems.listing, name="problems"),
    path("problems/check/", problems.check_now, name="problems-check"),
    path("search/", search.everywhere, name="search"),
    path("requests/", requests.listing, name="requests"),
    path("requests/<int:pk>/", requests.detail, name="request"),
    path("requests/<int:pk>/withdraw/", requests.withdraw, name="request-withdraw"),
    path("requests/<int:pk>/approve/", reviews.approve, name="request-approve"),
    path("requests/<int:pk>/reject/", reviews.reject, name="request-reject"),
    path("publish/", publish.publish, name="publish"),
    path("publish/<int:pk>/", releases.publication, name="publication"),
    path("publish/releases/", releases.listing, name="releases"),
    path("publish/releases/<int:number>/", releases.detail, name="release"),
    path("history/", audit.listing, name="audit"),
]
