"""Every address of the panel, for every role: who gets in, what takes a POST, and that hostile text stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mailadmin.accounts.grants import waiting, without_asked
from mailadmin.accounts.models import Team, User
from mailadmin.accounts.roles import Role
from tables import publishing, surveys, threads
from tables.actors import Actor
from tables.converters import entry_url
from tables.entries import get_cluster
from tables.models import BrokenRow, Change, ChangeRequest, Job, Notice, OriginalFile, Publication, VirtualUser
from tables.releases import cut
from tables.sendmail.tables import TABLES
from tests.commands.running import run
from tests.people import delegate, make_person
from tests.services.drifting import written_down
from tests.services.editing import approve, save, switch
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db

#: The fixed cast; paul publishes; erin edits, frank reviews, gina publishes and vera looks, each limited.
EVERYBODY = {"alice", "bob", "charlie", "dora", "paul", "erin", "frank", "gina", "vera"}
EDITORS, REVIEWERS, MANAGERS = {"alice", "dora", "erin"}, {"bob", "dora", "frank"}, {"dora"}
PUBLISHERS = {"alice", "bob", "dora", "paul", "gina"}
DEBATERS = EDITORS | REVIEWERS
KEEPERS = {"dora"}  # of passwords

#: Name of an address: who may open it, and who may post to it. Everybody else gets 403, a stranger the log-in; what is
#: not delegated to a limited person is not found (test_every_pair.py).
RIGHTS: dict[str, tuple[set[str], set[str]]] = {
    "home": (EVERYBODY, set()),
    "table": (EVERYBODY, set()),
    "table-many": (EDITORS, EDITORS),
    "sweep": (EDITORS, EDITORS),
    "panic": (EDITORS - {"erin"}, EDITORS - {"erin"}),  # of all domains at once
    "entry-add": (EDITORS, EDITORS),
    "entry-edit": (EDITORS, EDITORS),
    "entry-check": (set(), EDITORS),
    "entry-switch": (EDITORS, EDITORS),
    "entry-delete": (EDITORS, EDITORS),
    "entry-history": (EVERYBODY, set()),
    "table-at": (EVERYBODY, set()),
    "table-file": (EVERYBODY, set()),
    "table-blame": (EVERYBODY, set()),
    "compare": (EVERYBODY, set()),
    "compare-file": (EVERYBODY, set()),
    "changes": (EVERYBODY, set()),
    "change-undo": (EDITORS, EDITORS),
    "change-back": (EDITORS, EDITORS),
    "entry-fix": (set(), EDITORS),
    "problems": (EVERYBODY, set()),
    "problems-check": (set(), EDITORS),
    "entry-secret": (KEEPERS, KEEPERS),
    "sheet-import": (EDITORS, EDITORS),
    "sheet-download": (EVERYBODY, KEEPERS),
    "row-mend": (set(), EDITORS),
    "row-leave": (set(), EDITORS),
    "originals-of": (EVERYBODY, set()),
    "original": (KEEPERS, set()),
    "original-masked": (EVERYBODY, set()),
    "search": (EVERYBODY, set()),
    "requests": (EVERYBODY, set()),
    "request": (EVERYBODY, set()),
    "request-withdraw": (set(), EDITORS),
    "job": (EVERYBODY, set()),
    "draft-start": (set(), EDITORS),
    "draft-stop": (set(), EDITORS),
    "request-collect": (set(), EDITORS),
    "request-take-out": (set(), EDITORS),
    "request-submit": (set(), EDITORS),
    "request-discard": (set(), EDITORS),
    "request-approve": (set(), REVIEWERS),
    "request-reject": (set(), REVIEWERS),
    "request-take-back": (set(), REVIEWERS),
    "request-apply": (set(), DEBATERS),
    "request-amend": (EDITORS, EDITORS),
    "request-up-to-date": (set(), EDITORS),
    "request-ask": (set(), DEBATERS),
    "thread-reply": (set(), DEBATERS),
    "thread-resolve": (set(), DEBATERS),
    "policy": (EVERYBODY, set()),
    "policy-edit": (MANAGERS, MANAGERS),
    "request-undo": (EDITORS, EDITORS),
    "request-break-glass": (KEEPERS, KEEPERS),
    "release-back": (EDITORS, EDITORS),
    "publish": (EVERYBODY, PUBLISHERS),
    "publication": (EVERYBODY, set()),
    "drift": (EVERYBODY, set()),
    "drift-overwrite": (set(), PUBLISHERS),
    "hold-release": (set(), PUBLISHERS - {"gina"}),
    "drift-take-over": (EDITORS, EDITORS),
    "releases": (EVERYBODY, set()),
    "release": (EVERYBODY, set()),
    "hosts": (EVERYBODY, set()),
    "host": (EVERYBODY, set()),
    "cluster-switch": (set(), EVERYBODY),
    "notices": (EVERYBODY, set()),
    "notices-read": (set(), EVERYBODY),
    "notice-read": (set(), EVERYBODY),
    "notices-settings": (EVERYBODY, EVERYBODY),
    "audit": (EVERYBODY, set()),
    "people": (MANAGERS, set()),
    "person-add": (MANAGERS, MANAGERS),
    "person-edit": (MANAGERS, MANAGERS),
    "person-switch": (set(), MANAGERS),
    "person-password": (set(), MANAGERS),
    "role-decide": (set(), MANAGERS),
    "person-delegate": (MANAGERS, MANAGERS),
    "teams": (MANAGERS, MANAGERS),
    "team-edit": (MANAGERS, MANAGERS),
    "team-remove": (set(), MANAGERS),
    "team-delegate": (MANAGERS, MANAGERS),
    "delegation-edit": (MANAGERS, MANAGERS),
    "delegation-remove": (set(), MANAGERS),
}

#: Of one's own account, for whoever has one; the log-in itself is for strangers.
OWN = ("account_", "mfa_", "theme")
#: What machines ask, without an account (test_watching.py).
FOR_MACHINES = ("healthz", "readyz", "metrics")

HOSTILE = "<script>alert(1)</script>\"'>&<img src=x onerror=alert(2)>"


def our_names() -> set[str]:
    def names(patterns: list[Any]) -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                found |= names(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and pattern.name:
                found.add(pattern.name)
        return found

    return {name for name in names(get_resolver().url_patterns) if not name.startswith((*OWN, *FOR_MACHINES))}


SECRET = "authinfo:smart.example"


@pytest.fixture
def addresses(people: dict[str, User], settings: Any, tmp_path: Path) -> dict[str, str]:
    """One working address for each name, with hostile text in everything that a person or a host can name."""
    settings.HOST_NAME = HOSTILE
    settings.MAIL_DIR.mkdir()
    alice, bob, dora = people["alice"], people["bob"], people["dora"]
    (tmp_path / HOSTILE.replace("/", "")).write_text(f'# {HOSTILE}\n{SECRET}\t"P:{HOSTILE.replace(chr(34), "")}"\n')
    run("import_tables", tmp_path / HOSTILE.replace("/", ""), "--table", "access")
    make_person("emma", Role.ADMINISTRATOR)
    User.objects.update(first_name=HOSTILE)
    save(alice, "aliases", "sales", "alice", comment=HOSTILE, reason=HOSTILE)
    unquoted = HOSTILE.replace('"', "")
    save(alice, "access", "from:spam.example", f'ERROR:5.7.1:"550 {unquoted}"', reason=HOSTILE)
    approve(bob, save(alice, "aliases", "run", f'"|/bin/run {unquoted}"', reason=HOSTILE))
    waits = save(alice, "relay-domains", "customer.example", comment=HOSTILE, reason=HOSTILE)
    switch(alice, "aliases", "sales", enabled=False)
    VirtualUser.objects.create(cluster=get_cluster(), key=HOSTILE, value=HOSTILE, position=1)
    surveys.run(cluster=get_cluster(), by=HOSTILE)
    without_asked(actor=Actor.of(dora), person=people["charlie"], roles=[Role.APPROVER])
    host = publishing.register_host()
    cut(cluster=get_cluster(), actor=Actor.of(alice), reason=HOSTILE)
    publication = publishing.converge(host=host)
    assert isinstance(publication, Publication)
    assert isinstance(waits, ChangeRequest)
    drift = written_down(host, publication.release, "aliases", f"# {HOSTILE}\n")
    numbers = {"request": waits.pk, "publication": publication.pk, "release": 1, "role": waiting().get().pk}
    numbers["host"] = host.pk
    numbers["change"] = Change.objects.filter(table="aliases", key="sales", number__isnull=False).latest("number").pk
    numbers["drift"] = drift.pk
    numbers["hold"] = host.pk
    numbers["thread"] = threads.ask(request=waits, person=bob, text=HOSTILE).pk
    numbers["original"] = OriginalFile.objects.get().pk
    numbers["row"] = broken_row(waits).pk
    numbers["notice"] = Notice.objects.filter(person=dora).latest("pk").pk
    numbers["team"] = Team.objects.create(name=HOSTILE).pk
    numbers["job"] = Job.objects.create(person=dora, work="submit", title=HOSTILE, said=HOSTILE, state="failed").pk
    numbers["delegation"] = delegate(people["charlie"], "access", HOSTILE).pk
    return {name: address(name, numbers, people["charlie"]) for name in RIGHTS}


def broken_row(request: ChangeRequest) -> BrokenRow:
    """A row of a sheet that could not be taken."""
    texts = {"key": HOSTILE, "value": HOSTILE, "comment": HOSTILE}
    return BrokenRow.objects.create(request=request, table="relay-domains", number=7, texts=texts)


def address(name: str, numbers: dict[str, int], person: User) -> str:
    if name == "entry-secret":
        return entry_url(name, TABLES["access"], SECRET)
    if name == "originals-of":
        return reverse(name, args=["access"])
    if name.startswith(("table", "sheet-")):
        return reverse(name, args=["aliases"])
    if name == "change-back":
        return reverse(name, args=[1])
    if name.startswith("entry-"):
        return reverse(name, args=["aliases"]) + ("" if name == "entry-add" else "?key=sales")
    if name.startswith("person-") and name != "person-add":
        return reverse(name, args=[person.pk])
    if name.startswith("thread-"):
        return reverse(name, args=[numbers["request"], numbers["thread"]])
    thing = name.split("-", maxsplit=1)[0]
    return reverse(name, args=[numbers[thing]] if thing in numbers else [])


def test_the_table_of_rights_names_every_address() -> None:
    assert set(RIGHTS) == our_names()


def test_a_stranger_gets_the_log_in_everywhere(addresses: dict[str, str]) -> None:
    for where in addresses.values():
        for answer in (Client().get(where), Client().post(where)):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("account_login"))


def test_every_post_needs_its_token(addresses: dict[str, str], dora: User) -> None:
    browser = visitor(dora)
    browser.handler.enforce_csrf_checks = True
    for name, (_may_open, may_post) in RIGHTS.items():
        if may_post:
            assert browser.post(addresses[name]).status_code == 403, name


def test_hostile_text_stays_text_on_every_page(addresses: dict[str, str], people: dict[str, User]) -> None:
    seen = 0
    for name, (may_open, _may_post) in RIGHTS.items():
        if may_open:
            answer = visitor(people["dora"]).get(addresses[name])
            if isinstance(answer, StreamingHttpResponse):
                assert answer["Content-Disposition"].startswith("attachment")
                continue
            page = answer.content.decode()
            assert "<script>alert" not in page, name
            assert "<img src=x" not in page, name
            seen += "&lt;script&gt;alert" in page
    assert seen >= 8


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_to_another_site(addresses: dict[str, str], alice: User, target: str) -> None:
    browser = visitor(alice)
    login = Client().post(
        reverse("account_login") + f"?next={target}", {"login": "alice", "password": "correct horse battery staple"}
    )
    theme = browser.post(reverse("theme"), {"theme": "dark", "next": target})
    for answer in (login, theme):
        assert answer.status_code == 302
        assert "evil" not in answer["Location"]
        assert "javascript" not in answer["Location"]
    page = browser.get(addresses["entry-edit"] + f"&back={target}").content.decode()
    assert f'href="{target}"' not in page


def test_a_foreign_host_name_is_refused(addresses: dict[str, str], alice: User) -> None:
    assert visitor(alice).get(addresses["home"], headers={"host": "evil.example"}).status_code == 400
