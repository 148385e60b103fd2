"""What a risky change does, in words: one sentence for each risk, whatever the change."""

from __future__ import annotations

import pytest

from tables.sendmail.risk.effect import effects
from tables.sendmail.spec import Entry, Risk
from tables.sendmail.tables import TABLES
from tests.core.risk_pairs import Pair
from tests.core.test_risk_pairs import PAIRS

RISKY = [case for case in PAIRS if case.risks]

SAID = [
    ("relay-domains", "[10.1.2.3]", None, "", Risk.RELAY, "Mail for addresses at [10.1.2.3] is relayed"),
    ("relay-domains", "10.1", None, "", Risk.RELAY, "Every host of 10.1 may send mail anywhere"),
    ("relay-domains", ".example.com", None, "", Risk.RELAY, "Mail for every subdomain of example.com is relayed"),
    (
        "local-host-names",
        "example.com",
        None,
        "",
        Risk.RELAY,
        "A host that is called example.com may send",
    ),
    ("local-host-names", "[10.1.2.3]", None, "", Risk.RELAY, "The host with the address 10.1.2.3 may send"),
    ("local-host-names", "example.com", "", None, Risk.RELAY, "Without “example.com” a wider rule holds"),
    ("access", "connect:10.1", "REJECT", None, Risk.RELAY, "Without “connect:10.1: REJECT” a wider rule holds"),
    ("access", "certissuer:/cn=ca", None, "SUBJECT", Risk.RELAY, "if its subject is listed as well"),
    ("access", "certissuer:/cn=ca", "SUBJECT", "RELAY", Risk.RELAY, "issued by /cn=ca may send mail anywhere"),
    ("access", "to:example.com", None, "QUARANTINE:x", Risk.BYPASS, "Mail for example.com is accepted and held"),
    ("access", "from:example.com", None, "OK", Risk.BYPASS, "Mail from example.com passes checks"),
    ("access", "authinfo:a", '"P:x"', None, Risk.SECRET, "authinfo:a holds a password that stays"),
    ("virtusertable", "@example.com", None, "%1", Risk.RELAY, "Whoever writes to example.com chooses the host"),
    ("virtusertable", "@example.com", "x", None, Risk.CATCH_ALL, "Mail for example.com that no other entry names"),
    ("virtusertable", "a@example.com", None, "|/x", Risk.PROGRAM, "leads to a@example.com runs a program"),
    ("mailertable", "example.com", None, "prog:/x", Risk.PROGRAM, "leads to example.com runs a program"),
    ("mailertable", "example.com", None, "esmtp:[h]", Risk.BYPASS, "which a wider route refuses"),
    ("mailertable", "example.com", "error:no", "esmtp:[h]", Risk.BYPASS, "What “example.com” stopped until now"),
    ("mailertable", "example.com", "esmtp:[h]", None, Risk.FILE, "example.com no longer holds as it did"),
]


@pytest.mark.parametrize("case", RISKY, ids=str)
def test_each_risk_of_a_change_has_a_sentence_about_it(case: Pair) -> None:
    said = effects(TABLES[case.table], case.entry(case.before), case.entry(case.after), case.risks)
    assert len(said) == len(set(said)) == len(case.risks)
    assert not any(sentence.startswith("This change needs") for sentence in said), said


@pytest.mark.parametrize(("table", "key", "before", "after", "risk", "words"), SAID)
def test_a_sentence_says_what_happens(
    table: str, key: str, before: str | None, after: str | None, risk: Risk, words: str
) -> None:
    old, new = (Entry(key, value) if value is not None else None for value in (before, after))
    assert words in effects(TABLES[table], old, new, [risk])[0]


def test_a_risk_without_a_sentence_is_named() -> None:
    assert effects(TABLES["genericstable"], None, None, [Risk.FILE]) == [
        "This change needs a second person because of its risk: file."
    ]
