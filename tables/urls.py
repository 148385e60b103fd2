"""Every page about tables, requests and releases."""

from django.urls import path, register_converter

from tables.converters import TableConverter
from tables.views import (
    audit,
    disclosing,
    editing,
    entries,
    fixing,
    history,
    home,
    notices,
    originals,
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
    path("tables/<table:table>/secret/", disclosing.secret, name="entry-secret"),
    path("tables/<table:table>/originals/", originals.listing, name="originals-of"),
    path("originals/<int:pk>/", originals.download, name="original"),
    path("originals/<int:pk>/masked/", originals.masked, name="original-masked"),
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
    path("notices/", notices.listing, name="notices"),
    path("notices/read/", notices.read_all, name="notices-read"),
    path("notices/<int:pk>/read/", notices.read, name="notice-read"),
    path("notices/settings/", notices.preferences, name="notices-settings"),
    path("history/", audit.listing, name="audit"),
]
