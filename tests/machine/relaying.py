"""Who may relay through a host with these tables, for a handful of clients and recipients.

A second opinion, beside tables.sendmail.risk and without it: what check_relay, check_rcpt and Relay_ok of
cf/m4/proto.m4 look up, for the keys of :mod:`tests.machine.material` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tables.sendmail.spec import Entry

State = Mapping[tuple[str, str], Entry]

CLIENTS = ["203.0.113.9", "203.0.113.70", "203.0.7.1", "198.51.100.5", "192.0.2.1"]
DOMAINS = ["a.example", "sub.a.example", "deep.sub.a.example", "b.example", "bad.example", "c.example"]


def relayed(state: State) -> set[str]:
    """Everything that anybody may send through, or to."""
    clients = {f"from {client}" for client in CLIENTS if _client_relays(state, client)}
    return clients | {f"to {domain}" for domain in DOMAINS if _recipient_relayed(state, domain)}


def _client_relays(state: State, client: str) -> bool:
    nets = list(_nets(client))
    verdict = _first(state, [f"connect:{net}" for net in nets])
    if verdict is not None:
        if verdict == "RELAY":
            return True
        if verdict != "OK":
            return False
    return any(_stands(state, "relay-domains", net) for net in nets) or _stands(
        state, "local-host-names", f"[{client}]"
    )


def _recipient_relayed(state: State, domain: str) -> bool:
    if _stands(state, "local-host-names", domain):
        return False  # delivered here
    names = list(_domains(domain))
    verdict = _first(state, [f"to:{name}" for name in names])
    if verdict is not None:
        if verdict == "RELAY":
            return True
        if verdict != "OK":
            return False
    return any(_stands(state, "relay-domains", name) for name in names)


def _nets(client: str) -> Iterator[str]:
    octets = client.split(".")
    return (".".join(octets[:count]) for count in range(len(octets), 0, -1))


def _domains(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _first(state: State, keys: list[str]) -> str | None:
    return next((state["access", key].value for key in keys if _stands(state, "access", key)), None)


def _stands(state: State, table: str, key: str) -> bool:
    entry = state.get((table, key))
    return entry is not None and entry.enabled
