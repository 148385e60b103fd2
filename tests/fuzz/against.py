"""One file by the core and by the real program: what is live, what is refused, and what our file for it becomes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from tables.sendmail.parse import read_table
from tables.sendmail.render import map_pair, render
from tables.sendmail.spec import Entry, Grade, Kind, Parsed
from tables.sendmail.tables import TABLES
from tests.integration.lab import PLAIN, Built, Lab, Pairs, run_offline

#: Names of the lab's host: ``user@`` one of these is a name that aliases may hold.
LOCAL = frozenset(("mx.test.example", "localhost", "vm.localdomain"))

#: How long newaliases is watched when it is said that it never ends.
ENDLESS_SECONDS = 1.5

#: Class files that one sendmail reads at once.
BATCH = 40


@dataclass(frozen=True)
class File:
    table: str
    data: bytes


@dataclass(frozen=True)
class Reading:
    """What the core makes of a file."""

    items: list[Parsed]
    written: bytes

    @property
    def pairs(self) -> Pairs:
        spec = TABLES["access"]
        return sorted(map_pair(spec, item.item) for item in self.items if live(item))

    @property
    def is_endless(self) -> bool:
        """Whether the core says that newaliases never comes out of this file."""
        return any("never ends" in found.message for item in self.items for found in item.problems)

    @property
    def error_lines(self) -> set[int | None]:
        return {found.line for item in self.items for found in item.problems if found.grade is Grade.ERROR}

    @property
    def rules(self) -> set[str]:
        return {found.rule for item in self.items for found in item.problems if found.grade is Grade.ERROR}


def live(item: Parsed) -> bool:
    return isinstance(item.item, Entry) and item.item.enabled


def read(table: str, data: bytes) -> Reading:
    spec = TABLES[table]
    items = list(read_table(spec, lambda: BytesIO(data), local_names=LOCAL))
    return Reading(items, b"".join(render(spec, (parsed.item for parsed in items))))


def differences(lab: Lab, files: Sequence[File]) -> Iterator[tuple[File, str]]:
    """Each file in which the core and the real program do not agree, with what they do not agree about."""
    classes = [file for file in files if TABLES[file.table].kind is Kind.CLASS]
    for start in range(0, len(classes), BATCH // 2):
        yield from _classes(lab, classes[start : start + BATCH // 2])
    for file in files:
        kind = TABLES[file.table].kind
        if kind is not Kind.CLASS and (found := _built(lab, file)):
            yield file, found


def _built(lab: Lab, file: File) -> str:
    """What is wrong with a file that a program builds a map from; empty when nothing is."""
    reading = read(file.table, file.data)
    build = _makemap if TABLES[file.table].kind is Kind.MAP else _newaliases
    try:
        first = build(lab, file.data, ENDLESS_SECONDS if reading.is_endless else 60)
    except subprocess.TimeoutExpired:
        return "" if reading.is_endless else "the program never ends, and nothing is said of it"
    if reading.is_endless:
        return "the program ends, though it is said not to"
    there = _that_can_be_written(first.pairs, reading)
    if there != reading.pairs:
        return f"live here {reading.pairs}, stored there {first.pairs} ({first.said})"
    if missing := _unsaid(file, reading, first):
        return missing
    again = build(lab, reading.written, 60)
    if not again.whole or again.pairs != there:
        return f"what we write becomes {again.pairs} ({again.said}), the original {first.pairs}"
    return ""


def _makemap(lab: Lab, data: bytes, _seconds: float) -> Built:
    return lab.makemap("map", data)


def _newaliases(lab: Lab, data: bytes, seconds: float) -> Built:
    return lab.newaliases(data, seconds=seconds)


def _that_can_be_written(pairs: Pairs, reading: Reading) -> Pairs:
    """Without the aliases whose name is empty or holds the colon: newaliases makes such names of quotes and brackets
    that do not match, no mail is ever looked up with them, and no line says them; the core says that it refuses them.
    """
    if not reading.rules:
        return pairs
    ours = {key for key, _ in reading.pairs}
    return [(key, value) for key, value in pairs if key in ours or (key and b":" not in key)]


def _unsaid(file: File, reading: Reading, built: Built) -> str:
    """A refusal of the program of which the core says nothing. Its line numbers count pieces of a long line."""
    lines = {int(number) for number in re.findall(r": line (\d+): ", built.said)}
    if not lines:
        return ""
    long = reading.rules & {"text.line-too-long", "text.nul"}
    if TABLES[file.table].kind is Kind.ALIASES or long:
        return "" if reading.error_lines else f"no error here, there {built.said}"
    return "" if lines <= reading.error_lines else f"errors here {reading.error_lines}, there {built.said}"


# --- class files: many in one process ---------------------------------------------------------------------------------


def _classes(lab: Lab, files: Sequence[File]) -> Iterator[tuple[File, str]]:
    readings = [read(file.table, file.data) for file in files]
    found = members(lab, [file.data for file in files] + [reading.written for reading in readings])
    for file, reading, first, again in zip(files, readings, found, found[len(files) :], strict=False):
        ours = {key.lower() for key, _ in reading.pairs}
        if ours != first:
            yield file, f"read here {ours}, there {first}"
        elif again != first:
            yield file, f"what we write is read as {again}, the original as {first}"


def members(lab: Lab, files: Sequence[bytes]) -> list[set[bytes]]:
    """The words of each class file, in lower case, as one sendmail reads them."""
    cf = lab.folder / "classes.cf"
    lines = [f"F{{fuzz{number}}}-o {lab.folder}/class{number} %[^\\#]\n" for number in range(BATCH)]
    cf.write_bytes(lab.cf(*PLAIN).read_bytes() + "".join(lines).encode())
    for number, data in enumerate(files):
        (lab.folder / f"class{number}").write_bytes(data)
    asked = "".join(f"$={{fuzz{number}}}\n" for number in range(len(files)))
    said = run_offline(["sendmail", "-C", str(cf), "-bt"], asked.encode()).stdout
    words: list[set[bytes]] = []
    lines = said.split(b"\n")
    first = next(number for number, line in enumerate(lines) if line.startswith(b"> "))
    for line in lines[first:-1]:
        word = line
        while word.startswith(b"> "):  # a prompt; no word holds a blank
            words.append(set())
            word = word[2:]
        words[-1].add(word.lower())
    return words[: len(files)] + [set() for _ in range(len(files) - len(words))]
