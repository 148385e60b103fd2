"""The keys and values of access in pieces and in a form (grammar of cf/README, Anti-Spam Configuration Control)."""

from __future__ import annotations

import pytest

from tables.sendmail.secret import MASK
from tables.sendmail.tables import TABLES

PARTS = TABLES["access"].parts

KEYS = [
    ("connect:ex.example", "tag=connect mark=: domain=ex.example"),
    ("Connect:ex", "tag=Connect mark=: domain=ex"),
    ("connect:.ex.example", "tag=connect mark=: dot=. domain=ex.example"),
    ("connect:192.0.2", "tag=connect mark=: network=192.0.2"),
    ("connect:192.0.2.", "tag=connect mark=: network=192.0.2 dot=."),
    ("connect:ipv6:2001:db8", "tag=connect mark=: family=ipv6 mark=: ipv6=2001:db8"),
    ("connect:ipv6", "tag=connect mark=: family=ipv6"),
    ("connect:[192.0.2.1]", "tag=connect mark=: open=[ literal=192.0.2.1 close=]"),
    ("connect:192.0.2.0/24", "tag=connect mark=: other=192.0.2.0/24"),
    ("connect:*.ex", "tag=connect mark=: other=*.ex"),
    ("from:a@ex.example", "tag=from mark=: user=a at=@ domain=ex.example"),
    ("from:a+*@ex.example", "tag=from mark=: user=a detail=+* at=@ domain=ex.example"),
    ("from:a@", "tag=from mark=: user=a at=@"),
    ("from:a@[192.0.2]", "tag=from mark=: user=a at=@ open=[ literal=192.0.2 close=]"),
    ("from:[192.0.2]", "tag=from mark=: open=[ literal=192.0.2 close=]"),
    ("to:ex.example", "tag=to mark=: domain=ex.example"),
    ("spam:root@", "tag=spam mark=: user=root at=@"),
    ("clientrate:", "tag=clientrate mark=:"),
    ("clientconn:192.0.2", "tag=clientconn mark=: network=192.0.2"),
    ("greetpause:ex.example", "tag=greetpause mark=: domain=ex.example"),
    ("tls_rcpt:u@ext.example", "tag=tls_rcpt mark=: user=u at=@ domain=ext.example"),
    ("try_tls:", "tag=try_tls mark=:"),
    ("certissuer:/C=US/O=a+20b", "tag=certissuer mark=: dn=/C=US/O=a+20b"),
    ("certsubject:/CN=x", "tag=certsubject mark=: dn=/CN=x"),
    ("certissuer:", "tag=certissuer mark=:"),
    ("myca:/C=US", "tag=myca mark=: dn=/C=US"),
    ("compat:a@b.c<@>d@e.f", "tag=compat mark=: sender=a@b.c between=<@> recipient=d@e.f"),
    ("compat:a@b.c", "tag=compat mark=: other=a@b.c"),
    ("192.0.2", "network=192.0.2"),
    ("a@b.example", "user=a at=@ domain=b.example"),
    ("hello:ex.example", "other=hello:ex.example"),
]

