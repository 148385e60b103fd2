"""A panel in which two domains live beside each other, with a canary in everything that is of the foreign one.

Nothing that a test sends has the canary in it: where it stands in an answer, something foreign was told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse

from mailadmin.accounts.grants import waiting, without_asked
from mailadmin.accounts.models import Delegation, RoleGrant, Team, User
from mailadmin.accounts.roles import Role
from tables import changes, publishing, reviews, surveys, threads
from tables.actors import Actor
from tables.converters import entry_url
from tables.entries import get_cluster, get_entry
from tables.models import (
    ENTRY_MODELS,
    BrokenRow,
    Change,
    ChangeRequest,
    Job,
    Notice,
    OriginalFile,
    OriginalPart,
    Publication,
    Release,
    Remark,
    Review,
    StoredFinding,
)
from tables.releases import cut
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.sendmail.territory import bounds
from tests.commands.running import run
from tests.people import delegate, make_limited, make_person
from tests.services.drifting import written_down
from tests.services.editing import approve, save

CANARY = "c4n4ry"
DELEGABLE = [name for name, table in TABLES.items() if table.can_be_delegated]

#: Of each table the entry that is asked for, in the own domain and in the foreign one.
KEYS = {
    "access": ("from:asked@{}", "REJECT"),
    "virtusertable": ("asked@{}", "x@own.example"),
    "genericstable": ("asked@{}", "x@own.example"),
    "mailertable": ("{}", "esmtp:[mx.own.example]"),
    "relay-domains": ("{}", ""),
    "local-host-names": ("{}", ""),
}

FILES = {
    "access": f"""\
# {CANARY} head

From:asked@own.example\tREJECT
# {CANARY} comment
From:asked@foreign.example\tERROR:5.7.1:"550 {CANARY}"
From:{CANARY}@foreign.example\tOK
AuthInfo:foreign.example\t"U:{CANARY}" "P:{CANARY}"
AuthInfo:own.example\t"P:secret"
""",
    "aliases": f"# {CANARY}\n{CANARY}: {CANARY}@foreign.example\nsales: {CANARY}\n",
    "virtusertable": f"""\
