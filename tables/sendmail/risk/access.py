"""The risks of access, relay-domains and local-host-names: who passes or relays after a change and did not before.

Each change is judged by what sendmail then decides about the item of its key and about anything under it. What stands
in narrower entries is not asked for: such an entry decides for itself, before the change and after it. Where the answer
hangs on a feature that a host may or may not have, every answer counts, and the worst is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product

from tables.sendmail.risk import asking
from tables.sendmail.risk.around import Around
from tables.sendmail.risk.asking import ANY, EVERY, PLAIN, Effect, Features, Question, Standing, World
from tables.sendmail.risk.tls_demand import Demand, demand, weaker
from tables.sendmail.spec import Entry, Lookup, Risk, Under
from tables.sendmail.syntax.access import split
from tables.sendmail.syntax.access_values import bare

NONE: frozenset[Risk] = frozenset()

_DEMANDS = frozenset(("tls_srv", "tls_clt", "tls_rcpt", "try_tls"))
#: How much a certificate opens: SUBJECT only for the subjects that are listed beside it.
_CERTIFICATES = {"certissuer": {"relay": 2, "subject": 1}, "certsubject": {"relay": 1}}
_COMPAT_STOPS = re.compile(r"(discard\b|temp:|error:)")

Ask = Callable[[Features], Question]


def access_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """RELAY, mail that gets past a check, a password; or an entry taken away under which something wider opens."""
    around = Around("access", before, after, look, then)
    if around.same:
        return NONE
    tag, item = split(around.key)
    if tag in _BY_TAG:
        return _BY_TAG[tag](around)
    if tag in _DEMANDS:
        return _demand(around, tag, item)
    if tag in _CERTIFICATES:
        return _certificate(around, _CERTIFICATES[tag])
    if tag in ("", "connect", "to", "from"):
        return _deciding(around, list(_questions(tag, item)))
    return _named_authority(around)


def _no_risk(_around: Around) -> frozenset[Risk]:
    return NONE


def _secret(around: Around) -> frozenset[Risk]:
    known = any(re.search(r'"?p[:=]', value or "", re.IGNORECASE) for value in (around.old, around.new))
    return frozenset((Risk.SECRET,)) if known else NONE


def _spam(around: Around) -> frozenset[Risk]:
    """FRIEND ends the checks where friends are asked for; where haters are, whoever is none is not checked."""
    keys = asking.spam_keys(split(around.key)[1])
    was, now = (bare(_first(keys, world) or "") for world in around.read("access", keys))
    made_friend = now == "friend" and was != "friend"
    no_hater = was == "hater" and now != "hater"
    return frozenset((Risk.BYPASS,)) if made_friend or no_hater else NONE


def _compat(around: Around) -> frozenset[Risk]:
    """Compat: refuses a pair of sender and recipient; whatever it does not know passes."""
    was, now = (bool(_COMPAT_STOPS.match(bare(value or ""))) for value in (around.old, around.new))
    return frozenset((Risk.BYPASS,)) if was and not now else NONE


def _certificate(around: Around, opens: Mapping[str, int]) -> frozenset[Risk]:
    was, now = (opens.get(bare(value or ""), 0) for value in (around.old, around.new))
    return frozenset((Risk.RELAY,)) if now > was else NONE


def _named_authority(around: Around) -> frozenset[Risk]:
    """An authority that a demand names by CITag: listed with any value, it fulfils the demand (seen with 8.17).

    It does not relay by itself. A word RELAY still counts as meant: local rules may ask for it.
    """
    relays = bare(around.new or "") == "relay" != bare(around.old or "")
    found = {Risk.BYPASS} if around.old is None else set()
    return frozenset(found | {Risk.RELAY} if relays else found)


def _demand(around: Around, tag: str, item: str) -> frozenset[Risk]:
    """A demand on TLS that becomes weaker. A name hides what its address would demand, so none at all counts always."""
    keys = asking.demand_keys(tag, item)
    was, now = (_first(keys, world) or "" for world in around.read("access", keys))
    by_name = bool(item) and not asking.is_address(item)
    exempts = by_name and around.old is None and tag != "try_tls" and demand(now) == Demand()
    return frozenset((Risk.BYPASS,)) if weaker(tag, now, was) or exempts else NONE


_BY_TAG: dict[str, Callable[[Around], frozenset[Risk]]] = {
    "authinfo": _secret,
    "spam": _spam,
    "compat": _compat,
    # Numbers and features: they decide about no mail.
    **dict.fromkeys(("clientrate", "clientconn", "greetpause", "srv_features", "clt_features"), _no_risk),
    **dict.fromkeys(("tls_srv_features", "tls_clt_features"), _no_risk),
}


def relay_domain_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """Somebody who may relay and could not before by a line of this table.

    What access says does not count, be it RELAY or REJECT: a narrower rule, or a client's name, may say otherwise about
    some of them, and a line of this table does not heed it.
    """
    around = Around("relay-domains", before, after, look, then)
    if around.same:
        return NONE
    asks = list(_questions("connect", around.key))
    asks += [] if asking.is_address(around.key) else _questions("to", around.key)
    questions = [ask(PLAIN) for ask in asks]
    worlds = around.read("relay-domains", (word for question in questions for word in question.relay_class))
    was, now = ([_is_listed(question, world) for question in questions] for world in worlds)
    return frozenset((Risk.RELAY,)) if any(new > old for old, new in zip(was, now, strict=True)) else NONE


def _is_listed(question: Question, relay_class: Mapping[str, str]) -> bool:
    return any(word in relay_class for word in question.relay_class)


def local_host_risks(
    before: Entry | None, after: Entry | None, look: Lookup, then: Lookup | None = None
) -> frozenset[Risk]:
    """Mail that is delivered here; and a host that is called so, or has the address in brackets, may relay.

    A name that goes is relayed from then on where a relay covers it; otherwise mail for it is refused.
    """
    around = Around("local-host-names", before, after, look, then)
    if around.same:
        return NONE
    key = around.key
    asks = [_asks(asking.nameless_client if key.startswith("[") else asking.client_name, key)]
    asks.append(_asks(asking.recipient, f"{ANY}@{key}"))
    found = _deciding(around, asks) & {Risk.RELAY}
    return found if around.new is None else found | {Risk.ROUTING}


def _questions(tag: str, item: str) -> Iterator[Ask]:
    """What an entry of this tag and item decides about: the item itself, and anything under it."""
    clients = tag in ("", "connect") and "@" not in item
    if clients and asking.is_address(item):
        yield _asks(asking.client_address, _some_address(item))
    elif clients and item.startswith("["):
        yield _asks(asking.nameless_client, item)
    elif clients:
        yield from (_asks(asking.client_name, name) for name in _itself_and_under(item))
    if tag == "connect" or (not tag and asking.is_address(item)):
        return
    addresses = [item] if "@" in item else [f"{ANY}@{name}" for name in _itself_and_under(item)]
    if item.endswith("@"):
        addresses = [f"{item}{ANY}"]
    recipients = (asking.recipient, asking.local_recipient)
    yield from (_asks(ask, address) for ask in recipients for address in addresses if tag != "from")
    yield from (_asks(asking.sender, address) for address in addresses if tag != "to")


def _asks(ask: Callable[[str, Features], Question], name: str) -> Ask:
    return lambda features: ask(name, features)


def _some_address(item: str) -> str:
    """An address that is whole, or any under the head of one."""
    mark, marks = (":", 8) if item.startswith("ipv6") else (".", 3)
    whole = item.count(mark) == marks and not item.endswith(mark)
    return item if whole else f"{item.rstrip(mark)}{mark}{ANY}"


def _itself_and_under(item: str) -> list[str]:
    if item.startswith("["):
        return [item]
    return [f"{ANY}{item}"] if item.startswith(".") else [item, f"{ANY}.{item}"]


def _deciding(around: Around, asks: Sequence[Ask]) -> frozenset[Risk]:
    """The risks of all answers that differ before and after, with every set of features that makes a difference."""
    before, after = _worlds(around, [ask(EVERY) for ask in asks])
    found: set[Risk] = set()
    waved = False
    for features in _features(before, after):
        for question in (ask(features) for ask in asks):
            was, now = standing(question, before, features, Effect.BLOCK), standing(question, after, features)
            found |= _opened(was, now)
            waved |= now.effect < was.effect is Effect.NOTHING
    # From nothing to RELAY there is one risk to name, the greater one.
    return frozenset(found | {Risk.BYPASS} if waved and Risk.RELAY not in found else found)


def _features(*worlds: World) -> list[Features]:
    """The sets of features that may make a difference to what stands there."""
    entries = [entry for world in worlds for entry in world.access.items()]
    skips = any(bare(value) == "skip" for _, value in entries)
    dots = any(split(key)[1].startswith(".") for key, _ in entries)
    fulls = any("@" in key for key, _ in entries)
    choices = ((False, True) if there else (False,) for there in (skips, dots, fulls))
    return [Features(*chosen) for chosen in product(*choices)]


def _worlds(around: Around, questions: Sequence[Question]) -> tuple[World, World]:
    """Both worlds, with all that any of the questions asks for: three look-ups, whatever they answer."""
    access = around.read("access", (key for question in questions for key in question.access))
    relay = around.read("relay-domains", (key for question in questions for key in _words(around, question)))
    local = around.read("local-host-names", (key for question in questions for key in _names(around, question)))
    return World(access[0], relay[0], local[0]), World(access[1], relay[1], local[1])


def _words(around: Around, question: Question) -> Iterator[str]:
    """The words of class R to ask for. What is under an item is asked for only where a refusal of it may go."""
    yield from question.relay_class
    if around.old is not None:
        yield question.under


def _names(around: Around, question: Question) -> Iterator[str]:
    yield from (*question.local_class, question.foreign)
    if around.old is not None and question.local_class:
        yield _literal(question.under)


def _literal(under: str) -> str:
    """The same for class w, in which addresses stand in brackets."""
    return Under(f"[{under}") if under.endswith("*") else under


def standing(question: Question, world: World, features: Features, unknown: Effect = Effect.OK) -> Standing:
    """What sendmail decides, in a world; ``unknown`` is what to make of a value that it may stumble over."""
    if question.foreign in world.local_class:
        return _LOCAL
    effect = _checked(question, world, features, unknown)
    relays = _word(_first(question.relayed, world.access)) == "relay"
    relays = relays or _is_listed(question, world.relay_class)
    relays = relays or any(word in world.local_class for word in question.local_class)
    covers = question.under in world.relay_class or _literal(question.under) in world.local_class
    denied = bool(question.foreign) and not relays
    return Standing(effect, relays, covers, effect >= question.stops, denied)


#: A recipient that turns out to be local: another question asks for those.
_LOCAL = Standing(Effect.NOTHING, relays=False, covers=False, stopped=False, denied=False)


def _checked(question: Question, world: World, features: Features, unknown: Effect) -> Effect:
    for stage in question.checked:
        value = _first(stage.keys, world.access)
        skipped = features.skip and _word(value) == "skip"
        if skipped and stage.skip is not None:
            return stage.skip
        if value is not None and not skipped:
            return _effect(value, question, unknown)
    return Effect.NOTHING


#: A byte that begins a look-up in rewriting rules: with one, or with nothing left, a value may refuse nobody (seen with
#: 8.17).
_STUMBLING = re.compile("[\uf785\uf79d]")
_HOLDS = re.compile(r"quarantine\s*:\s*\S")


def _effect(value: str, question: Question, unknown: Effect) -> Effect:
    """Every word that sendmail does not know refuses."""
    word = bare(value)
    if word in ("ok", "relay"):
        return question.accepts
    if not word or _STUMBLING.search(value):
        return unknown
    return Effect.HOLD if _HOLDS.match(word) else Effect.BLOCK


def _opened(was: Standing, now: Standing) -> set[Risk]:
    freed = was.stopped > now.stopped
    relays = (now.relays and not was.relays) or (freed and (now.relays or now.covers))
    # Whoever is held is accepted first, also where nobody may relay to (seen with 8.17).
    held = was.denied and was.effect is Effect.NOTHING and now.effect is Effect.HOLD
    passes = held or now.effect < was.effect > Effect.NOTHING
    return {risk for risk, there in ((Risk.RELAY, relays), (Risk.BYPASS, passes)) if there}


def _first(keys: Iterable[str], world: Mapping[str, str]) -> str | None:
    return next((world[key] for key in keys if key in world), None)


def _word(value: str | None) -> str | None:
    return None if value is None else bare(value)
