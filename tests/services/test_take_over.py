"""A file that was changed by hand, taken over: byte for byte, through the gate, with the panel's own changes kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import exporting, importing, releases, undoing, verifying
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden
from tables.models import AuditEvent, Change, ChangeRequest, Drift, FilePassage, Host, PassageChange
from tables.sendmail.tables import TABLES
from tables.takeover import taking
from tests.people import make_limited
from tests.services.drifting import written_down
from tests.services.editing import approve, delete, save
from tests.services.hand import edited

pytestmark = pytest.mark.django_db

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
State = ChangeRequest.State

ALIASES = """\
# Aliases of ours

# --- people ---

# she answers
sales: alice
press: bob

# --- machines ---

root: dora
postmaster: root
"""


class Live:
    """A cluster whose release is live on a host, where somebody edits."""

    def __init__(self, directory: Path, bob: User) -> None:
        self.directory, self.bob = directory, bob
        self.cluster = get_cluster()
        self.host = Host.objects.create(cluster=self.cluster, name="mx1.example.org", mail_dir="/etc/mail")

    def load(self, files: dict[str, bytes]) -> None:
        for name, text in files.items():
            (self.directory / name).write_bytes(text)
        importing.baseline(
            cluster=self.cluster, actor=Actor.command(), files={name: self.directory / name for name in files}
        )
        self.publish()

    def publish(self) -> None:
        self.cluster.refresh_from_db()
        self.host.release = releases.cut(cluster=self.cluster, actor=Actor.command())
        self.host.save()

    def body(self, table: str, number: int | None = None) -> bytes:
        self.cluster.refresh_from_db()
        change = self.cluster.last_change if number is None else number
        return b"".join(exporting.content(cluster=self.cluster, table=TABLES[table], change_number=change))

    def drift(self, table: str, text: bytes, host: Host | None = None) -> Drift:
        Drift.objects.filter(host=host or self.host, table=table, state=Drift.State.OPEN).update(state="gone")
        host = host or self.host
        assert host.release is not None
        return written_down(host, host.release, table, text)

    def take(self, table: str, text: bytes, host: Host | None = None) -> ChangeRequest:
        request = taking.take_over(drift=self.drift(table, text, host), actor=Actor.command())
        assert request is not None
        return approve(self.bob, request) if request.state == State.SUBMITTED else request


@pytest.fixture
def live(tmp_path: Path, alice: User, bob: User) -> Live:
    return Live(tmp_path, bob)


def intact() -> list[str]:
    return [f"{finding.subject}: {finding.message}" for finding in verifying.verify()]


@pytest.mark.one_database
@pytest.mark.parametrize("table", list(TABLES))
def test_what_the_hand_wrote_survives_byte_for_byte(live: Live, table: str) -> None:
    live.load({table: (SAMPLE / table).read_bytes()})
    rng = random.Random(f"{table} by hand")
    for turn in range(6):
        before, wanted = live.body(table), edited(table, live.body(table), rng)
        if wanted == before:
            continue
        request = live.take(table, wanted)
        assert request.state == State.APPLIED, request.outcome
        assert live.body(table) == wanted, f"turn {turn}"
        assert live.body(table, live.host.release.change_number) == before
        live.publish()
    assert intact() == []


EDITS = {
    "an edit": ("sales: alice", "sales: alice, carol"),
    "an addition": ("press: bob\n", "press: bob\nnews: bob\n"),
    "an addition with a comment": ("press: bob\n", "press: bob\n# new here\nnews: bob\n"),
    "a deletion": ("press: bob\n", ""),
    "a comment edited": ("# she answers", "# she answers at night"),
    "a comment taken out": ("# she answers\n", ""),
    "a heading edited": ("# --- machines ---", "# === machines ==="),
    "a heading taken out": ("\n# --- machines ---\n", ""),
    "a heading added": ("root: dora\n", "root: dora\n\n# --- others ---\n\n"),
    "the head edited": ("# Aliases of ours\n", "# Aliases of ours\n# and of theirs\n"),
    "the head taken out": ("# Aliases of ours\n\n", ""),
    "something before the head": ("# Aliases of ours", "\n\n# Aliases of ours"),
    "a blank line": ("sales: alice\n", "sales: alice\n\n"),
    "a blank line taken out": ("bob\n\n#", "bob\n#"),
    "lines that changed places": ("sales: alice\npress: bob\n", "press: bob\nsales: alice\n"),
    "an entry that moved far": ("postmaster: root\n", ""),
    "an entry switched off": ("press: bob", "#press: bob"),
    "the end": ("postmaster: root\n", "postmaster: root\n\n# the end\n"),
    "no line end": ("postmaster: root\n", "postmaster: root"),
    "other blanks": ("root: dora", "root:     dora"),
}


@pytest.mark.one_database
@pytest.mark.parametrize("what", EDITS)
def test_each_kind_of_edit_survives(live: Live, what: str) -> None:
    live.load({"aliases": ALIASES.encode()})
    wanted = ALIASES.replace(*EDITS[what])
    if "moved" in what:
        wanted = "postmaster: root\n" + wanted
    assert wanted != ALIASES
    assert live.take("aliases", wanted.encode()).state == State.APPLIED
    assert live.body("aliases").decode() == wanted
    assert live.body("aliases", live.host.release.change_number).decode() == ALIASES
    assert intact() == []


def test_only_what_is_different_is_in_the_request(live: Live) -> None:
    live.load({"aliases": ALIASES.encode()})
    request = live.take("aliases", ALIASES.replace("press: bob\n", "press: bob\nnews: bob\n").encode())
    assert list(request.changes.values_list("key", "action")) == [("news", "create")]
    assert not request.passage_changes.exists()
    request = live.take("aliases", live.body("aliases") + b"\n# the end\n")
    assert not request.changes.exists()
    assert list(request.passage_changes.values_list("before", "after")) == [("", "\n# the end\n")]
    request = live.take("aliases", live.body("aliases").replace(b"--- machines ---", b"=== machines ==="))
    (text,) = request.passage_changes.all()
    assert (text.before, text.after) == ("\n# --- machines ---\n\n", "\n# === machines ===\n\n")


def test_what_the_panel_changed_meanwhile_is_kept(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "root", "carol")
    live.take("aliases", ALIASES.replace("sales: alice", "sales: alice, bob").encode())
    assert b"sales: alice, bob" in live.body("aliases")
    assert b"root: carol" in live.body("aliases")


def test_what_both_changed_is_a_conflict_that_is_told_and_not_taken(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "sales", "carol")
    delete(alice, "aliases", "press")
    text = ALIASES.replace("sales: alice", "sales: bob").replace("press: bob", "press: dora").replace("dora", "erin")
    found = taking.preview(live.drift("aliases", text.encode()))
    assert [conflict.key for conflict in found.merged.conflicts] == ["press", "sales"]
    assert [(before and before.key, after and after.value) for before, after in found.merged.pairs] == [
        ("root", "erin")
    ]
    request = live.take("aliases", text.encode())
    assert "Not taken, because the panel changed it too: press, sales." in request.reason
    assert b"sales: carol" in live.body("aliases")
    assert b"press" not in live.body("aliases")


def test_what_both_changed_alike_is_no_conflict(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "sales", "bob")
    text = ALIASES.replace("sales: alice", "sales: bob")
    drift = live.drift("aliases", text.encode())
    assert taking.take_over(drift=drift, actor=Actor.of(alice)) is None
    drift.refresh_from_db()
    assert drift.state == Drift.State.TAKEN_OVER
    assert AuditEvent.objects.filter(action="drift-taken-over").count() == 1


def test_what_both_mean_is_written_as_the_hand_writes_it(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "sales", "bob")
    text = ALIASES.replace("sales: alice", "sales:\t bob")
    live.take("aliases", text.encode())
    assert live.body("aliases").decode() == text


def test_conflicts_alone_are_refused(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "sales", "carol")
    with pytest.raises(ChangeError, match=r"Not taken.*sales.*Nothing else is different"):
        live.take("aliases", ALIASES.replace("sales: alice", "sales: bob").encode())


def test_an_entry_moved_by_hand_and_changed_in_the_panel_is_both(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    save(alice, "aliases", "press", "carol")
    live.take("aliases", ("press: bob\n" + ALIASES.replace("press: bob\n", "")).encode())
    assert live.body("aliases").startswith(b"press: carol\n")


def test_of_two_hosts_the_second_shows_what_remains(live: Live) -> None:
    live.load({"aliases": ALIASES.encode()})
    second = Host.objects.create(
        cluster=live.cluster, name="mx2.example.org", mail_dir="/etc/mail", release=live.host.release
    )
    one = ALIASES.replace("sales: alice", "sales: bob") + "\n# by hand\n"
    two = one.replace("root: dora", "root: carol")
    live.take("aliases", one.encode())
    request = live.take("aliases", two.encode(), second)
    assert list(request.changes.values_list("key", flat=True)) == ["root"]
    assert not request.passage_changes.exists()
    assert live.body("aliases").decode() == two


def test_undoing_gives_the_text_between_back(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    request = live.take("aliases", ALIASES.replace("\n# --- machines ---\n", "").replace("bob", "carol").encode())
    undone = undoing.undo(request=request, actor=Actor.of(alice))
    assert undone.state == State.APPLIED
    assert live.body("aliases").decode() == ALIASES
    assert intact() == []
    with pytest.raises(ChangeError):
        undoing.undo(request=request, actor=Actor.of(alice))


def test_going_back_to_a_release_gives_the_text_between_back(live: Live, alice: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    first = live.host.release
    live.take("aliases", ALIASES.replace("\n# --- machines ---\n", "").encode())
    live.publish()
    live.take("aliases", live.body("aliases") + b"\n# the end\n")
    assert first is not None
    undoing.back_to(release=first, actor=Actor.of(alice))
    assert live.body("aliases").decode() == ALIASES
    assert intact() == []


def test_the_text_between_can_be_had_of_any_moment(live: Live) -> None:
    live.load({"aliases": ALIASES.encode()})
    before = timezone.now().isoformat()
    live.take("aliases", ALIASES.encode() + b"\n# the end\n")
    after = timezone.now().isoformat()
    found = [live.body("aliases", exporting.change_number_at(live.cluster, at)) for at in (before, after)]
    assert found == [ALIASES.encode(), ALIASES.encode() + b"\n# the end\n"]


def test_it_goes_through_the_gate(live: Live, alice: User, bob: User) -> None:
    live.load({"aliases": ALIASES.encode(), "relay-domains": b"example.com\n"})
    drift = live.drift("relay-domains", b"# ours\n\nexample.com\ncustomer.example\n")
    request = taking.take_over(drift=drift, actor=Actor.of(alice))
    assert request is not None
    assert (request.state, request.kind) == (State.SUBMITTED, "take over")
    drift.refresh_from_db()
    assert (drift.state, drift.request) == (Drift.State.OPEN, request)
    with pytest.raises(ChangeError, match="takes it over already"):
        taking.take_over(drift=drift, actor=Actor.of(alice))
    approve(bob, request)
    drift.refresh_from_db()
    assert drift.state == Drift.State.TAKEN_OVER
    assert live.body("relay-domains") == b"# ours\n\nexample.com\ncustomer.example\n"
    assert intact() == []


def test_the_reviewer_signs_the_text_between_too(live: Live, alice: User, bob: User) -> None:
    live.load({"relay-domains": b"example.com\n"})
    drift = live.drift("relay-domains", b"# ours\n\nexample.com\ncustomer.example\n")
    request = taking.take_over(drift=drift, actor=Actor.of(alice))
    assert request is not None
    change = PassageChange.objects.get(request=request)
    PassageChange.objects.filter(pk=change.pk)._raw_delete("default")
    with pytest.raises(ChangeError, match="not what was submitted"):
        approve(bob, request)
    assert FilePassage.objects.count() == 0


def test_text_that_changed_meanwhile_ends_it_in_conflict(live: Live, alice: User, bob: User) -> None:
    live.load({"relay-domains": b"# ours\n\nexample.com\n"})
    drift = live.drift("relay-domains", b"# yours\n\nexample.com\ncustomer.example\n")
    request = taking.take_over(drift=drift, actor=Actor.of(alice))
    assert request is not None
    second = Host.objects.create(
        cluster=live.cluster, name="mx2.example.org", mail_dir="/etc/mail", release=live.host.release
    )
    live.take("relay-domains", b"# theirs\n\nexample.com\n", second)
    assert approve(bob, request).state == State.CONFLICTED
    assert live.body("relay-domains") == b"# theirs\n\nexample.com\n"


def test_only_editors_who_see_all_domains_take_over(live: Live, charlie: User) -> None:
    live.load({"aliases": ALIASES.encode()})
    drift = live.drift("aliases", ALIASES.replace("bob", "carol").encode())
    for person in (charlie, make_limited("erin")):
        with pytest.raises(Forbidden):
            taking.take_over(drift=drift, actor=Actor.of(person))


# --- bad input --------------------------------------------------------------------------------------------------------


def refused(live: Live, table: str, text: bytes, match: str) -> None:
    before = live.cluster.last_change
    with pytest.raises(ChangeError, match=match):
        taking.take_over(drift=live.drift(table, text), actor=Actor.command())
    live.cluster.refresh_from_db()
    assert live.cluster.last_change == before
    assert not ChangeRequest.objects.filter(kind="take over").exists()


def test_binary_garbage_is_refused(live: Live) -> None:
    live.load({"aliases": ALIASES.encode()})
    refused(live, "aliases", bytes(random.Random(1).randbytes(50_000)), "Nothing was taken over")


def test_dots_in_the_place_of_a_password_are_refused(live: Live) -> None:
    live.load({"access": b'AuthInfo:x.example\t"P:secret"\n'})
    refused(live, "access", 'AuthInfo:x.example\t"P:••••"\n'.encode(), "hidden by")


def test_problems_are_told_and_bad_lines_switched_off_as_an_import_does(live: Live) -> None:
    live.load({"aliases": ALIASES.encode()})
    text = ALIASES + "this is no alias\nsales: somebody\nlong: " + "x" * 3000 + "\n"
    found = taking.preview(live.drift("aliases", text.encode()))
    assert len(found.problems) >= 2
    live.take("aliases", text.encode())
    assert b"#this is no alias\n" in live.body("aliases") or b"# this is no alias\n" in live.body("aliases")
    assert live.body("aliases").count(b"\nsales:") == 1
    assert intact() == []


def test_a_file_that_differs_everywhere_is_left_to_an_import(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.load({"aliases": ALIASES.encode()})
    monkeypatch.setattr("tables.takeover.hunks.MOST", 20)
    refused(live, "aliases", "".join(f"u{n}: bob\n" for n in range(30)).encode(), "more than the 20")


@pytest.mark.parametrize(("kind", "said"), [("removed", "says nothing"), ("map changed", "builds the map again")])
def test_what_has_no_text_is_not_taken_over(live: Live, kind: str, said: str) -> None:
    live.load({"aliases": ALIASES.encode()})
    drift = live.drift("aliases", b"")
    drift.kind = kind
    drift.save()
    with pytest.raises(ChangeError, match=said):
        taking.take_over(drift=drift, actor=Actor.command())


def test_an_empty_file_takes_everything_out(live: Live) -> None:
    live.load({"genericstable": b"# head\n\nalice\talice@example.com\n"})
    live.take("genericstable", b"")
    assert live.body("genericstable") == b""
    assert Change.objects.filter(action="delete").count() == 1
    assert intact() == []