asked@own.example\tx@own.example
bad@own.example\tx@own.example,y@own.example
# {CANARY} comment
asked@foreign.example\t{CANARY}@foreign.example
{CANARY}@foreign.example\tx@foreign.example
bad@foreign.example\t{CANARY}@foreign.example,{CANARY}2@foreign.example
""",
    "genericstable": f"asked@own.example\tx@own.example\nasked@foreign.example\t{CANARY}@foreign.example\n",
    "mailertable": f"own.example\tesmtp:[mx.own.example]\nforeign.example\tesmtp:[{CANARY}.foreign.example]\n",
    "relay-domains": f"own.example\n# {CANARY}\nforeign.example\n{CANARY}.example\n",
    "local-host-names": f"own.example\n# {CANARY}\nforeign.example\n{CANARY}.foreign.example\n",
}


@dataclass(slots=True)
class World:
    people: dict[str, User]
    #: What a name's address is about, in the own domain and in the foreign one.
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    foreign_requests: list[int] = field(default_factory=list)

    def number(self, thing: str, place: str) -> int:
        found = self.numbers[thing]
        return found.get(place, found["own"])


def build(people: dict[str, User], settings: Any, tmp_path: Path) -> World:
    settings.MAIL_DIR.mkdir()
    world = World(people | _more_people())
    _import(tmp_path)
    _edit(world)
    surveys.run(cluster=get_cluster(), by="dora")
    own = StoredFinding.objects.filter(zone__gt="", across=False, key="bad@own.example").first()
    assert own, "the own domain has a problem, too"
    StoredFinding.objects.filter(pk=own.pk).update(fix=None)
    last = StoredFinding.objects.order_by("-number")[0].number
    own.pk, own.number, own.across, own.message = None, last + 1, True, f"It leads to {CANARY}@foreign.example."
    own.save()
    _publish(world)
    return world


def _more_people() -> dict[str, User]:
    more = {
        "paul": make_person("paul", Role.PUBLISHER),
        "erin": make_limited("erin", Role.POSTMASTER),
        "frank": make_limited("frank", Role.APPROVER),
        "gina": make_limited("gina", Role.PUBLISHER),
        "vera": make_limited("vera", Role.VIEWER),
        "nora": make_person("nora"),
        "sam": make_person("sam", Role.POSTMASTER),
    }
    for name in ("erin", "frank", "gina"):
        delegate(more[name], " ".join(DELEGABLE), "own.example", catch_alls=True, outside_targets=True)
    make_person("emma", Role.ADMINISTRATOR)
    zoe, team = make_limited("zoe", Role.POSTMASTER), Team.objects.create(name=f"team {CANARY}")
    team.members.add(zoe)
    delegate(team, "virtusertable", f"{CANARY}.example")
    return more


def _import(tmp_path: Path) -> None:
    folder = tmp_path / CANARY
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    run("import_tables", folder, "--reason", f"{CANARY} baseline")


def _edit(world: World) -> None:
    alice, bob = world.people["alice"], world.people["bob"]
    why = f"{CANARY} reason"
    save(alice, "virtusertable", "asked@foreign.example", f"{CANARY}-2@foreign.example", reason=why)
    save(alice, "virtusertable", "asked@own.example", "y@own.example", reason="own")
    wide = save(alice, "virtusertable", "@foreign.example", f"{CANARY}@foreign.example", reason=why)
    reviews.note_viewing(request=wide, person=bob)
    reviews.approve(request=wide, reviewer=bob, checksum=wide.checksum, comment=f"{CANARY} approved")
    wrong = save(alice, "virtusertable", f"@no.{CANARY}.foreign.example", "x@own.example", reason=why)
    reviews.note_viewing(request=wrong, person=bob)
    reviews.reject(request=wrong, reviewer=bob, checksum=wrong.checksum, comment=f"{CANARY} rejected")
    foreign = save(alice, "virtusertable", f"@wait.{CANARY}.foreign.example", CANARY, reason=why, comment=CANARY)
    mixed = _mixed(alice, why)
    approve(bob, _mixed(alice, why, "hist.", applied=True))
    own = save(alice, "virtusertable", "@wanted.own.example", "x@own.example", reason="own")
    both = {"own": own, "foreign": foreign}
    world.numbers["request"] = {place: one.pk for place, one in both.items()}
    words = {"own": "own?", "foreign": f"{CANARY}?"}
    asked = {place: threads.ask(request=one, person=bob, text=words[place]) for place, one in both.items()}
    world.numbers["thread"] = {place: remark.pk for place, remark in asked.items()}
    world.numbers["row"] = {place: _broken_row(one, place).pk for place, one in both.items()}
    world.foreign_requests = [wide.pk, wrong.pk, foreign.pk, mixed.pk]
    without_asked(actor=Actor.of(world.people["dora"]), person=world.people["charlie"], roles=[Role.APPROVER])
    world.numbers["role"] = {"own": waiting().get().pk}
    world.numbers["original"] = {"own": OriginalFile.objects.get(table="access").pk}
    world.numbers["delegation"] = {"own": Delegation.objects.get(person=world.people["erin"]).pk}
    applied = Change.objects.filter(table="virtusertable", number__isnull=False)
    keys = {place: f"asked@{place}.example" for place in ("own", "foreign")}
    world.numbers["change"] = {place: applied.get(key=key).pk for place, key in keys.items()}
    (notice,) = Notice.objects.filter(person=bob, request=foreign)
    world.numbers["notice"] = {"own": Notice.objects.get(person=bob, request=own).pk, "foreign": notice.pk}
    world.numbers["job"] = {"own": Job.objects.create(person=alice, work="submit", title=CANARY, said=CANARY).pk}
    world.numbers["team"] = {"own": Team.objects.get().pk}


def _broken_row(request: ChangeRequest, place: str) -> BrokenRow:
    texts = {"key": f"a b@{place}.example", "value": "x" if place == "own" else CANARY}
    return BrokenRow.objects.create(request=request, table="virtusertable", number=7, texts=texts)


def _mixed(alice: User, why: str, under: str = "", *, applied: bool = False) -> ChangeRequest:
    """A request with lines of both domains, which holds a key of the own one."""
    actor, cluster, table = Actor.of(alice), get_cluster(), TABLES["virtusertable"]
    request = changes.draft(cluster=cluster, actor=actor, reason=why)
    for key in (f"@{under}own.example", f"@{CANARY}{applied}.{under}foreign.example".lower()):
        changes.propose(request=request, actor=actor, table=table, key=key, after=Entry(key, "x@own.example"))
    return changes.submit(request=request, actor=actor)


def _publish(world: World) -> None:
    alice, why = world.people["alice"], f"{CANARY} published"
    host = publishing.register_host()
    release = cut(cluster=get_cluster(), actor=Actor.of(alice), reason=why)
    assert isinstance(publishing.converge(host=host), Publication)
    save(alice, "virtusertable", f"{CANARY}-late@foreign.example", f"{CANARY}@foreign.example", reason=why)
    save(alice, "virtusertable", "late@own.example", "x@own.example", reason="own")
    failed = Publication.objects.create(
        release=release,
        host=host,
        state=Publication.State.FAILED,
        requested_by_name="alice",
        error=f"{CANARY} error",
        steps=[{"step": "plan", "state": "failed", "seconds": 1, "message": CANARY, "output": CANARY}],
        files=[{"table": "virtusertable", "sha256": CANARY, "entries": 1, "changed": True}],
    )
    world.numbers["host"] = {"own": host.pk}
    text = f"{CANARY}-hand@foreign.example\t{CANARY}\n"
    world.numbers["drift"] = {"own": written_down(host, release, "virtusertable", text).pk}
    world.numbers["hold"] = {"own": host.pk}
    world.numbers["publication"] = {"own": failed.pk}
    world.numbers["release"] = {"own": release.number}


# --- addresses and what is posted to them -----------------------------------------------------------------------------


def key_of(table: str, place: str) -> str:
    return KEYS[table][0].format(f"{place}.example")


def address(world: World, name: str, table: str, place: str) -> str:
    """A name's address about something of the own or of the foreign domain, as far as it is about one."""
    if name == "entry-secret":
        return entry_url(name, TABLES["access"], f"authinfo:{place}.example")
    if name == "entry-add":
        return reverse(name, args=[table])
    if name.startswith("sheet-"):
        return reverse(name, args=[table]) + f"?format=csv&q={place}"
    if name.startswith("entry-"):
        return entry_url(name, TABLES[table], key_of(table, place))
    if name == "change-back":
        return reverse(name, args=[1])
    if name.startswith("table") or name == "originals-of":
        return reverse(name, args=[table]) + f"?q={place}"
    if name.startswith("person-") and name != "person-add":
        return reverse(name, args=[world.people["charlie"].pk])
    thing = name.split("-", maxsplit=1)[0]
    if thing == "thread":
        return reverse(name, args=[world.number("request", place), world.number("thread", place)])
    if thing in world.numbers:
        return reverse(name, args=[world.number(thing, place)])
    return reverse(name) + f"?q={place}.example&key={key_of('virtusertable', place)}&grade=all"


