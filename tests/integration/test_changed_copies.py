"""A map that is changed in a copy holds what a map made anew would, and the pages that differ tell of every record."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail import commands, hashfile
from tables.sendmail.maps import ALIASES_OPTIONS, Builder, MapError, Pair, Tally, line, record, tally_of
from tests.places import place

pytestmark = pytest.mark.sendmail


@pytest.fixture
def directory() -> Iterator[Path]:
    with place() as found:
        yield found


@pytest.fixture
def builder(directory: Path) -> Builder:
    return Builder(commands.run, "hash", directory / "none.cf", 60)


def some_pairs(chance: random.Random, count: int) -> dict[bytes, bytes]:
    numbers = chance.sample(range(10 * count + 1), count)
    return {b"user%d@domain%d.example" % (number, number % 7): b"box%d" % number for number in numbers}


def expected(pairs: dict[bytes, bytes]) -> Tally:
    return tally_of(map(record, pairs.items()))


def lines(pairs: dict[bytes, bytes]) -> list[bytes]:
    return [line(pair) for pair in sorted(pairs.items())]


@pytest.mark.parametrize("options", [(), ALIASES_OPTIONS], ids=["map", "aliases"])
@pytest.mark.parametrize("count", [0, 1, 30, 3000])
def test_a_changed_copy_is_proved_by_its_pages(
    builder: Builder, directory: Path, count: int, options: tuple[str, ...]
) -> None:
    chance = random.Random(f"{count} {options}")
    pairs = some_pairs(chance, count)
    builder.makemap(directory / "live", lines(pairs), *options)
    for turn in range(6):
        gone = chance.sample(sorted(pairs), min(len(pairs), turn % 3))
        changed = dict.fromkeys(chance.sample(sorted(pairs), min(len(pairs), 2)), b"elsewhere%d" % turn)
        put = {**changed, b"new%d@domain.example" % turn: b"x" * chance.choice([1, 200])}
        meant = {key: value for key, value in pairs.items() if key not in gone} | {
            key: value for key, value in put.items() if key not in gone
        }
        put = {key: value for key, value in put.items() if key not in gone}
        builder.change_copy(
            directory / "live.db", directory / "copy", put=list(put.items()), gone=gone, options=options
        )
        pages = hashfile.difference(directory / "live.db", directory / "copy.db", 1000)
        assert pages is not None
        assert expected(pairs).changed(gone=pages.gone, come=pages.come) == expected(meant)
        builder.verify(directory / "copy", expected(meant))
        pairs = meant
        (directory / "copy.db").replace(directory / "live.db")


def test_a_key_that_is_not_there_is_not_deleted_in_silence(builder: Builder, directory: Path) -> None:
    builder.makemap(directory / "live", [b"a\t1\n"])
    with pytest.raises(MapError, match=r"Perl took nothing out of copy\.db: no such key: b"):
        builder.change_copy(directory / "live.db", directory / "copy", put=[], gone=[b"b"], options=())


def test_another_type_of_map_is_not_changed_in_a_copy(directory: Path) -> None:
    builder = Builder(commands.run, "btree", directory / "none.cf", 60)
    builder.makemap(directory / "live", [b"a\t1\n"])
    with pytest.raises(MapError, match="A map of type btree is not changed in a copy"):
        builder.change_copy(directory / "live.db", directory / "copy", put=[(b"a", b"2")], gone=[], options=())


def test_a_record_that_was_lost_or_altered_shows_in_the_pages(builder: Builder, directory: Path) -> None:
    pairs: dict[bytes, bytes] = some_pairs(random.Random(5), 300)
    builder.makemap(directory / "live", lines(pairs))
    victim = sorted(pairs)[17]
    one: Pair = (b"new@domain.example", b"x")
    builder.change_copy(directory / "live.db", directory / "copy", put=[one], gone=[victim], options=())
    pages = hashfile.difference(directory / "live.db", directory / "copy.db", 1000)
    assert pages
    assert expected(pairs).changed(gone=pages.gone, come=pages.come) != expected({**pairs, one[0]: one[1]})


def test_what_is_out_of_the_ordinary_is_left_to_others(builder: Builder, directory: Path) -> None:
    live, copy = directory / "live.db", directory / "copy.db"
    builder.makemap(directory / "live", lines(some_pairs(random.Random(6), 300)))
    builder.change_copy(live, directory / "copy", put=[(b"a", b"b")], gone=[], options=())
    assert hashfile.difference(live, copy, 0) is None
    assert hashfile.difference(live, copy, 1000)
    for content in (b"", b"x" * 100, os.urandom(8192), live.read_bytes()[:-1], live.read_bytes() + b"x"):
        copy.write_bytes(content)
        assert hashfile.difference(live, copy, 1000) is None
    shutil.copyfile(live, copy)
    assert hashfile.difference(live, copy, 1000) == hashfile.Gone(Tally(), Tally())
    other = Builder(commands.run, "btree", directory / "none.cf", 60)
    other.makemap(directory / "tree", [b"a\t1\n"])
    assert hashfile.difference(directory / "tree.db", copy, 1000) is None
    copy.write_bytes(live.read_bytes().replace(b"\x01user", b"\x03user"))  # the kind of items with pages of their own
    assert hashfile.difference(live, copy, 1000) is None
    data = bytearray(live.read_bytes())
    data[4096 + 25] = 7  # a page of a kind that is read nowhere here
    copy.write_bytes(data)
    assert hashfile.difference(live, copy, 1000) is None
