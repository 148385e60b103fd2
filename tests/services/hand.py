"""What a person does to a file in an editor: lines changed, added, taken out and moved, comments and blank lines."""

from __future__ import annotations

import random
from collections.abc import Callable

#: A line with a key that no file of the tests has, and another value for one that has.
NEW: dict[str, Callable[[int], str]] = {
    "aliases": lambda n: f"hand{n}:\talice",
    "access": lambda n: f"Connect:192.0.2.{n % 250}\tREJECT",
    "virtusertable": lambda n: f"hand{n}@example.com\talice",
    "genericstable": lambda n: f"hand{n}\talice@example.com",
    "mailertable": lambda n: f"hand{n}.example\tesmtp:[mx.example.com]",
    "relay-domains": lambda n: f"hand{n}.example",
    "local-host-names": lambda n: f"hand{n}.example",
}


def edited(table: str, body: bytes, rng: random.Random) -> bytes:
    """A few edits, none of which makes a line that cannot be read or a key twice."""
    lines = body.decode().splitlines(keepends=True)
    for _edit in range(rng.randint(1, 6)):
        rng.choice(EDITS)(table, lines, rng)
    return "".join(lines).encode()


def _at(lines: list[str], rng: random.Random) -> int:
    """Not in the midst of an entry that goes on."""
    place = rng.randint(0, len(lines))
    while place < len(lines) and lines[place][:1] in " \t" and lines[place].strip():
        place += 1
    return place


def _whole(lines: list[str], rng: random.Random) -> slice:
    start = min(_at(lines, rng), max(len(lines) - 1, 0))
    end = start + 1
    while end < len(lines) and lines[end][:1] in " \t" and lines[end].strip():
        end += 1
    return slice(start, end)


def add_entry(table: str, lines: list[str], rng: random.Random) -> None:
    place = _at(lines, rng)
    more = rng.choice(["", "# said by hand\n", "# two\n# lines\n"])
    text = more + NEW[table](rng.randint(0, 10**6)) + rng.choice(["", "  "]) + "\n"
    lines[place:place] = text.splitlines(keepends=True)


def add_comment(_table: str, lines: list[str], rng: random.Random) -> None:
    lines.insert(_at(lines, rng), f"# remark {rng.randint(0, 99)}\n")


def add_heading(_table: str, lines: list[str], rng: random.Random) -> None:
    place = _at(lines, rng)
    lines[place:place] = ["\n", f"### Section {rng.randint(0, 9)} ###\n", "\n"]


def add_blank(_table: str, lines: list[str], rng: random.Random) -> None:
    lines.insert(_at(lines, rng), rng.choice(["\n", "\n\n"]))


def take_out(_table: str, lines: list[str], rng: random.Random) -> None:
    del lines[_whole(lines, rng)]


def move(_table: str, lines: list[str], rng: random.Random) -> None:
    part = _whole(lines, rng)
    taken = lines[part]
    del lines[part]
    place = _at(lines, rng)
    lines[place:place] = taken


def edit_comment(_table: str, lines: list[str], rng: random.Random) -> None:
    places = [place for place, line in enumerate(lines) if line.startswith("# ") and ":" not in line]
    if places:
        place = rng.choice(places)
        lines[place] = lines[place].rstrip("\n") + " and so on\n"


def edit_blanks(_table: str, lines: list[str], rng: random.Random) -> None:
    """The same entry, written otherwise."""
    places = [place for place, line in enumerate(lines) if "\t" in line.strip() and not line.startswith("#")]
    if places:
        place = rng.choice(places)
        lines[place] = lines[place].replace("\t", "\t\t", 1)


EDITS = (add_entry, add_comment, add_heading, add_blank, take_out, move, edit_comment, edit_blanks)
