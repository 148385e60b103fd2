"""Pairs of before and after with the risks that the change has, each for a reason.

Those about who may relay or pass are in :mod:`tests.core.risk_pairs`; here are the rest, and what holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tables.sendmail.spec import Risk
from tables.sendmail.tables import TABLES
from tests.core.risk_pairs import DECIDED, NONE, Pair, R, access, change, look_into

RELAY, BYPASS, ROUTING, PROGRAM = Risk.RELAY, Risk.BYPASS, Risk.ROUTING, Risk.PROGRAM
FILE, INCLUDE, CATCH_ALL = Risk.FILE, Risk.INCLUDE, Risk.CATCH_ALL

V, M, G, A = "virtusertable", "mailertable", "genericstable", "aliases"

ADDRESSES = [
    change(V, "+*@example.com", None, "%1@%2", {CATCH_ALL, RELAY}, "user+host@ goes to user@host: the writer chooses"),
    change(V, "@example.com", None, "postmaster@%1", {CATCH_ALL, RELAY}, "the writer chooses the host"),
    change(V, "@example.com", None, "root@%1.example.net", {CATCH_ALL, RELAY}, "the writer chooses the host"),
    change(V, "@example.com", None, "%2!%1", {CATCH_ALL, RELAY}, "a host before an exclamation mark"),
    change(V, "@example.com", None, "%1%%%2", {CATCH_ALL, RELAY}, "a host after a percent sign"),
    change(V, "@example.com", None, "%1", {CATCH_ALL, RELAY}, '"user@host"+x@ goes to user@host'),
    change(V, "@example.com", None, "(c) <%1>", {CATCH_ALL, RELAY}, "the same in disguise"),
    change(V, "user@example.com", None, "%2", {RELAY}, 'user+"other@host"@ goes to other@host'),
    change(V, "user@example.com", None, "x@%2", {RELAY}, "the detail is the host"),
    change(V, "user+*@example.com", None, "%1@example.net", NONE, "the host is fixed"),
    change(V, "user@example.com", None, "%1", NONE, "the user is fixed"),
    change(V, "user@example.com", None, "x@%1.example.net", NONE, "the user is fixed"),
    change(V, "@example.com", None, "%1@example.net", {CATCH_ALL}, "the host is fixed"),
    change(V, "@example.com", None, "list-%1", {CATCH_ALL}, "a local name in any case"),
    change(V, "@example.com", None, "%3", {CATCH_ALL}, "a local name in any case"),
    change(V, "@example.com", "%1", "%1@example.net", {CATCH_ALL}, "leads elsewhere, and the host is fixed"),
    change(V, "@example.com", "%1", None, NONE, "closing never waits"),
    change(V, "@example.com", None, "error:nouser %1@%2", NONE, "an error delivers nothing"),
    change(V, "user@example.com", None, "|/bin/x", {PROGRAM}, "an alias that leads here runs it"),
    change(V, "user@example.com", None, '"/var/x"', {FILE}, "an alias that leads here writes to it"),
    change(V, "user@example.com", None, ":include:/etc/x", {INCLUDE}, "an alias that leads here reads it"),
    change(V, "user@example.com", "|/bin/x", "|/bin/x", NONE, "nothing changes"),
    change(V, "user@example.com", "error:nouser no", None, {BYPASS}, "mail passes that was refused"),
    change(
        V,
        "user@example.com",
        "error:nouser no",
        None,
        NONE,
        "the rest is refused too",
        f"{V} @example.com error:nouser no",
    ),
    change(
        V,
        "user+x@example.com",
        "error:nouser no",
        None,
        NONE,
        "any detail is refused",
        f"{V} user+*@example.com error:nouser no",
    ),
    change(
        V, "user+x@example.com", "error:nouser no", None, {BYPASS}, "the user is not refused", f"{V} user@example.com x"
    ),
    change(V, "user@example.com", None, "x", NONE, "a mailbox more", f"{V} @example.com error:nouser no"),
    change(V, "user@example.com", "(x) error : nouser no", "x", {BYPASS}, "an error in disguise"),
    change(G, "@example.com", None, "x@example.net", {CATCH_ALL}, "all senders of a domain"),
    change(G, "@example.com", "x@example.net", None, NONE, "stricter"),
    change(G, "user@example.com", "error:nouser no", None, NONE, "an error means nothing here"),
]

ROUTES = [
    change(M, "example.com", None, "esmtp:[hub]", {ROUTING}, "a domain that is relayed", f"{R} example.com"),
    change(M, "example.com", None, "esmtp:[hub]", NONE, "no domain of ours"),
    change(M, ".example.com", None, "esmtp:[hub]", {ROUTING}, "a domain under it may be relayed"),
    change(M, "example.com", None, "hub.example.com", NONE, "no mailer: passed over", f"{R} example.com"),
    change(M, "example.com", "error:no", "hub.example.com", {BYPASS}, "no mailer, so refused no more"),
    change(M, "a.example.com", "error:no", None, NONE, "still refused", f"{M} .example.com error:no"),
    change(M, "a.example.com", None, "esmtp:[hub]", {BYPASS}, "refused until now", f"{M} .example.com error:no"),
    change(M, "a.example.com", None, "esmtp:[hub]", {BYPASS}, "refused until now", f"{M} . error:no"),
    change(M, "a.example.com", None, "hub", NONE, "passed over, so still refused", f"{M} .example.com error:no"),
    change(M, "example.com", None, "prog:/bin/x@h", {PROGRAM}, "an alias that leads there runs it"),
    change(M, "example.com", None, "(c) PROG :x", {PROGRAM}, "the same in disguise"),
    change(M, "example.com", None, "procmail:/etc/x", {PROGRAM}, "runs the recipes of a file"),
    change(M, "example.com", None, "local:|/bin/x", {PROGRAM}, "an alias that leads there runs it"),
    change(M, "example.com", None, "local:/var/x", {FILE}, "an alias that leads there writes to it"),
    change(M, "example.com", None, "*file*:/var/x@h", {FILE}, "an alias that leads there writes to it"),
    change(M, "example.com", None, "local::include:/etc/x", {INCLUDE}, "an alias that leads there reads it"),
    change(M, "example.com", None, "*include*:/etc/x", {INCLUDE}, "an alias that leads there reads it"),
    change(M, "example.com", "prog:/bin/x", "prog:/bin/x", NONE, "nothing changes"),
    change(M, "example.com", "prog:/bin/x", "esmtp:[hub]", NONE, "stricter"),
    change(M, "example.com", None, "local:user", NONE, "a user of this host"),
]

DEMANDS = [
    access("tls_clt:10.1", "VERIFY", None, {BYPASS}, "a demand goes"),
    access("tls_clt:10.1.2", "VERIFY", None, NONE, "the wider network demands it too", "tls_clt:10.1 VERIFY"),
    access("tls_clt:10.1.2", "VERIFY", None, NONE, "everybody must", "tls_clt: VERIFY"),
    access("tls_clt:10.1.2", "VERIFY:256", None, {BYPASS}, "everybody must, but less", "tls_clt: VERIFY:128"),
    access("tls_clt:10.1.2", None, "OK", {BYPASS}, "exempt from the wider demand", "tls_clt:10.1 VERIFY"),
    access("tls_clt:10.1.2", None, "OK", NONE, "exempt from nothing"),
    access("tls_clt:example.com", None, "OK", {BYPASS}, "a name hides what its address demands"),
    access("tls_clt:example.com", None, "ENCR:112", NONE, "a demand more"),
    access("tls_clt:", "VERIFY", None, {BYPASS}, "everybody need not any more"),
    access("tls_clt:10.1", "VERIFY", "VERIFY:128", NONE, "stricter"),
    access("tls_clt:10.1", "VERIFY:128", "PERM+VERIFY:128", NONE, "another reply"),
    access("tls_clt:10.1", "VERIFY:128", "ENCR:128", {BYPASS}, "no certificate"),
    access("tls_clt:10.1", "ENCR:128", "ENCR:112", {BYPASS}, "fewer bits"),
    access("tls_clt:10.1", "VERIFY+CN:a", "VERIFY+CN:a++CI:b", NONE, "more to be true"),
    access("tls_clt:10.1", "VERIFY+CN:a++CI:b", "VERIFY+CN:a", {BYPASS}, "less to be true"),
    access("tls_clt:[10.1.2.3]", "VERIFY", None, NONE, "its address must", "tls_clt:10.1 VERIFY"),
    access(
        "tls_rcpt:user@example.com", "VERIFY", None, NONE, "the domain demands it too", "tls_rcpt:example.com VERIFY"
    ),
    access("tls_rcpt:user@example.com", "VERIFY", None, NONE, "the user demands it too", "tls_rcpt:user@ VERIFY"),
    access("tls_rcpt:user@", "VERIFY", None, {BYPASS}, "a demand goes"),
    access("try_tls:10.1", None, "NO", {BYPASS}, "no TLS at all"),
    access("try_tls:10.1.2", None, "NO", NONE, "there was none", "try_tls:10.1 NO"),
    access("try_tls:10.1.2", "yes", None, {BYPASS}, "it hid a NO", "try_tls:10.1 NO"),
    access("myca:/c=us/cn=ca", None, "OK", {BYPASS}, "an authority that CITag:MyCA accepts"),
    access("myca:/c=us/cn=ca", None, "REJECT", {BYPASS}, "accepted with any value"),
    access("myca:/c=us/cn=ca", None, "RELAY", {BYPASS, RELAY}, "it is meant to relay, so it counts as if it did"),
    access("myca:/c=us/cn=ca", "OK", None, NONE, "stricter"),
    access("spam:example.com", None, "FRIEND", {BYPASS}, "not checked"),
    access("spam:user@example.com", None, "FRIEND", NONE, "not checked before", "spam:example.com FRIEND"),
    access("spam:user@example.com", "HATER", None, {BYPASS}, "not checked where only haters are"),
    access("spam:user@example.com", "HATER", None, NONE, "all of the domain is", "spam:example.com HATER"),
    access("spam:user@example.com", None, "x", {BYPASS}, "hides the HATER above", "spam:example.com HATER"),
    access("spam:user@", "FRIEND", None, NONE, "stricter"),
    access("compat:a@b<@>c@d", "ERROR:550 no", None, {BYPASS}, "a pair that was refused"),
    access("compat:a@b<@>c@d", "ERROR:550 no", "TEMP:later", NONE, "refused as well"),
    access("compat:a@b<@>c@d", None, "RELAY", NONE, "RELAY means nothing there"),
    access("clientrate:10.1", "5", "0", NONE, "a limit is no check"),
    access("srv_features:10.1", None, "RELAY", NONE, "means nothing there"),
]

#: Values that sendmail reads otherwise than they look; tried with the real program in tests/integration.
DISGUISED = [
    *[
        access("connect:10.1", None, value, {RELAY}, "sendmail takes it for RELAY")
        for value in (
            *("RELAY (office)", "(x) RELAY", "RELAY()", "RELAY\\", "relay\t(x)", "RELAY (a (b)) ", "RELAY )", "RELAY>"),
            *("RE>LAY", "RE)LAY", "RELAY(x", "RELAY (\\) x)", "%1RELAY", "RE%2LAY", "RELAY%9", "RELAY\v", "\fRELAY"),
        )
    ],
    *[
        access("connect:10.1", "REJECT", value, NONE, "sendmail refuses with it")
        for value in (
            '"RELAY"',
            "RELAY # x",
            "RELAY,",
            "<RELAY>",
            "RELAY OK",
            "%%1RELAY",
            "%10RELAY",
            "RE(x)LAY",
            "RELAY\\!",
        )
    ],
    access("connect:10.1", "REJECT", "%1", {BYPASS}, "nothing is left of it, and nobody is refused"),
    access("connect:10.1", "REJECT", "\uf785 no", {BYPASS}, "a byte that begins a look-up, and nobody is refused"),
    access("connect:10.1", "\uf785 no", None, {BYPASS}, "it may have refused all the same"),
]

PAIRS = [*DECIDED, *ADDRESSES, *ROUTES, *DEMANDS, *DISGUISED]


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_a_change_has_exactly_its_risks(case: Pair) -> None:
    before, after = case.entry(case.before), case.entry(case.after)
    for stands in (case.world(None), case.world(case.before)):
        assert TABLES[case.table].risks(before, after, look_into(stands)) == case.risks, case.why


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_all_that_matters_is_asked_for_before_any_answer_is_known(case: Pair) -> None:
    asked: set[tuple[str, str]] = set()

    def note(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        asked.update((table, key) for key in keys)
        return {}

    def answer(table: str, keys: Iterable[str]) -> Mapping[str, str]:
        wanted = list(keys)
        assert {(table, key) for key in wanted} <= asked
        return look_into(case.around)(table, wanted)

    before, after = case.entry(case.before), case.entry(case.after)
    TABLES[case.table].risks(before, after, note)
    assert TABLES[case.table].risks(before, after, answer) == case.risks
