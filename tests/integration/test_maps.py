"""Maps as the real makemap and newaliases build them: exact, quick in order, and refused when they are not whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail import commands
from tables.sendmail.daemon import Probe, WrongAnswer, look_up
from tables.sendmail.maps import ALIASES_TOKEN, Builder, MapError, Pair, Tally, line, record, tally_of
from tests.integration.daemon import MailHost
from tests.places import place

pytestmark = pytest.mark.sendmail

ODD: list[Pair] = [
    (b"a%b@here.example", b"x@y.example"),
    (b"k\xe4se@here.example", b"ro\xf6t"),
    (b"tab@here.example", b"one\ttwo  three "),
    (b"\xc3\xa9@here.example", b"error:5.1.1:550 \x01 odd"),
]


@pytest.fixture
def directory() -> Iterator[Path]:
    with place() as found:
        yield found


@pytest.fixture(params=["hash", "btree"])
def builder(request: pytest.FixtureRequest, directory: Path) -> Builder:
    return Builder(commands.run, request.param, directory / "none.cf", 60)


def test_a_map_holds_what_it_was_given(builder: Builder, directory: Path) -> None:
    builder.makemap(directory / "map", map(line, sorted(ODD)))
    builder.verify(directory / "map", tally_of(map(record, ODD)))


def test_one_changed_byte_is_found(builder: Builder, directory: Path) -> None:
    builder.makemap(directory / "map", map(line, sorted(ODD)))
    expected = tally_of(record((key, value.replace(b"one", b"One"))) for key, value in ODD)
    with pytest.raises(MapError, match="holds 4 entries, but not the right ones"):
        builder.verify(directory / "map", expected)


def test_a_large_map_is_compared_in_a_stream(builder: Builder, directory: Path) -> None:
    pairs = ((b"user%06d@here.example" % number, b"box%d" % number) for number in range(100_000))
    lines = [line(pair) for pair in pairs]
    builder.makemap(directory / "map", lines)
    expected = Tally()
    expected.add_lines(b"".join(lines))
    builder.verify(directory / "map", expected)
    assert expected.count == 100_000


def test_a_second_line_with_one_key_fails_the_build(builder: Builder, directory: Path) -> None:
    with pytest.raises(MapError, match="duplicate key") as failed:
        builder.makemap(directory / "map", [b"a\t1\n", b"a\t2\n"])
    assert failed.value.result
    assert failed.value.result.returncode == 65


# --- aliases ----------------------------------------------------------------------------------------------------------

ALIASES: list[Pair] = [(b"list", b"root, someone@far.example"), (b"program", b'"|/bin/x foo"'), (b'"a b"', b"root")]
TEXT = 'list: root, someone@far.example\nprogram: "|/bin/x foo"\n"a b": root\n'


def aliases(host: MailHost, text: str = TEXT) -> tuple[Builder, Path]:
    path = host.mail / "aliases"
    path.write_text(text)
    return Builder(commands.run, "hash", host.cf, 90), path


def tallied() -> Tally:
    return tally_of(map(record, (*ALIASES, ALIASES_TOKEN)))


def test_newaliases_builds_the_entries_and_its_token(idle_host: MailHost) -> None:
    builder, path = aliases(idle_host)
    builder.newaliases(path, expected=3)
    builder.verify(path, tallied())


def test_without_newaliases_the_map_is_the_same_to_sendmail(idle_host: MailHost) -> None:
    builder, path = aliases(idle_host)
    builder.aliases_by_makemap(path, map(line, sorted(ALIASES)))
    builder.verify(path, tallied())
    said = idle_host.expand("list")
    assert "someone@far.example... deliverable" in said
    look_up([Probe("aliases", "nobody-here", None)], cf=idle_host.cf, run=commands.run, timeout=60)


def test_a_file_that_newaliases_passes_over_is_no_success(idle_host: MailHost) -> None:
    """It exits 0 on a text that a group may write."""
    builder, path = aliases(idle_host)
    path.chmod(0o664)
    with pytest.raises(MapError, match="newaliases did not build aliases"):
        builder.newaliases(path, expected=3)


def test_another_number_of_aliases_is_no_success(idle_host: MailHost) -> None:
    builder, path = aliases(idle_host)
    with pytest.raises(MapError, match="newaliases stored 3 of 4 aliases"):
        builder.newaliases(path, expected=4)


def test_a_complaint_is_no_success(idle_host: MailHost) -> None:
    builder, path = aliases(idle_host, TEXT + "list: root\n")
    with pytest.raises(MapError, match=r"newaliases did not build aliases: .*duplicate alias name list"):
        builder.newaliases(path, expected=3)


def test_a_wrong_answer_is_told_with_both_values(idle_host: MailHost) -> None:
    builder, path = aliases(idle_host)
    builder.newaliases(path, expected=3)
    with pytest.raises(WrongAnswer, match="finds nothing for nobody-here in the map aliases instead of 'root'"):
        look_up([Probe("aliases", "nobody-here", "root")], cf=idle_host.cf, run=commands.run, timeout=60)


@pytest.mark.parametrize("value", ["root", None])
def test_a_map_that_sendmail_refuses_proves_nothing(idle_host: MailHost, value: str | None) -> None:
    """It answers "no match", which is not to be taken for an entry that is gone."""
    builder, path = aliases(idle_host)
    builder.makemap(path.with_name("access"), [b"from:a@bad.example\tREJECT\n"])
    idle_host.mail.chmod(0o775)
    refusal = (
        r"cannot look up from:b@bad\.example in the map access: .*access\.db: Group writable directory\. Mend that"
    )
    with pytest.raises(WrongAnswer, match=refusal):
        look_up([Probe("access", "from:b@bad.example", value)], cf=idle_host.cf, run=commands.run, timeout=60)


def test_a_map_that_cannot_be_read_back_is_named(builder: Builder, directory: Path) -> None:
    (directory / "map.db").write_bytes(os.urandom(4096))
    with pytest.raises(MapError, match="makemap cannot read back map"):
        builder.verify(directory / "map", Tally())
