"""The list of change requests, one of them, and taking one back."""

import pytest

from mailadmin.accounts.models import User
from tables.entries import get_cluster
from tables.models import AccessRule, Change, ChangeRequest
from tests.services.editing import approve, save
from tests.web.visits import standing, stands, text, visitor


@pytest.fixture
def relay(alice: User, bob: User) -> ChangeRequest:
    """A request that waits: example.org shall be relayed."""
    return save(alice, "relay-domains", "example.org", reason="We are their backup MX")


def listed(person: User, query: str = "") -> list[int]:
    return [row.pk for row in visitor(person).get(f"/requests/{query}").context["page"].rows]


def test_the_list_shows_what_is_open(alice: User, relay: ChangeRequest) -> None:
    save(alice, "aliases", "sales", "alice")

    assert listed(alice) == [relay.pk]
    assert "We are their backup MX" in text(visitor(alice).get("/requests/"))


def test_all_requests_can_be_listed_newest_first(alice: User, relay: ChangeRequest) -> None:
    applied = save(alice, "aliases", "sales", "alice")

    assert listed(alice, "?view=all") == [applied.pk, relay.pk]


def test_the_list_can_be_narrowed_to_a_state(alice: User, relay: ChangeRequest) -> None:
    applied = save(alice, "aliases", "sales", "alice")

    assert listed(alice, "?view=all&state=applied") == [applied.pk]


def test_the_list_can_be_narrowed_to_ones_own(alice: User, dora: User, relay: ChangeRequest) -> None:
    of_dora = save(dora, "aliases", "sales", "dora")

    assert listed(dora, "?view=mine") == [of_dora.pk]


def test_what_waits_for_a_review_is_listed_for_who_may_review_it(people: dict[str, User], relay: ChangeRequest) -> None:
    by_dora = save(people["dora"], "relay-domains", "example.net", reason="Theirs too")

    assert listed(people["bob"], "?view=review") == [by_dora.pk, relay.pk]
    assert listed(people["dora"], "?view=review") == [relay.pk]
    assert listed(people["alice"], "?view=review") == []


def test_a_request_without_a_reason_is_named_by_what_it_changes(alice: User) -> None:
    save(alice, "aliases", "sales", "alice")

    assert "create <code>sales</code> in aliases" in text(visitor(alice).get("/requests/?view=all"))


def test_a_request_says_who_why_and_what_it_does(bob: User, relay: ChangeRequest) -> None:
    page = text(visitor(bob).get(f"/requests/{relay.pk}/"))

    for words in (
        "alice",
        "We are their backup MX",
        "Mail for example.org and its subdomains is relayed",
        "diff__line--added",
        relay.checksum[:12],
    ):
        assert words in page


@pytest.mark.parametrize(
    ("table", "key", "value", "effect"),
    [
        ("relay-domains", "192.0.2", "", "Every host of 192.0.2 may send mail anywhere through this host."),
        ("relay-domains", ".example.org", "", "Mail for every subdomain of example.org is relayed"),
        ("access", "connect:203.0.113", "RELAY", "Every host of 203.0.113 may send mail anywhere through this host."),
        ("access", "to:example.org", "RELAY", "Mail for example.org is relayed, whoever sends it."),
        ("access", "connect:198.51.100.7", "OK", "Mail from 198.51.100.7 passes checks that others go through (OK)."),
        ("aliases", "ticket", '"|/bin/ticket"', 'Every mail to ticket runs a program on this host: "|/bin/ticket"'),
        ("aliases", "log", "/var/log/mails", "Every mail to log is written to a file of this host: /var/log/mails"),
        ("aliases", "all", ":include:/etc/all", "Mail to all goes to whoever a file of this host lists"),
        ("virtusertable", "@example.com", "alice", "All mail for example.com that no other entry names goes to alice."),
        ("genericstable", "@example.com", "a@example.com", "Every sender at example.com that no other entry names"),
        ("local-host-names", "mail.example.org", "", "Mail for mail.example.org is delivered on this host"),
    ],
)
def test_the_effect_of_a_risk_is_said_in_words(
    alice: User, bob: User, table: str, key: str, value: str, effect: str
) -> None:
    request = save(alice, table, key, value, reason="wanted")

    assert effect in text(visitor(bob).get(f"/requests/{request.pk}/"))


