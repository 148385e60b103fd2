"""Every page about tables, requests and releases."""

from django.urls import path, register_converter

from tables.converters import TableConverter
from tables.views import (
    amending,
    audit,
    disclosing,
    editing,
    entries,
    fixing,
    history,
    home,
    originals,
    policy,
    problems,
    publish,
    releases,
    requests,
    reviews,
    search,
    threads,
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
    path("requests/<int:pk>/take-back/", reviews.take_back, name="request-take-back"),
    path("requests/<int:pk>/apply/", requests.carry_out, name="request-apply"),
    path("requests/<int:pk>/edit/", amending.amend, name="request-amend"),
    path("requests/<int:pk>/up-to-date/", amending.bring_up_to_date, name="request-up-to-date"),
    path("requests/<int:pk>/threads/", threads.ask, name="request-ask"),
    path("requests/<int:pk>/threads/<int:thread>/reply/", threads.reply, name="thread-reply"),
    path("requests/<int:pk>/threads/<int:thread>/resolve/", threads.resolve, name="thread-resolve"),
    path("policy/", policy.show, name="policy"),
    path("policy/edit/", policy.edit, name="policy-edit"),
    path("publish/", publish.publish, name="publish"),
    path("publish/<int:pk>/", releases.publication, name="publication"),
    path("publish/releases/", releases.listing, name="releases"),
    path("publish/releases/<int:number>/", releases.detail, name="release"),
    path("history/", audit.listing, name="audit"),
]
