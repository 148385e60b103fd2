"""virtusertable, genericstable, mailertable and the class files in pieces and in a form."""

from __future__ import annotations

import pytest

from tables.sendmail.parts.base import Pieces
from tables.sendmail.tables import TABLES


def told(pieces: Pieces) -> str:
    return " ".join(f"{piece.name}={piece.text.replace(' ', '·')}" for piece in pieces)


KEYS = [
    ("virtusertable", "info@virt.example", "user=info at=@ domain=virt.example"),
    ("virtusertable", "info+news@virt.example", "user=info detail=+news at=@ domain=virt.example"),
    ("virtusertable", "info++@virt.example", "user=info detail=++ at=@ domain=virt.example"),
    ("virtusertable", "info+*@virt.example", "user=info detail=+* at=@ domain=virt.example"),
    ("virtusertable", "++@virt.example", "detail=++ at=@ domain=virt.example"),
    ("virtusertable", "+*@virt.example", "detail=+* at=@ domain=virt.example"),
    ("virtusertable", "@virt.example", "at=@ domain=virt.example"),
    ("virtusertable", "a b@virt.example", "other=a·b@virt.example"),
    ("genericstable", "root", "user=root"),
    ("genericstable", "root+*", "user=root detail=+*"),
    ("genericstable", "root+*@gen.example", "user=root detail=+* at=@ domain=gen.example"),
    ("genericstable", "@gen.example", "at=@ domain=gen.example"),
    ("mailertable", "ext.example", "domain=ext.example"),
    ("mailertable", ".ext.example", "dot=. domain=ext.example"),
    ("mailertable", ".", "dot=."),
    ("mailertable", "*.ext.example", "other=*.ext.example"),
    ("relay-domains", "z.example", "domain=z.example"),
    ("relay-domains", ".z.example", "dot=. domain=z.example"),
    ("relay-domains", "10.1.", "network=10.1 dot=."),
    ("relay-domains", "ipv6:2001:db8", "family=ipv6 mark=: ipv6=2001:db8"),
    ("relay-domains", "10.1.2.0/24", "other=10.1.2.0/24"),
    ("local-host-names", "[192.0.2.1]", "open=[ literal=192.0.2.1 close=]"),
]

