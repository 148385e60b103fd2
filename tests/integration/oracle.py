"""The real sendmail as a judge: what it decides about clients, senders and recipients, with given tables.

Nothing is sent or received: one ``sendmail -bt`` answers thousands of probes. Worlds that must not know of each other
share a process by names of their own: :class:`Namespace` puts a number into every name, network and user.
"""

from __future__ import annotations

import getpass
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tables.sendmail.commands import find_program
from tables.sendmail.risk.asking import Effect
from tables.sendmail.text import encode

SOURCE = Path(__file__).with_name("judge.mc")
MACROS = "/usr/share/sendmail/cf/m4/cf.m4"

#: sendmail asks the DNS for this host's name before it reads its configuration: it need not wait for an answer.
QUICK = {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"}

#: By table: the values of the maps, and the words of the classes.
World = Mapping[str, Mapping[str, str]]
MAPS = ("access", "virtusertable", "mailertable")
CLASSES = ("relay-domains", "local-host-names")

#: An address that nobody relays for, with which it is asked whether a client may relay.
ELSEWHERE = "someone@elsewhere.invalid"


@dataclass(frozen=True)
class Probe:
    """Somebody who writes to somebody; by default a stranger to a stranger."""

    address: str = "203.0.113.250"
    name: str = "stranger.invalid"
    resolves: str = "OK"
    sender: str = "writer@writers.invalid"
    recipient: str = ELSEWHERE
    issuer: str = ""  # of a certificate that was verified
    subject: str = ""

    def macros(self) -> list[str]:
        values = {
            "{client_addr}": self.address,
            "{client_name}": self.name,
            "{client_resolve}": self.resolves,
            "{verify}": "OK" if self.issuer else "NO",
            "{cert_issuer}": self.issuer,
            "{cert_subject}": self.subject,
            "f": self.sender,
        }
        return [f".D{name}{value}" for name, value in values.items()]

    def questions(self) -> dict[str, str]:
        """What is asked, by ruleset: nothing about a client or sender that no world knows."""
        asked = {"check_rcpt": f"check_rcpt <{self.recipient}>"}
        if (self.address, self.name) != (Probe.address, Probe.name):
            asked["check_relay"] = f"Start,check_relay {self.name} $| {self.address}"
        if self.sender != Probe.sender:
            asked["check_mail"] = f"check_mail <{self.sender}>"
        return asked


@dataclass(frozen=True)
class Verdict:
    """What the checks of client, sender and recipient did, and whether the client may relay to the recipient."""

    effects: tuple[Effect, Effect, Effect]
    relays: bool
    denied: bool  # nobody may relay to the recipient

    @property
    def is_relayed(self) -> bool:
        return self.relays and max(self.effects) < Effect.BLOCK


class Namespace:
    """Puts a number into the last label of a name, the first part of an address, a user and a certificate's name."""

    _PARTS = re.compile(
        r"(?P<name>\b(?:com|org|net)\b)|(?P<four>(?<![\d.])(?:10|192)(?=\.|\b(?!\.)))|(?P<six>\b2001\b)"
        r"|(?P<user>\b(?:user|other)(?=[+@]))|(?P<cert>\bcn=\w+)",
        re.IGNORECASE,
    )

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, text: str) -> str:
        return self._PARTS.sub(self._numbered, text)

    def _numbered(self, found: re.Match[str]) -> str:
        # sendmail does not mind an octet of 192007 or a group of 7f2001: it compares words.
        return f"{self.number}f{found[0]}" if found["six"] else f"{found[0]}{self.number:03}"

    def key(self, key: str) -> str:
        inside = self(key)
        assert inside != key, f"{key} would be seen by all worlds"
        return inside

    def world(self, world: World) -> dict[str, dict[str, str]]:
        return {table: {self.key(key): self(value) for key, value in there.items()} for table, there in world.items()}

    def probe(self, probe: Probe) -> Probe:
        texts = {name: self(getattr(probe, name)) for name in ("address", "name", "sender", "recipient")}
        return replace(probe, **texts, issuer=self(probe.issuer), subject=self(probe.subject))


