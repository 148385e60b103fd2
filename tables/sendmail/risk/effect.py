"""What a risky change does, in a sentence for the person who must decide about it.

The sentences are declared per table and risk, once for an entry that comes into force and once for one that goes. Which
risks a change has is the matter of its table's declaration; here they only get words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from tables.sendmail.spec import Entry, Risk, TableSpec
from tables.sendmail.syntax.access_values import bare

Say = Callable[[Entry], str]

#: What a risk means, after the name of whatever has it.
MEANINGS = {
    Risk.RELAY: "lets somebody send mail to anywhere through this host",
    Risk.PROGRAM: "runs a program when mail arrives",
    Risk.FILE: "writes mail into a file",
    Risk.INCLUDE: "takes addresses from a file outside the panel",
    Risk.CATCH_ALL: "takes mail for every address of a domain",
    Risk.ROUTING: "sends a domain's mail another way",
    Risk.SECRET: "holds a password or another secret",
    Risk.BYPASS: "lets mail past a check",
}

_ADDRESS = re.compile(r"(?i:ipv6:)|\d+(\.\d+){0,3}\.?$")

#: What an access rule's tag makes of RELAY; ``""`` is a rule without a tag.
_RELAY_BY_TAG = {
    "connect": "Every host of {item} may send mail anywhere through this host.",
    "to": "Mail for {item} is relayed, whoever sends it.",
    "from": "Mail that claims to come from {item} may be relayed, where the configuration relays by sender.",
    "certissuer": "Clients with a certificate issued by {item} may send mail anywhere through this host.",
    "certsubject": "Clients with a certificate of {item} may send mail anywhere through this host.",
    "": "Every host of {item} may send mail anywhere through this host, and mail for {item} is relayed.",
}


def effects(spec: TableSpec, before: Entry | None, after: Entry | None, risks: Iterable[Risk]) -> list[str]:
    """One sentence for each risk of a change, in a fixed order."""
    before, after = _cleared(spec, before), _cleared(spec, after)
    return [_effect(spec, before, after, risk) for risk in sorted(risks)]


def _cleared(spec: TableSpec, entry: Entry | None) -> Entry | None:
    """The entry with its texts as a page may show them."""
    if entry is None:
        return None
    return replace(entry, key=spec.shown(entry.key), value=spec.shown(spec.masked(entry).value))


def _effect(spec: TableSpec, before: Entry | None, after: Entry | None, risk: Risk) -> str:
    say = _COMES.get((spec.name, risk))
    if say and after is not None and after.enabled and not _is_about_loss(before, risk):
        return say(after)
    if before is not None:
        return _GOES.get(risk, _unlisted_loss)(before)
    return f"This change needs a second person because of its risk: {risk}."


def _is_about_loss(before: Entry | None, risk: Risk) -> bool:
    """Whether what counts is the rule that was in force before and no longer holds as it did."""
    return risk is Risk.BYPASS and before is not None and before.enabled


def _split_tag(key: str) -> tuple[str, str]:
    tag, colon, item = key.partition(":")
    return (tag.lower(), item) if colon and tag.lower() != "ipv6" else ("", key)


def _relay_by_access(entry: Entry) -> str:
    tag, item = _split_tag(entry.key)
    if tag == "certissuer" and bare(entry.value) == "subject":
        return f"Clients with a certificate issued by {item} may send mail anywhere, if its subject is listed as well."
    sentence = _RELAY_BY_TAG.get(tag, "Clients that match {item} may send mail anywhere through this host.")
    return sentence.format(item=item or "everybody")


def _relay_by_class(entry: Entry) -> str:
    key = entry.key
    if key.startswith("["):
        return f"Mail for addresses at {key} is relayed, whoever sends it."
    if _ADDRESS.match(key):
        return f"Every host of {key} may send mail anywhere through this host."
    covered = f"every subdomain of {key[1:]}" if key.startswith(".") else f"{key} and its subdomains"
    return f"Mail for {covered} is relayed, whoever sends it, and hosts there may send mail anywhere through this host."


def _say(sentence: str) -> Say:
    """A sentence with ``{key}``, ``{value}`` and ``{domain}`` (what follows the ``@``) of the entry."""

    def say(entry: Entry) -> str:
        domain = entry.key.rpartition("@")[2]
        return sentence.format(key=entry.key, value=entry.value, domain=domain)

    return say


def _relay_by_name(entry: Entry) -> str:
    literal = entry.key.startswith("[")
    host = f"The host with the address {entry.key.strip('[]')}" if literal else f"A host that is called {entry.key}"
    return f"{host} may send mail anywhere through this host."


def _passes_checks(entry: Entry) -> str:
    tag, item = _split_tag(entry.key)
    side = "for" if tag == "to" else "from"
    if bare(entry.value).startswith("quarantine"):
        return f"Mail {side} {item} is accepted and held, where it was refused ({entry.value})."
    return f"Mail {side} {item} passes checks that others go through ({entry.value})."


def _without(before: Entry) -> str:
    rule = f"{before.key}: {before.value}" if before.value else before.key
    return f"Without “{rule}” a wider rule holds, and that one allows relaying."


def _unlisted_loss(before: Entry) -> str:
    return f"{before.key} no longer holds as it did ({before.value})."


_COMES: dict[tuple[str, Risk], Say] = {
    ("relay-domains", Risk.RELAY): _relay_by_class,
    ("access", Risk.RELAY): _relay_by_access,
    ("access", Risk.BYPASS): _passes_checks,
    ("access", Risk.SECRET): _say("{key} holds a password, which administrators can see."),
    ("aliases", Risk.PROGRAM): _say("Every mail to {key} runs a program on this host: {value}"),
    ("aliases", Risk.FILE): _say("Every mail to {key} is written to a file of this host: {value}"),
    ("aliases", Risk.INCLUDE): _say("Mail to {key} goes to whoever a file of this host lists: {value}"),
    ("virtusertable", Risk.CATCH_ALL): _say("All mail for {domain} that no other entry names goes to {value}."),
    ("genericstable", Risk.CATCH_ALL): _say("Every sender at {domain} that no other entry names appears as {value}."),
    ("mailertable", Risk.ROUTING): _say("Mail for {key}, which this host relays, takes another way: {value}."),
    ("virtusertable", Risk.RELAY): _say(
        "Whoever writes to {domain} chooses the host that the mail goes on to ({value}), so anybody may relay."
    ),
    ("virtusertable", Risk.PROGRAM): _say("Mail that an alias leads to {key} runs a program on this host: {value}"),
    ("virtusertable", Risk.FILE): _say("Mail that an alias leads to {key} is written to a file of this host: {value}"),
    ("virtusertable", Risk.INCLUDE): _say("Mail that an alias leads to {key} goes to whoever a file lists: {value}"),
    ("mailertable", Risk.PROGRAM): _say("Mail that an alias leads to {key} runs a program on this host: {value}"),
    ("mailertable", Risk.FILE): _say("Mail that an alias leads to {key} is written to a file of this host: {value}"),
    ("mailertable", Risk.INCLUDE): _say("Mail that an alias leads to {key} goes to whoever a file lists: {value}"),
    ("mailertable", Risk.BYPASS): _say("Mail for {key}, which a wider route refuses, takes this way: {value}."),
    ("local-host-names", Risk.RELAY): _relay_by_name,
    ("local-host-names", Risk.ROUTING): _say("Mail for {key} is delivered on this host instead of being sent on."),
}

_GOES: dict[Risk, Say] = {
    Risk.RELAY: _without,
    Risk.BYPASS: _say("What “{key}” stopped until now ({value}) gets through."),
    Risk.CATCH_ALL: _say("Mail for {domain} that no other entry names no longer goes to {value}."),
    Risk.ROUTING: _say("Mail for {key} no longer takes the way {value}."),
    Risk.SECRET: _say("{key} holds a password that stays readable in the history."),
}