def posted(world: World, name: str, table: str, place: str) -> dict[str, str]:
    """What somebody sends who knows all that the form would."""
    key = key_of(table, place)
    if name == "entry-add":
        fresh = KEYS[table][0].format(f"new.{place}.example")
        return {"key": fresh, "value": KEYS[table][1], "enabled": "on", "reason": "x"}
    if name.startswith("entry-"):
        current = get_entry(cluster=get_cluster(), table=TABLES[table], key=key)
        seen = changes.entry_checksum(current)
        typed = {"key": key, "value": KEYS[table][1], "enabled": "on", "comment": "mine"}
        return typed | {"seen": seen, "to": "off", "reason": "x", "rule": "text.crlf"}
    if name.startswith("request-"):
        request = ChangeRequest.objects.get(pk=world.number("request", place))
        decided = {"checksum": request.checksum, "comment": "no", "whole": "on"}
        return decided | {"seen": request.checksum, "reason": "another", "text": "why?"}
    if name == "thread-reply":
        return {"text": "because"}
    return {}


# --- what must not change ---------------------------------------------------------------------------------------------


def digest(world: World) -> str:
    """SHA-256 over all rows that are not of the own domain: entries, changes, requests, reviews, people and rights."""
    hashed = hashlib.sha256()
    for rows in _foreign_rows(world):
        for row in rows:
            hashed.update(repr(row).encode())
    return hashed.hexdigest()


def _foreign_rows(world: World) -> Iterator[Any]:
    low, high = bounds("own.example")
    own = Q(zone__gte=low, zone__lt=high)
    kinds: list[type[Model]] = [*ENTRY_MODELS.values(), Change]
    yield from (model._default_manager.exclude(own).order_by("pk").values_list() for model in kinds)
    foreign = world.foreign_requests
    yield ChangeRequest.objects.filter(pk__in=foreign).order_by("pk").values_list()
    yield Review.objects.filter(request__in=foreign).order_by("pk").values_list()
    yield Remark.objects.filter(request__in=foreign).order_by("pk").values_list()
    yield User.objects.order_by("pk").values_list("pk", "username", "password", "is_active", "limited", "groups")
    everything: list[type[Model]] = [Team, Delegation, RoleGrant, OriginalFile, OriginalPart]
    yield from (model._default_manager.order_by("pk").values_list() for model in everything)
    yield Release.objects.filter(number=1).values_list()
    yield Publication.objects.filter(pk=world.number("publication", "own")).values_list()
