"""A build counts only when the program said nothing but success, and the map read back is what was meant."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tables.sendmail.commands import CommandTimeout, MissingProgram, Result
from tables.sendmail.maps import (
    ALIASES_TOKEN,
    CACHE,
    Builder,
    MapError,
    Pair,
    Reader,
    Tally,
    entries,
    host_is_qualified,
    line,
    newaliases_possible,
    record,
    tally_of,
)
from tests.core.publishing.standin import Programs, said

PAIRS: list[Pair] = [(b"a@here.example", b"root"), (b"b@here.example", b"b x\ty")]
DUMP = b"".join(record(pair) + b"\n" for pair in reversed(PAIRS))


def builder(programs: Programs, cf: Path = Path("/nonexistent/sendmail.cf")) -> Builder:
    return Builder(programs, "hash", cf, 5)


def tallied(pairs: list[Pair]) -> Tally:
    return tally_of(map(record, pairs))


# --- makemap ----------------------------------------------------------------------------------------------------------


def test_makemap_is_fed_keys_and_values_with_a_large_cache() -> None:
    programs = Programs(answer := said())
    assert builder(programs).makemap(Path("/mail/access"), map(line, PAIRS)) is answer
    assert programs.asked == [("makemap", "-C", os.devnull, "-c", str(CACHE), "hash", "/mail/access")]
    assert programs.fed == [b"a@here.example\troot\nb@here.example\tb x\ty\n"]


def test_makemap_ends_keys_with_a_nul_where_sendmail_looks_for_it() -> None:
    programs = Programs(said())
    replace(builder(programs), null=True).makemap(Path("/mail/access"), map(line, PAIRS))
    assert programs.asked[0][-3:] == ("-N", "hash", "/mail/access")


def test_makemap_learns_the_trusted_user_from_a_configuration_that_is_there(directory: Path) -> None:
    (directory / "sendmail.cf").touch()
    programs = Programs(said())
    builder(programs, directory / "sendmail.cf").makemap(Path("/mail/access"), [])
    assert programs.asked[0][:3] == ("makemap", "-C", str(directory / "sendmail.cf"))
    assert programs.fed == [b""]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (said(stderr="makemap: /mail/access: line 3: key a: duplicate key\nmore\n", returncode=65), "duplicate key"),
        (said(stderr="makemap: warning\n"), "makemap: warning"),
        (said(stdout="odd\n", returncode=1), "odd"),
        (said(returncode=73), "exit status 73 without a word"),
    ],
)
def test_a_build_that_fails_or_complains_is_refused_with_the_first_line(answer: Result, message: str) -> None:
    programs = Programs(answer)
    with pytest.raises(MapError) as refused:
        builder(programs).makemap(Path("/mail/access"), map(line, PAIRS))
    assert str(refused.value).startswith("makemap refused access: ")
    assert str(refused.value).endswith(message)
    assert refused.value.result is answer


@pytest.mark.parametrize("error", [MissingProgram("makemap"), CommandTimeout(["makemap"], 5)])
def test_a_makemap_that_is_missing_or_hangs_is_not_taken_for_a_refusal(error: Exception) -> None:
    with pytest.raises(type(error)) as problem:
        builder(Programs(error)).makemap(Path("/mail/access"), map(line, PAIRS))
    assert problem.value is error


# --- reading back -----------------------------------------------------------------------------------------------------


def test_a_map_that_reads_back_as_it_was_fed_is_proved_in_whatever_order() -> None:
    programs = Programs(answer := said(), writes=DUMP)
    assert builder(programs).verify(Path("/mail/access"), tallied(PAIRS)) is answer
    assert programs.asked == [("makemap", "-C", os.devnull, "-u", "-t\t", "hash", "/mail/access")]


@pytest.mark.parametrize(
    ("dump", "message"),
    [
        (DUMP + b"c\td\n", "The map access holds 3 entries instead of 2."),
        (DUMP.splitlines(keepends=True)[0], "The map access holds 1 entry instead of 2."),
        (b"", "The map access holds 0 entries instead of 2."),
        (DUMP.replace(b"root", b"toor"), "The map access holds 2 entries, but not the right ones."),
        (DUMP.splitlines(keepends=True)[0] * 2, "The map access holds 2 entries, but not the right ones."),
    ],
)
def test_a_makemap_that_lies_is_found_out(dump: bytes, message: str) -> None:
    with pytest.raises(MapError) as lie:
        builder(Programs(said(), writes=dump)).verify(Path("/mail/access"), tallied(PAIRS))
    assert str(lie.value) == message
    assert lie.value.result


@pytest.mark.parametrize("answer", [said(returncode=75), said(stderr="makemap: error\n")])
def test_a_map_that_cannot_be_read_back_is_not_compared(answer: Result) -> None:
    programs = Programs(answer, writes=DUMP)
    with pytest.raises(MapError, match=r"^makemap cannot read back access: "):
        builder(programs).verify(Path("/mail/access"), tallied(PAIRS))


def test_a_tally_counts_and_tells_sets_apart_but_not_orders() -> None:
    assert tallied(PAIRS) == tallied(PAIRS[::-1])
    assert tallied(PAIRS) != tallied([(key, value + b".") for key, value in PAIRS])
    for size in (1, 2, 5, 1000):
        reader = Reader()
        for start in range(0, len(DUMP), size):
            reader(DUMP[start : start + size])
        assert reader.end() == tallied(PAIRS)
    assert (entries(0), entries(1), entries(2)) == ("0 entries", "1 entry", "2 entries")


# --- newaliases -------------------------------------------------------------------------------------------------------

SUCCESS = "/mail/aliases: 3 aliases, longest 9 bytes, 42 bytes total\n"


def test_newaliases_succeeds_by_its_line_with_the_number_expected() -> None:
    programs = Programs(answer := said(SUCCESS))
    assert builder(programs).newaliases(Path("/mail/aliases"), 3) is answer
    asked = ("sendmail", "-bi", "-C", "/nonexistent/sendmail.cf", "-OAliasFile=hash:-N /mail/aliases")
    assert programs.asked == [asked]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (said(), "newaliases did not build aliases: exit status 0 without a word"),
        (said(SUCCESS, returncode=70), f"newaliases did not build aliases: {SUCCESS.strip()}"),
        (
            said(SUCCESS, "/mail/aliases: line 2: x... Warning: duplicate alias name x\n"),
            "newaliases did not build aliases: /mail/aliases: line 2: x... Warning: duplicate alias name x",
        ),
        (
            said(stderr="/mail/aliases: cannot open: Group writable file\n"),
            "newaliases did not build aliases: /mail/aliases: cannot open: Group writable file",
        ),
        (said(SUCCESS.replace("3", "2")), "newaliases stored 2 of 3 aliases in aliases."),
    ],
)
def test_anything_else_that_newaliases_says_is_no_success(answer: Result, message: str) -> None:
    programs = Programs(answer)
    with pytest.raises(MapError) as refused:
        builder(programs).newaliases(Path("/mail/aliases"), 3)
    assert str(refused.value) == message
    assert refused.value.result is answer


def test_without_newaliases_the_map_gets_its_token_first_and_nul_bytes() -> None:
    programs = Programs(answer := said())
    assert builder(programs).aliases_by_makemap(Path("/mail/aliases"), map(line, PAIRS)) is answer
    assert programs.asked == [
        ("makemap", "-C", os.devnull, "-c", str(CACHE), "-N", "-t\t", "hash", "/mail/aliases"),
    ]
    assert programs.fed == [b"%b\t%b\n" % ALIASES_TOKEN + b"a@here.example\troot\nb@here.example\tb x\ty\n"]


@pytest.mark.parametrize(
    ("uid", "cf", "name", "possible"),
    [
        (0, True, "mx.test.example", True),
        (1000, True, "mx.test.example", False),
        (0, False, "mx.test.example", False),
        (0, True, "mx", False),
    ],
)
def test_newaliases_is_for_root_with_a_configuration_and_a_qualified_name(
    directory: Path, monkeypatch: pytest.MonkeyPatch, uid: int, cf: bool, name: str, possible: bool
) -> None:
    if cf:
        (directory / "sendmail.cf").touch()
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    monkeypatch.setattr(socket, "getfqdn", lambda: name)
    assert newaliases_possible(directory / "sendmail.cf") is possible


def test_a_name_is_qualified_by_the_hosts_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "mx")
    monkeypatch.setattr(socket, "getfqdn", lambda: "mx.test.example")
    assert host_is_qualified()


def test_lines_that_cannot_be_sorted_are_told_of() -> None:
    programs = Programs(said(stderr="sort: write failed: No space left on device\n", returncode=2))
    with pytest.raises(MapError, match=r"^sort failed on access\.lines: .*No space left"):
        builder(programs).sort(Path("/mail/access.lines"), Path("/mail/access.sorted"))


def test_a_last_line_without_its_end_is_tallied_too() -> None:
    reader, whole = Reader(), Reader()
    for block in (b"a\tb\nc", b"\td"):
        reader(block)
    whole(b"a\tb\nc\td\n")
    assert reader.end() == whole.end()
    assert reader.found.count == 2
