"""What the machine types: few keys, so that people get in each other's way, and values that loosen and tighten."""

from __future__ import annotations

from hypothesis import strategies as st

#: Per table its keys and values. Each table has some that need nobody else and some that do.
KEYS: dict[str, list[str]] = {
    "aliases": ["postmaster", "sales", "run"],
    "access": ["connect:203.0.113", "connect:203.0.113.9", "connect:203.0", "to:a.example", "from:bad.example"],
    "virtusertable": ["info@a.example", "@a.example", "info@b.example"],
    "genericstable": ["alice", "@a.example", "bob"],
    "mailertable": ["a.example", ".a.example", "b.example"],
    "relay-domains": ["a.example", "sub.a.example", "203.0.113", "198.51.100"],
    "local-host-names": ["a.example", "b.example", "[203.0.113.9]"],
}
VALUES: dict[str, list[str]] = {
    "aliases": ["alice", "bob, alice", '"|/bin/run"', "/var/spool/kept", ":include:/etc/mail/list"],
    "access": ["RELAY", "REJECT", "OK", 'ERROR:5.7.1:"550 no"', "DISCARD"],
    "virtusertable": ["alice", "error:nouser 550 No such user here", "bob@elsewhere.example", "%1@b.example"],
    "genericstable": ["alice@a.example", "%1@a.example", "sales@a.example"],
    "mailertable": ["esmtp:[mx.b.example]", "error:5.1.2:550 no such domain", "smtp:mx.b.example"],
    "relay-domains": [""],
    "local-host-names": [""],
}
COMMENTS = ["", "asked for by sales", "since 2019"]

PLACES = [(table, key) for table, keys in KEYS.items() for key in keys]
_VALUED = [(table, key, value) for table, key in PLACES for value in VALUES[table]]

places = st.sampled_from(PLACES)
#: A table, a key of it and a value that may stand there.
wishes = st.sampled_from(_VALUED)
comments = st.sampled_from(COMMENTS)
#: What stands in a small file: table, key and value of each line, each key once.
lines = st.lists(wishes, min_size=1, max_size=4, unique_by=lambda wish: wish[:2])


def file_text(table: str, pairs: list[tuple[str, str]]) -> str:
    """The flat file of a table, as a person would write it."""
    joint = ": " if table == "aliases" else "\t"
    return "".join(f"{key}{joint}{value}\n" if value else f"{key}\n" for key, value in pairs)