VALUES = [
    ("virtusertable", "root", "user=root"),
    ("virtusertable", "a@ext.example", "user=a at=@ domain=ext.example"),
    ("virtusertable", "%1%3@ext.example", "macro=%1 macro=%3 at=@ domain=ext.example"),
    ("virtusertable", "new+%2@%1.example ", "user=new+ macro=%2 at=@ macro=%1 domain=.example blank=·"),
    ("virtusertable", "Name <a@b.example>", "phrase=Name· open=< user=a at=@ domain=b.example close=>"),
    ("virtusertable", "Name <a b>", "phrase=Name· open=< other=a·b close=>"),
    ("virtusertable", "a@b.example,c@d.example", "other=a@b.example,c@d.example"),
    ("virtusertable", "error:nouser No such", "mailer=error mark=: status=nouser blank=· text=No·such"),
    ("virtusertable", "error:nouser", "mailer=error mark=: status=nouser"),
    ("virtusertable", "error:5.7.0:550 no", "mailer=error mark=: status=5.7.0 mark=: code=550 blank=· text=no"),
    ("virtusertable", "ERROR:550 no\r", "mailer=ERROR mark=: code=550 blank=· text=no blank=\r"),
    ("genericstable", '"Full Name" <x@y.example>', 'phrase="Full·Name"· open=< user=x at=@ domain=y.example close=>'),
    ("genericstable", "%1@y.example", "macro=%1 at=@ domain=y.example"),
    ("genericstable", "a@x.d, b@x.d", "other=a@x.d,·b@x.d"),
    ("mailertable", "esmtp:relay.example", "mailer=esmtp mark=: host=relay.example"),
    ("mailertable", "relay:[r.example]", "mailer=relay mark=: open=[ host=r.example close=]"),
    (
        "mailertable",
        "esmtp:[r]:r2.example:[IPv6:2001:db8::1]",
        (
            "mailer=esmtp mark=: open=[ host=r close=] separator=: host=r2.example separator=: "
            "open=[ host=IPv6:2001:db8::1 close=]"
        ),
    ),
    ("mailertable", "esmtp:root@[r]", "mailer=esmtp mark=: user=root at=@ open=[ host=r close=]"),
    ("mailertable", "esmtp:%1.int.example", "mailer=esmtp mark=: macro=%1 host=.int.example"),
    ("mailertable", "esmtp:[%1.int]", "mailer=esmtp mark=: open=[ macro=%1 host=.int close=]"),
    ("mailertable", "esmtp:[hub] # x", "mailer=esmtp mark=: other=[hub]·#·x"),
    ("mailertable", "esmtp:", "mailer=esmtp mark=:"),
    ("mailertable", "local:", "mailer=local mark=:"),
    ("mailertable", "Local:root", "mailer=Local mark=: user=root"),
    ("mailertable", "local:a b", "mailer=local mark=: other=a·b"),
    ("mailertable", "error:550 no", "mailer=error mark=: code=550 blank=· text=no"),
    ("mailertable", "error:5.7.0:550 no", "mailer=error mark=: status=5.7.0 mark=: code=550 blank=· text=no"),
    ("mailertable", "error:nohost:no such", "mailer=error mark=: status=nohost mark=: text=no·such"),
    ("mailertable", "error:nohost no such", "mailer=error mark=: text=nohost·no·such"),
    ("mailertable", "ext.example", "other=ext.example"),
    ("relay-domains", "x", "other=x"),
]


@pytest.mark.parametrize(("table", "key", "pieces"), KEYS)
def test_a_key_comes_apart(table: str, key: str, pieces: str) -> None:
    assert told(TABLES[table].parts.key(key)) == pieces


@pytest.mark.parametrize(("table", "value", "pieces"), VALUES)
def test_a_value_comes_apart(table: str, value: str, pieces: str) -> None:
    assert told(TABLES[table].parts.value("", value)) == pieces


CANONICAL = [
    ("virtusertable", "info@virt.example", "root"),
    ("virtusertable", "info+news@virt.example", "%1@ext.example"),
    ("virtusertable", "info++@virt.example", "new+%2@ext.example"),
    ("virtusertable", "+*@virt.example", "%1%3@ext.example"),
    ("virtusertable", "@virt.example", "error:nouser 550 No such user here"),
    ("virtusertable", "a@virt.example", 'error:5.7.0:"550 Gone, alas"'),
    ("virtusertable", "a@virt.example", "error:5.7.0:550 Gone"),
    ("genericstable", "root", "x@y.example"),
    ("genericstable", "root+*", "%1@y.example"),
    ("genericstable", "root@gen.example", "x@y.example"),
    ("genericstable", "@gen.example", "%1@y.example"),
    ("mailertable", "ext.example", "esmtp:[mail.example]"),
    ("mailertable", "ext.example", "esmtp:mail.example:[192.0.2.1]"),
    ("mailertable", "ext.example", "relay:[a.example]:[b.example]"),
    ("mailertable", "ext.example", "esmtp:root@[a.example]"),
    ("mailertable", ".ext.example", "esmtp:%1.int.example"),
    ("mailertable", ".", "local:root"),
    ("mailertable", "ext.example", "local:"),
    ("mailertable", "ext.example", "error:5.7.0:550 no"),
    ("mailertable", "ext.example", "error:nohost:no such host"),
    ("mailertable", "ext.example", "error:550 no"),
    ("relay-domains", ".z.example", ""),
    ("local-host-names", "z.example", ""),
]