@dataclass
class Oracle:
    """A directory with a configuration; ``more`` is one with the features that widen what is looked up."""

    directory: Path
    more: bool = False

    def prepare(self) -> None:
        self.directory.mkdir(exist_ok=True)
        (self.directory / "queue").mkdir(mode=0o700)
        (self.directory / "service.switch").write_text("hosts files\naliases files\npasswd files\n")
        macros = [f"-DTEST_DIR={self.directory}", f"-DTEST_USER={getpass.getuser()}", *(["-DTEST_MORE"] * self.more)]
        command = [find_program("m4"), "-D_CF_DIR_=/usr/share/sendmail/cf/", *macros, MACROS, str(SOURCE)]
        self.cf.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
        self.become({})

    @property
    def cf(self) -> Path:
        return self.directory / "sendmail.cf"

    def become(self, world: World) -> None:
        """Build the maps and write the classes of a world."""
        for name in MAPS:
            data = b"".join(encode(f"{key}\t{value}\n") for key, value in world.get(name, {}).items())
            command = [find_program("makemap"), "hash", str(self.directory / name)]
            subprocess.run(command, input=data, capture_output=True, check=True)
        for name in CLASSES:
            (self.directory / name).write_bytes(b"".join(encode(f"{key}\n") for key in world.get(name, {})))

    def test(self, commands: Iterable[str]) -> str:
        """What ``sendmail -bt`` prints for these commands."""
        text = "".join(f"{command}\n" for command in commands)
        command = [find_program("sendmail"), "-bt", "-C", str(self.cf)]
        # It ends with 70 when a look-up made no sense; whoever asks counts the answers.
        done = subprocess.run(command, input=encode(text), capture_output=True, check=False, env=QUICK)
        return done.stdout.decode("latin-1")

    def verdicts(self, probes: Sequence[Probe]) -> list[Verdict]:
        questions = [probe.questions() for probe in probes]
        pairs = zip(probes, questions, strict=True)
        output = self.test(line for probe, asked in pairs for line in (*probe.macros(), *asked.values()))
        answers = {name: returned(output, name) for name in ("check_relay", "check_mail", "check_rcpt")}
        for name, found in answers.items():
            assert len(found) == sum(name in asked for asked in questions), name
        left = {name: iter(found) for name, found in answers.items()}
        return [_verdict({name: next(left[name]) for name in asked}) for asked in questions]

    def delivers(self, aliases: str, names: Sequence[str]) -> str:
        """What ``sendmail -bv`` says of names, once the aliases are built."""
        (self.directory / "aliases").write_bytes(encode(aliases))
        (self.directory / "aliases").chmod(0o644)
        program = find_program("sendmail")
        subprocess.run([program, "-bi", "-C", str(self.cf)], capture_output=True, check=False, env=QUICK)
        command = [program, "-bv", "-C", str(self.cf), *names]
        done = subprocess.run(command, capture_output=True, check=False, env=QUICK)
        return (done.stdout + done.stderr).decode("latin-1")


def returned(output: str, ruleset: str) -> list[str]:
    """What each call of a ruleset returned."""
    return re.findall(rf"^(?:> )*{ruleset} +returns: (.*)$", output, re.MULTILINE)


def _verdict(answers: Mapping[str, str]) -> Verdict:
    recipient = answers["check_rcpt"]
    relays = recipient in ("RELAY", "$# RELAY")
    denied = "Relaying denied" in recipient
    client, sender = (_effect(answers.get(name, _NOTHING_KNOWN)) for name in ("check_relay", "check_mail"))
    return Verdict((client, sender, Effect.NOTHING if relays or denied else _effect(recipient)), relays, denied)


#: What check_mail returns when no entry says anything.
_NOTHING_KNOWN = "@ "


def _effect(answer: str) -> Effect:
    """OK where an entry accepts, so that the checks after it are left out; NOTHING where those still decide."""
    if answer.startswith("$# error $@ quarantine"):
        return Effect.HOLD
    if answer.startswith(("$# error", "$# discard")):
        return Effect.NOTHING if "Not on any list" in answer else Effect.BLOCK
    return Effect.NOTHING if answer.startswith(_NOTHING_KNOWN) else Effect.OK