VALUES = [
    ("connect:x", "OK", "keyword=OK"),
    ("connect:x", "Relay", "keyword=Relay"),
    ("connect:x", " REJECT \r", "blank=· keyword=REJECT blank=·\r"),
    ("x", "DISCARD", "keyword=DISCARD"),
    ("x", "SKIP", "keyword=SKIP"),
    ("x", "QUARANTINE:bad host", "keyword=QUARANTINE mark=: reason=bad·host"),
    ("x", "QUARANTINE", "other=QUARANTINE"),
    ("x", "ERROR:550 go away", "keyword=ERROR mark=: code=550 blank=· text=go·away"),
    ("x", "ERROR: 550 go", "keyword=ERROR mark=: blank=· code=550 blank=· text=go"),
    ("x", "ERROR:5.7.1:550 go", "keyword=ERROR mark=: status=5.7.1 mark=: code=550 blank=· text=go"),
    ("x", 'error:5.7.1:"550 go"', 'keyword=error mark=: status=5.7.1 mark=: quote=" code=550 blank=· text=go quote="'),
    ("x", 'ERROR:"550"', 'keyword=ERROR mark=: quote=" code=550 quote="'),
    ("x", "ERROR:550", "keyword=ERROR mark=: code=550"),
    ("x", "ERROR:go", "keyword=ERROR mark=: text=go"),
    ("x", 'ERROR:"go', 'keyword=ERROR mark=: other="go'),
    ("x", "550 go  away", "code=550 blank=· text=go··away"),
    ("x", '"550 go"', 'quote=" code=550 blank=· text=go quote="'),
    ("x", "REJECT # lan", "other=REJECT·#·lan"),
    ("spam:x", "friend", "keyword=friend"),
    ("spam:x", "HATER", "keyword=HATER"),
    ("spam:x", "OK", "other=OK"),
    ("clientrate:", "10", "number=10"),
    ("clientconn:", "ten", "other=ten"),
    ("greetpause:x", "5000", "milliseconds=5000"),
    ("try_tls:x", "NO", "keyword=NO"),
    ("tls_srv:x", "VERIFY", "demand=VERIFY"),
    ("tls_srv:x", "ok", "demand=ok"),
    ("tls_clt:x", "VERIFY:112", "demand=VERIFY mark=: bits=112"),
    ("tls_rcpt:", "PERM+ENCR:112", "permanence=PERM mark=+ demand=ENCR mark=: bits=112"),
    ("tls_srv:x", "TEMP+VERIFY+CN", "permanence=TEMP mark=+ demand=VERIFY mark=+ extension=CN"),
    (
        "tls_srv:x",
        "VERIFY:128+CN:mx.example++CS:/O=a+20b++CI:/C=US++CITag:MyCA",
        (
            "demand=VERIFY mark=: bits=128 mark=+ extension=CN mark=: name=mx.example mark=++ extension=CS mark=: "
            "name=/O=a+20b mark=++ extension=CI mark=: name=/C=US mark=++ extension=CITag mark=: name=MyCA"
        ),
    ),
    ("tls_srv:x", "VERIFY+XX", "demand=VERIFY mark=+ other=XX"),
    ("tls_srv:x", "ENCR", "other=ENCR"),
    ("srv_features:x", "A V", "flag=A blank=· flag=V"),
    ("clt_features:x", "c2 D=x", "flag=c number=2 blank=· flag=D mark== setting=x"),
    (
        "tls_srv_features:x",
        "Options=SSL_OP_NO_TLSv1_3; CipherList=HIGH",
        ("option=Options mark== setting=SSL_OP_NO_TLSv1_3 separator=; blank=· option=CipherList mark== setting=HIGH"),
    ),
    ("srv_features:x", "AV", "other=AV"),
    (
        "authinfo:x",
        '"U:u" "I:i" "P:p" "R:r" "M:A B"',
        (
            'quote=" letter=U mark=: user=u quote=" blank=· quote=" letter=I mark=: identity=i quote=" blank=· '
            'quote=" letter=P mark=: password=p quote=" blank=· quote=" letter=R mark=: realm=r quote=" blank=· '
            'quote=" letter=M mark=: mechanisms=A·B quote="'
        ),
    ),
    ("authinfo:x", '"P=cA=="', 'quote=" letter=P mark== password=cA== quote="'),
    ("authinfo:x", "U:user", "other=U:user"),
    ("certissuer:/C", "SUBJECT", "keyword=SUBJECT"),
    ("certsubject:/C", "RELAY", "keyword=RELAY"),
    ("myca:/C", "ok", "keyword=ok"),
    ("compat:a<@>b", "DISCARD", "keyword=DISCARD"),
    ("compat:a<@>b", "TEMP:4.7.1:450 x", "keyword=TEMP mark=: status=4.7.1 mark=: code=450 blank=· text=x"),
    ("compat:a<@>b", "ERROR:550 x", "keyword=ERROR mark=: code=550 blank=· text=x"),
    ("compat:a<@>b", "OK", "other=OK"),
]


@pytest.mark.parametrize(("key", "pieces"), KEYS)
def test_a_key_comes_apart(key: str, pieces: str) -> None:
    assert " ".join(f"{piece.name}={piece.text}" for piece in PARTS.key(key)) == pieces


@pytest.mark.parametrize(("key", "value", "pieces"), VALUES)
def test_a_value_comes_apart_as_its_tag_says(key: str, value: str, pieces: str) -> None:
    found = " ".join(f"{piece.name}={piece.text.replace(' ', '·')}" for piece in PARTS.value(key, value))
    assert found == pieces


CANONICAL = [
    ("connect:192.0.2", "REJECT"),
    ("192.0.2", "OK"),
    ("from:a+*@ex.example", 'ERROR:5.7.1:"550 go away"'),
    ("to:a@", 'ERROR:"550 gone"'),
    ("to:a@", 'ERROR:5.1.1:"gone"'),
    ("connect:x.example", "QUARANTINE:bad host"),
    ("spam:root@", "FRIEND"),
    ("clientrate:", "10"),
    ("greetpause:x.example", "5000"),
    ("try_tls:x.example", "NO"),
    ("tls_srv:x.example", "PERM+VERIFY:112+CN:mx.example++CI:/C=US"),
    ("tls_clt:", "ENCR:112"),
    ("tls_rcpt:", "OK"),
    ("srv_features:192.0.2", "A V"),
    ("authinfo:mx.example", f'"U:relay" "I:other" "P:{MASK}" "R:realm" "M:PLAIN LOGIN"'),
    ("certissuer:/C=US", "SUBJECT"),
    ("myca:/C=US", "RELAY"),
    ("compat:a@b.c<@>d@e.f", 'TEMP:4.7.1:"450 later"'),
]