@pytest.mark.parametrize(("table", "key", "value"), CANONICAL)
def test_a_canonical_entry_is_composed_of_its_own_answers(table: str, key: str, value: str) -> None:
    parts = TABLES[table].parts
    answers = parts.answers(key, value)
    assert answers is not None
    assert parts.composed(answers) == (key, value)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("virtusertable", "joe", "root"),
        ("virtusertable", "joe@virt.example", "a@b.example, c"),
        ("genericstable", "root++@gen.example", "x"),
        ("genericstable", "a b", "x"),
        ("mailertable", "ext.example", "hub.example"),
        ("mailertable", "*", "esmtp:[hub]"),
    ],
)
def test_what_the_fields_cannot_say_has_no_answers(table: str, key: str, value: str) -> None:
    assert TABLES[table].parts.answers(key, value) is None


VIRTUAL = {"user": "", "detail": "", "domain": "", "action": "address", "address": "alice"}


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({}, ""),
        ({"user": "info", "domain": " virt.example "}, "info@virt.example"),
        ({"domain": "virt.example"}, "@virt.example"),
        ({"user": "info@virt.example"}, "info@virt.example"),
        ({"user": "info"}, "info@"),
        ({"detail": "+*", "domain": "virt.example"}, "+*@virt.example"),
    ],
)
def test_a_key_is_put_together_from_user_and_domain(said: dict[str, str], key: str) -> None:
    assert TABLES["virtusertable"].parts.composed({**VIRTUAL, **said}) == (key, "alice")


ROUTE = {"scope": "one", "domain": "ext.example", "way": "hosts", "mailer": "esmtp", "user": "", "direct": "on"}


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        ({"hosts": "a.example\n\n b.example"}, ("ext.example", "esmtp:[a.example]:[b.example]")),
        ({"hosts": "[a.example]\nb.example"}, ("ext.example", "esmtp:[a.example]:[b.example]")),
        ({"hosts": "a.example", "direct": ""}, ("ext.example", "esmtp:a.example")),
        ({"hosts": "a.example", "user": "root"}, ("ext.example", "esmtp:root@[a.example]")),
        ({"hosts": ""}, ("ext.example", "")),
        ({"hosts": "a.example", "scope": "under"}, (".ext.example", "esmtp:[a.example]")),
        ({"hosts": "a.example", "scope": "under", "domain": ".ext.example"}, (".ext.example", "esmtp:[a.example]")),
        ({"hosts": "a.example", "scope": "under", "domain": ""}, ("", "esmtp:[a.example]")),
        ({"hosts": "a.example", "scope": "rest"}, (".", "esmtp:[a.example]")),
        ({"way": "local", "user": "root"}, ("ext.example", "local:root")),
        ({"way": "error", "status": "", "code": "550", "text": "(no)"}, ("ext.example", 'error:"550 (no)"')),
    ],
)
def test_a_route_is_put_together_from_its_hosts(said: dict[str, str], entry: tuple[str, str]) -> None:
    assert TABLES["mailertable"].parts.composed({**ROUTE, **said}) == entry


@pytest.mark.parametrize(
    ("value", "hosts", "direct"),
    [
        ("esmtp:[a]:[b]", "a\nb", "on"),
        ("esmtp:a:b", "a\nb", ""),
        ("esmtp:[a]:b", "[a]\nb", ""),
        ("", "", "on"),
    ],
)
def test_brackets_of_all_hosts_are_one_box(value: str, hosts: str, direct: str) -> None:
    answers = TABLES["mailertable"].parts.answers("ext.example", value)
    assert answers is not None
    assert (answers["hosts"], answers["direct"]) == (hosts, direct)


@pytest.mark.parametrize("odd", ["ESMTP:[hub]", "error:5.7.0: 550  no", " local:root "])
def test_an_odd_spelling_stays_until_its_value_is_touched(odd: str) -> None:
    parts = TABLES["mailertable"].parts
    answers = parts.answers("ext.example", odd)
    assert answers is not None
    assert parts.composed({**answers, "domain": "other.example"}, "ext.example", odd) == ("other.example", odd)
