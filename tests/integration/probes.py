"""What one case asks of the real programs, and their answer in the words in which the case records it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.core.cases import Case
from tests.integration.lab import PLAIN, Lab, Pairs

#: The path of a list that the cases name, and what stood in it.
INCLUDED = "/etc/mail/lab/l/inc"
LIST = "root\ndaemon, bin\n\\mail\nFull Name <joe@ext.example>\n"

#: Aliases beside a case of another table.
BESIDE = b"foo-list: root, daemon\npostmaster: root\n"

#: Where a client stands when a case does not say it.
CLIENT = ("192.0.2.50", "c.ext.example")


@dataclass(frozen=True)
class Answer:
    """``told``: how the build went; ``stored``: the map that it left; ``said``: what sendmail does with that."""

    told: str
    stored: Pairs | None
    said: str


def ask(lab: Lab, case: Case, data: bytes) -> Answer:
    """Build the file of a case from ``data`` and ask what its probe asks."""
    lab.clear()
    for pattern, probe in PROBES.items():
        if found := re.fullmatch(pattern, case.probe):
            return probe(lab, case, data, found)
    raise AssertionError(f"no way to ask “{case.probe}”")


def _makemap(lab: Lab, _case: Case, data: bytes, found: re.Match[str]) -> Answer:
    options = re.findall(r"-\S+", found["options"] or "")
    built = lab.makemap("map", data, options, found["kind"])
    told = "".join(f"; stderr: {line}" for line in [" // ".join(built.said.splitlines())] if line)
    return Answer(f"rc={built.status}{told}", built.pairs, "")


def _newaliases(lab: Lab, _case: Case, data: bytes, found: re.Match[str]) -> Answer:
    (lab.folder / "list").write_text(LIST)
    built = lab.newaliases(data.replace(INCLUDED.encode(), bytes(lab.folder / "list")))
    told = "".join(f"; {line}" for line in [" // ".join(built.said.splitlines())] if line)
    address = found["address"]
    said = f"-bv {address}: {_original(lab, lab.verify(lab.cf(*PLAIN), address))}" if address else ""
    stored = [(key, value.replace(bytes(lab.folder / "list"), INCLUDED.encode())) for key, value in built.pairs]
    return Answer(f"newaliases rc={built.status}{told}", stored, said)


def _original(lab: Lab, text: str) -> str:
    return text.replace(str(lab.folder / "list"), INCLUDED)


def _map(lab: Lab, case: Case, data: bytes) -> Answer:
    built = lab.makemap(case.table, data)
    return Answer(f"rc={built.status} {built.said}".strip(), built.pairs, "")


def _client(address: str, name: str) -> list[str]:
    facts = {"client_addr": address, "client_name": name, "client_resolve": "OK"}
    facts |= {
        "mail_from": "a@ex.ample",
        "client_rate": "10",
        "client_connections": "10",
        "server_name": "srv.ex",
        "server_addr": "10.9.9.9",
    }
    return [f".D{{{macro}}}{value}" for macro, value in facts.items()]


def _access(ruleset: str, checks: str = "at-once") -> Callable[[Lab, Case, bytes, re.Match[str]], Answer]:
    """Ask a ruleset about an address."""

    def probe(lab: Lab, case: Case, data: bytes, found: re.Match[str]) -> Answer:
        access = found["option"] if "option" in found.re.groupindex and found["option"] else "skip"
        built = _map(lab, case, data)
        question = f"{ruleset} {found['address']}"
        return Answer(built.told, built.stored, lab.says(lab.cf(access, checks, "debian"), *_client(*CLIENT), question))

    return probe


def _relay(lab: Lab, case: Case, data: bytes, found: re.Match[str]) -> Answer:
    built = _map(lab, case, data)
    cf = lab.cf("none" if found["other"] else "skip", "at-once", "debian")
    name, address = found["name"], found["address"]
    return Answer(
        built.told,
        built.stored,
        lab.says(cf, *_client(address, name), f"Start,check_relay {name} $| {address}"),
    )


def _rules(lab: Lab, case: Case, data: bytes, found: re.Match[str]) -> Answer:
    built = _map(lab, case, data)
    facts = _client("10.1.2.3", "h.ex")
    return Answer(built.told, built.stored, lab.says(lab.cf(*PLAIN), *facts, found["question"]))


def _routes(lab: Lab, case: Case, data: bytes, found: re.Match[str]) -> Answer:
    """The route of an address, and what is made of it in the end."""
    built = _map(lab, case, data)
    lab.newaliases(BESIDE)
    cf, address = lab.cf(*PLAIN), found["address"]
    route = lab.says(cf, f"3,0 {address}")
    return Answer(built.told, built.stored, f"{route} ;; -bv: {lab.verify(cf, address)}")


def _rewrites(lab: Lab, case: Case, data: bytes, found: re.Match[str]) -> Answer:
    built = _map(lab, case, data)
    ruleset = "MasqHdr" if case.table == "genericstable" else "canonify"
    return Answer(built.told, built.stored, lab.says(lab.cf(*PLAIN), f"{ruleset} {found['address']}"))


def _class(lab: Lab, _case: Case, data: bytes, _found: re.Match[str]) -> Answer:
    """Both formats, though what the panel writes is read by Debian's."""
    (lab.folder / "relay-domains").write_bytes(data)
    upstream = lab.members(lab.cf("skip", "at-once", "upstream"))
    debian = lab.members(lab.cf(*PLAIN))
    return Answer("", None, f"upstream %s format: {upstream}; Debian %[^\\#] format: {debian}")


def _relayed(lab: Lab, _case: Case, data: bytes, found: re.Match[str]) -> Answer:
    (lab.folder / "relay-domains").write_bytes(data)
    facts = _client(found["client"], found["name"])
    return Answer("", None, lab.says(lab.cf(*PLAIN), *facts, f"check_rcpt {found['address']}"))


#: Each form that a probe has, and how it is asked.
PROBES: dict[str, Callable[[Lab, Case, bytes, re.Match[str]], Answer]] = {
    r"makemap (?P<options>-\S+ )?(?P<kind>hash|btree)": _makemap,
    r"newaliases( \+ sendmail -bv (?P<address>.+))?": _newaliases,
    r"rel (?P<name>\S+) (?P<address>\S+)(?P<other> \{.*\})?": _relay,
    r"mail (?P<address>.+)": _access("check_mail"),
    r"rcpt (?P<address>.+?)(?: with (?P<option>\w+))?": _access("check_rcpt"),
    r"delay (?P<address>.+)": _access("check_rcpt", "friend"),
    r"rules (?P<question>.+)": _rules,
    r"-bt 3,0 (?P<address>.+)": _routes,
    r"-bt \$=R": _class,
    r"-bt (?P<address>.+)": _rewrites,
    r"check_rcpt (?P<address>\S+) from (?P<client>\S+) \((?P<name>\S+)\)": _relayed,
}
