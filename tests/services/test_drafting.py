"""Drafts: collected over several pages, looked at as a whole, submitted or discarded."""

import pytest

from mailadmin.accounts.models import User
from tables import changes, drafting
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError, Forbidden
from tables.models import Cluster
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.services.editing import save
from tests.web.visits import stands

ALIASES, RELAY = TABLES["aliases"], TABLES["relay-domains"]


@pytest.fixture
def cluster(alice: User) -> Cluster:
    save(alice, "aliases", "sales", "anna")
    return get_cluster()


def collect(
    actor: User, draft: object, table: str, key: str, value: str = "", *, original: Entry | None = None
) -> None:
    changes.save_entry(
        cluster=get_cluster(),
        actor=Actor.of(actor),
        table=TABLES[table],
        original_key=original.key if original else None,
        typed=Entry(key, value),
        seen=changes.entry_checksum(original),
        confirmed=True,
        into=draft,  # type: ignore[arg-type]
    )


def test_what_is_collected_changes_nothing_before_it_is_submitted(alice: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "aliases", "info", "anna")
    collect(alice, draft, "aliases", "sales", "bert", original=stands("aliases", "sales"))

    assert stands("aliases", "info") is None
    assert drafting.summary(draft) == drafting.Summary(create=1, update=1)

    done = drafting.submit(request=draft, actor=Actor.of(alice), reason="a new shop", ticket=" HELP-7 ")

    assert (done.state, done.ticket, done.reason) == ("applied", "HELP-7", "a new shop")
    assert stands("aliases", "info")
    assert stands("aliases", "sales").value == "bert"


def test_the_last_word_on_an_entry_counts_also_when_it_is_to_stay(alice: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    sales = stands("aliases", "sales")
    collect(alice, draft, "aliases", "sales", "bert", original=sales)
    collect(alice, draft, "aliases", "sales", "carl", original=sales)
    assert [change.after["value"] for change in draft.changes.all()] == ["carl"]

    collect(alice, draft, "aliases", "sales", "anna", original=sales)

    assert not draft.changes.exists()


def test_a_draft_that_opens_something_waits_like_any_request(alice: User, bob: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "relay-domains", "partner.example")
    assert [str(risk) for risk in drafting.risks(draft)] == ["relay"]

    done = drafting.submit(request=draft, actor=Actor.of(alice), reason="a partner")

    assert done.state == "submitted"


def test_changes_can_be_left_out(alice: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "aliases", "info", "anna")
    collect(alice, draft, "aliases", "help", "anna")
    info = draft.changes.get(key="info")

    assert drafting.take_out(request=draft, actor=Actor.of(alice), chosen=[info.pk]) == 1
    assert [change.key for change in draft.changes.all()] == ["help"]


def test_nobody_else_goes_on_with_a_draft(alice: User, bob: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "aliases", "info", "anna")

    with pytest.raises(Forbidden, match="Only who made a draft"):
        drafting.take_out(request=draft, actor=Actor.of(bob), chosen=[draft.changes.get().pk])
    with pytest.raises(Forbidden):
        drafting.submit(request=draft, actor=Actor.of(bob), reason="mine")


def test_what_was_submitted_is_no_draft_any_more(alice: User, cluster: Cluster) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "aliases", "info", "anna")
    drafting.submit(request=draft, actor=Actor.of(alice), reason="")

    with pytest.raises(ChangeError, match="Only a draft can be changed"):
        drafting.take_out(request=draft, actor=Actor.of(alice), chosen=[])


@pytest.mark.parametrize(("ticket", "said"), [("x" * 201, "has 201 characters"), ("A\nB", "line break")])
def test_a_ticket_is_one_short_line(alice: User, cluster: Cluster, ticket: str, said: str) -> None:
    draft = changes.draft(cluster=cluster, actor=Actor.of(alice))
    collect(alice, draft, "aliases", "info", "anna")

    with pytest.raises(ChangeError, match=said):
        drafting.submit(request=draft, actor=Actor.of(alice), reason="", ticket=ticket)