@pytest.mark.parametrize(("key", "value"), CANONICAL)
def test_a_canonical_rule_is_composed_of_its_own_answers(key: str, value: str) -> None:
    answers = PARTS.answers(key, value)
    assert answers is not None
    assert PARTS.composed(answers) == (key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("connect:x", "REJET"),
        ("connect:x", "REJECT # lan"),
        ("clientrate:", "ten"),
        ("compat:a@b.c", "DISCARD"),
        ("authinfo:x", '"U:a" "U:b"'),
        ("authinfo:x", '"U=%%%"'),
        ("authinfo:x", '"U=/w=="'),
        ("authinfo:x", '"U=Cg=="'),
    ],
)
def test_what_the_fields_cannot_say_has_no_answers(key: str, value: str) -> None:
    assert PARTS.answers(key, value) is None


@pytest.mark.parametrize(
    ("odd", "canonical"),
    [
        ("reject", "REJECT"),
        ("550 go  away", 'ERROR:"550 go  away"'),
        ("ERROR: 550 go", 'ERROR:"550 go"'),
        ("ERROR:5.7.1:550 go", 'ERROR:5.7.1:"550 go"'),
    ],
)
def test_an_odd_spelling_stays_until_its_value_is_touched(odd: str, canonical: str) -> None:
    answers = PARTS.answers("connect:x.example", odd)
    assert answers is not None
    assert PARTS.composed({**answers, "item": "y.example"}, "connect:x.example", odd) == ("connect:y.example", odd)
    assert PARTS.composed(answers) == ("connect:x.example", canonical)


def test_a_key_keeps_its_spelling_when_only_the_value_is_touched() -> None:
    answers = PARTS.answers("Connect:X.example", "reject")
    assert answers is not None
    assert PARTS.composed({**answers, "action": "OK"}, "Connect:X.example", "reject") == ("Connect:X.example", "OK")


def test_a_text_with_quotes_of_its_own_gets_no_others() -> None:
    said = {"tag": "to", "item": "a@", "action": "ERROR", "status": "", "code": "550", "text": 'no "x" here'}
    assert PARTS.composed(said) == ("to:a@", 'ERROR:550 no "x" here')


AUTH = {"tag": "authinfo", "item": "mx.example", "identity": "", "realm": "", "mechanisms": ""}


@pytest.mark.parametrize(
    ("before", "password", "value"),
    [
        (f'"U:u" "P:{MASK}"', MASK, f'"U:new" "P:{MASK}"'),
        (f'"U:u" "P={MASK}"', MASK, f'"U:new" "P={MASK}"'),
        (f'"U:u" "P={MASK}"', "s3cr3t", '"U:new" "P:s3cr3t"'),
        ("", 's3"cr3t', '"U:new" "P=czMiY3IzdA=="'),
        (f'"U:u" "P:{MASK}"', "", '"U:new"'),
    ],
)
def test_a_password_that_is_kept_is_kept_in_its_writing(before: str, password: str, value: str) -> None:
    said = {**AUTH, "user": "new", "password": password}
    assert PARTS.composed(said, "authinfo:mx.example" if before else "", before) == ("authinfo:mx.example", value)


def test_a_part_in_base64_is_shown_in_plain_words() -> None:
    answers = PARTS.answers("authinfo:x", '"U=cmVsYXk=" "P:p"')
    assert answers is not None
    assert (answers["user"], answers["password"]) == ("relay", "p")


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"tag": "connect"}, "tag item action"),
        ({"tag": "connect", "action": "ERROR"}, "tag item action status code text"),
        ({"tag": "connect", "action": "QUARANTINE"}, "tag item action quarantine"),
        ({"tag": "clientrate", "action": "ERROR"}, "tag item number"),
        ({"tag": "tls_srv"}, "tag item demand"),
        ({"tag": "tls_srv", "demand": "ENCR"}, "tag item demand bits permanence extensions"),
        ({"tag": "authinfo"}, "tag item user identity password realm mechanisms"),
        ({"tag": "citag"}, "tag citag item action"),
        ({"tag": "compat", "action": "TEMP"}, "tag sender recipient action status code text"),
    ],
)
def test_a_tag_and_an_action_ask_for_their_own_fields_only(answers: dict[str, str], names: str) -> None:
    assert " ".join(field.name for field in PARTS.fields(answers)) == names


def test_fields_of_another_action_do_not_count() -> None:
    said = {
        "tag": "connect",
        "item": "x.example",
        "action": "REJECT",
        "code": "550",
        "text": "left over",
        "number": "7",
    }
    assert PARTS.composed(said) == ("connect:x.example", "REJECT")


def test_a_pair_of_nobody_is_a_bare_tag() -> None:
    assert PARTS.composed({"tag": "compat", "action": "DISCARD"}) == ("compat:", "DISCARD")


@pytest.mark.parametrize("typed", ["Connect:192.0.2", "from:a@b.example"])
def test_a_key_with_its_tag_in_the_field_for_what_it_is_for_is_taken_as_it_is(typed: str) -> None:
    assert PARTS.composed({"tag": "connect", "item": typed, "action": "OK"}) == (typed, "OK")
