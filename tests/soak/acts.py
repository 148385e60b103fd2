"""What people, and bad luck, do to a fleet of mail hosts. Each act returns a word for the count of what was done."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.soak.fleet import Fleet, Host, ask, cluster, cut, editing
from tests.soak.server import Server

KEYS = 40
#: Of each table what a new value may be, by the number of the key.
VALUES: dict[str, tuple[str, list[str]]] = {
    "aliases": (
        "k{}",
        ["root", "root, postmaster", "box{}@far.example", "|/usr/bin/procmail", ":include:/etc/mail/list{}"],
    ),
    "access": ("From:k{}@bad.example", ["REJECT", "DISCARD", "OK", "550 5.7.1 not from k{}"]),
    "virtusertable": ("k{}@here.example", ["root", "box{}@far.example", "error:5.1.1:550 No such user"]),
    "genericstable": ("k{}", ["k{}@here.example"]),
    "mailertable": ("k{}.example", ["smtp:[relay.example]", "error:5.1.2:550 gone"]),
    "relay-domains": ("k{}.example", [""]),
    "local-host-names": ("k{}.example", [""]),
}


class Refused(Exception):
    """What was wanted is not allowed, or not possible now."""


@dataclass
class Soak:
    fleet: Fleet
    server: Server
    chance: random.Random
    #: Hosts whose publisher was stopped, with the moment at which it is to start again.
    waiting: dict[str, float] = field(default_factory=dict)
    by_hand: int = 0

    @property
    def host(self) -> Host:
        return self.chance.choice(self.fleet.hosts)

    @property
    def cluster(self) -> str:
        return self.chance.choice(self.fleet.clusters)

    def act(self) -> str:
        """One act, and the return of who has waited long enough."""
        for host in self.fleet.hosts:
            if host.name in self.waiting and self.waiting[host.name] < time.monotonic():
                del self.waiting[host.name]
                host.start()
        chosen: Callable[[Soak], str] = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        try:
            return chosen(self)
        except Refused:
            return f"{chosen.__name__} refused"

    def later(self, host: Host) -> None:
        self.waiting[host.name] = time.monotonic() + self.chance.choice((0, 0, 0.2, 1, 5))


# --- people -----------------------------------------------------------------------------------------------------------


def edits(soak: Soak) -> str:
    table = soak.chance.choice(list(VALUES))
    key, values = VALUES[table]
    number, value = soak.chance.randrange(KEYS), soak.chance.choice(values)
    gone = soak.chance.random() < 0.25
    return str(ask(partial(edit, soak.cluster, table, key.format(number), value.format(number), gone=gone)))


def edit(name: str, table: str, key: str, value: str, *, gone: bool) -> str:
    from mailadmin.accounts.models import User
    from tables.errors import ChangeError

    alice = User.objects.get(username="alice")
    try:
        with editing(name) as people:
            if gone and people.value_of(table, key) is None:
                return "nothing to delete"
            request = (
                people.delete(alice, table, key, "soak")
                if gone
                else people.save(alice, table, key, value, reason="soak")
            )
    except ChangeError as error:
        return f"edit refused ({type(error).__name__})"
    return f"{'deletion' if gone else 'edit'} {request.state}"


def reviews(soak: Soak) -> str:
    return str(ask(partial(review, soak.chance.random())))


def review(chance: float) -> str:
    from mailadmin.accounts.models import User
    from tables import reviews as service
    from tables.errors import ChangeError
    from tables.models import ChangeRequest
    from tests.services.editing import approve

    waiting = list(ChangeRequest.objects.filter(state=ChangeRequest.State.SUBMITTED))
    if not waiting:
        return "nothing to review"
    request, bob = waiting[int(chance * len(waiting))], User.objects.get(username="bob")
    try:
        if chance * 10 % 1 < 0.2:
            service.note_viewing(request=request, person=bob)
            service.reject(request=request, reviewer=bob, checksum=request.checksum, comment="soak")
        else:
            approve(bob, request)
    except ChangeError as error:
        return f"review refused ({type(error).__name__})"
    request.refresh_from_db()
    return f"request {request.state}"


def releases(soak: Soak) -> str:
    ask(partial(cut, soak.cluster, override=soak.chance.random() < 0.3))
    return "release"


# --- bad luck ---------------------------------------------------------------------------------------------------------


def kills(soak: Soak) -> str:
    """Just after a release, when there is something to die in."""
    host = soak.host
    ask(partial(cut, host.cluster, override=True))
    time.sleep(soak.chance.uniform(0, 0.6))
    if not host.publisher:
        raise Refused
    host.kill()
    soak.later(host)
    return "publisher killed"


def stops(soak: Soak) -> str:
    host = soak.host
    if not host.publisher:
        raise Refused
    if status := host.stop():
        raise RuntimeError(f"the publisher of {host.name} did not end in an orderly way: {status}")
    soak.later(host)
    return "publisher stopped"


def drops(soak: Soak) -> str:
    return f"{ask(partial(drop, soak.chance.random() < 0.5))} connections dropped"


def drop(everything: bool) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s",
            [100 if everything else 1],
        )
    return "all" if everything else "some"


def falls(soak: Soak) -> str:
    soak.server.stop()
    time.sleep(soak.chance.uniform(0, 2))
    soak.server.start()
    return "server fell"


def writes_by_hand(soak: Soak) -> str:
    """An administrator who does not know: a comment, or a line that means something, or a map of his own."""
    host, soak.by_hand = soak.host, soak.by_hand + 1
    what = soak.chance.choice(("comment", "entry", "map"))
    if what == "map":
        path = host.mail / "genericstable.db"
        path.write_bytes(path.read_bytes() if path.exists() else b"")
    else:
        with (host.mail / "virtusertable").open("a") as text:
            text.write(f"# {soak.by_hand}\n" if what == "comment" else f"hand{soak.by_hand}@here.example\troot\n")
    return f"{what} by hand"


def rolls_back(soak: Soak) -> str:
    host = soak.host
    said = str(ask(partial(roll_back, host)))
    if "refused" not in said:
        ask(partial(release_hold, host))
    return said


def roll_back(host: Host) -> str:
    from tables.errors import ChangeError
    from tables.publishing import Locked, rollback
    from tables.publishing.errors import EXPECTED

    host.use()
    if len(rollback.listed()) < 2:  # before the first there was nothing
        return "rollback refused"
    try:
        rollback.roll_back(wanted="", by="root", reason="soak")
    except (Locked, ChangeError, *EXPECTED) as error:
        return f"rollback refused ({type(error).__name__})"
    return "rollback"


def release_hold(host: Host) -> None:
    from tables.publishing import rollback

    host.use()
    rollback.release_hold(by="root")


#: How often each is done, relative to the others.
ACTS: dict[Callable[[Soak], str], int] = {
    edits: 50,
    reviews: 20,
    releases: 15,
    kills: 8,
    stops: 2,
    drops: 4,
    falls: 1,
    writes_by_hand: 3,
    rolls_back: 2,
}


def make_people() -> None:
    from tests.people import CAST, make_person

    for username in ("alice", "bob"):
        make_person(username, CAST[username])


def counted(name: str) -> dict[str, Any]:
    """How many publications ended how, in all clusters or one."""
    from django.db.models import Count

    from tables.models import Publication

    rows = Publication.objects.filter(host__cluster=cluster(name)).values_list("state").annotate(Count("id"))
    return dict(rows.order_by())