def test_the_effect_of_taking_a_refusal_away_is_said_in_words(alice: User, bob: User) -> None:
    save(alice, "access", "from:spam.example.net", "REJECT")
    request = save(alice, "access", "from:spam.example.net", "OK", reason="they are friends")

    page = text(visitor(bob).get(f"/requests/{request.pk}/"))

    assert "What “from:spam.example.net” stopped until now (REJECT) gets through." in page


def test_a_request_that_conflicts_shows_both_sides(alice: User, dora: User) -> None:
    AccessRule.objects.create(cluster=get_cluster(), key="connect:203.0.113", value="OK", position=1)
    request = save(alice, "access", "connect:203.0.113", "RELAY", reason="A branch office")
    save(dora, "access", "connect:203.0.113", "REJECT")  # what tightens does not wait
    request.refresh_from_db()

    page = text(visitor(dora).get(f"/requests/{request.pk}/"))

    assert request.state == "conflicted"
    for words in ("Expected before", "203.0.113 OK", "Stands now", "203.0.113 REJECT", "Wanted", "203.0.113 RELAY"):
        assert words in page


def test_an_author_may_withdraw_their_request(alice: User, relay: ChangeRequest) -> None:
    client = visitor(alice)

    response = client.post(f"/requests/{relay.pk}/withdraw/", {"withdraw-reason": "a misunderstanding"})

    relay.refresh_from_db()
    assert response["Location"] == f"/requests/{relay.pk}/"
    assert (relay.state, relay.outcome) == ("withdrawn", "a misunderstanding")
    assert stands("relay-domains", "example.org") is None
    assert f"Request {relay.pk} is withdrawn. Nothing was changed." in text(client.get(response["Location"]))


def test_nobody_else_may_withdraw_it(dora: User, relay: ChangeRequest) -> None:
    client = visitor(dora)

    assert "Withdraw this request" not in text(client.get(f"/requests/{relay.pk}/"))
    assert client.post(f"/requests/{relay.pk}/withdraw/", {}).status_code == 403
    relay.refresh_from_db()
    assert relay.state == "submitted"


def test_a_decided_request_can_no_longer_be_withdrawn(alice: User, bob: User, relay: ChangeRequest) -> None:
    approve(bob, relay)
    client = visitor(alice)

    client.post(f"/requests/{relay.pk}/withdraw/", {}, follow=True)

    relay.refresh_from_db()
    assert relay.state == "applied"
    assert standing("relay-domains", "example.org").enabled


def test_many_changes_are_shown_thirty_a_page(alice: User, bob: User, relay: ChangeRequest) -> None:
    pad(relay, 69)
    client = visitor(bob)

    first = client.get(f"/requests/{relay.pk}/")
    last = client.get(f"/requests/{relay.pk}/?before=end")

    assert len(first.context["proposals"]) == 30
    assert "I have looked at all 3 pages" in text(first)
    assert "1–30 of 70 changes" in text(first)
    assert [p.change.key for p in last.context["proposals"]][-1] == "host68.example.org"


def pad(request: ChangeRequest, many: int) -> None:
    """More changes in a request than fit on one page."""
    Change.objects.bulk_create(
        Change(
            request=request,
            cluster=request.cluster,
            table="relay-domains",
            key=f"host{n}.example.org",
            action="create",
            after={"value": "", "comment": "", "enabled": True, "position": n + 1, "above": "", "raw": ""},
            author=request.author,
            author_name=request.author_name,
            holds=True,
        )
        for n in range(many)
    )


@pytest.mark.parametrize("page", ["", "1/"])
def test_who_has_no_role_sees_no_request(db: None, page: str) -> None:
    from tests.people import make_person

    assert visitor(make_person("eve")).get(f"/requests/{page}").status_code == 403


def test_an_unknown_request_is_not_found(alice: User) -> None:
    assert visitor(alice).get("/requests/4711/").status_code == 404


@pytest.mark.parametrize("query", ["view=nonsense", "state=nonsense", "before=x", "after=%00"])
def test_a_filter_that_makes_no_sense_counts_as_none(alice: User, relay: ChangeRequest, query: str) -> None:
    assert listed(alice, f"?{query}") == [relay.pk]
