"""Programs are run one way: streamed, bounded in time and in what is kept of their output."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail.commands import KEPT, CommandTimeout, MissingProgram, find_program, run


def test_input_and_output_pass_through() -> None:
    result = run(["sort"], stdin=[b"b\n", b"a\n"], timeout=10)
    assert (result.returncode, result.stdout, result.stderr) == (0, "a\nb\n", "")
    assert result.output.startswith("$ sort\na\nb\n[exit status 0, ")


def test_much_input_meets_much_output_without_a_standstill() -> None:
    lines = (b"x" * 99 + b"\n" for _ in range(50_000))
    result = run(["sh", "-c", "tee /dev/stderr"], stdin=lines, timeout=30)
    assert result.returncode == 0
    assert result.stdout.endswith(f"… {5_000_000 - KEPT} more bytes\n")
    assert len(result.stderr) < KEPT + 100


def test_output_can_go_into_a_file_whole(tmp_path: Path) -> None:
    result = run(["sort"], stdin=[b"x\n" * 100_000], stdout=tmp_path / "out", timeout=30)
    assert result.stdout == ""
    assert (tmp_path / "out").stat().st_size == 200_000


def test_a_program_that_reads_nothing_is_no_error_of_ours() -> None:
    assert run(["false"], stdin=[b"x" * 1_000_000], timeout=10).returncode == 1


def test_a_program_that_hangs_is_ended_with_its_children() -> None:
    started = time.monotonic()
    with pytest.raises(CommandTimeout, match=r"was ended because it ran longer than 0\.2 seconds\. See what it waits"):
        run(["sh", "-c", "sleep 60 & wait"], timeout=0.2)
    assert time.monotonic() - started < 10


def test_no_clock_ticks_on_for_a_program_that_has_ended() -> None:
    """It would end whatever has the number by then."""
    before = set(threading.enumerate())
    run(["true"], timeout=60)
    clocks = set(threading.enumerate()) - before
    for clock in clocks:
        clock.join(5)
    assert not any(clock.is_alive() for clock in clocks)


def test_a_feeder_that_fails_leaves_no_program_behind(tmp_path: Path) -> None:
    def feed() -> Iterator[bytes]:
        yield b"first\n"
        raise LookupError("the database went away")

    with pytest.raises(LookupError):
        run(["sh", "-c", f"echo $$ > {tmp_path}/pid; exec cat"], stdin=feed(), timeout=10)
    pid = tmp_path / "pid"
    number = pid.read_text().strip() if pid.exists() else ""  # it may have been ended before it wrote that
    assert not (number and Path(f"/proc/{number}").exists())


def test_a_broken_pipe_of_the_feeder_is_not_taken_for_one_of_the_program(tmp_path: Path) -> None:
    """Else the program would build a map of the half that it got, and nobody would know."""

    def feed() -> Iterator[bytes]:
        yield b"first\n"
        raise BrokenPipeError("the database went away")

    with pytest.raises(BrokenPipeError, match="the database went away"):
        run(["cat"], stdin=feed(), stdout=tmp_path / "out", timeout=10)


def test_a_program_that_ends_before_it_is_fed_ends_the_feeding() -> None:
    fed: list[int] = []

    def feed() -> Iterator[bytes]:
        for number in range(10_000):
            fed.append(number)
            yield b"x" * 65_536

    assert run(["false"], stdin=feed(), timeout=30).returncode == 1
    assert len(fed) < 10_000


def test_a_program_that_cannot_write_its_output_says_so_itself() -> None:
    result = run(["cat"], stdin=[b"much"], stdout=Path("/dev/full"), timeout=10)
    assert result.returncode
    assert "No space left on device" in result.stderr


def test_a_place_that_cannot_be_written_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere/out"):
        run(["touch", str(tmp_path / "ran")], stdout=tmp_path / "nowhere/out", timeout=10)
    assert not (tmp_path / "ran").exists()


def test_output_that_is_no_text_can_be_shown() -> None:
    result = run(["printf", r"\377k\303\244se"], timeout=10)
    assert result.stdout == r"\xffkäse"
    assert result.output.startswith("$ printf '\\377k\\303\\244se'\n\\xffkäse\n[exit status 0, ")


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(MissingProgram, match="The program made-up-name is not on this host"):
        run(["made-up-name"], timeout=1)
    assert str(MissingProgram("/usr/sbin/makemap")) == (
        "The program /usr/sbin/makemap is not on this host. Install the Debian package sendmail-bin."
    )
    assert str(MissingProgram("made-up")).endswith("Install it, or correct the PATH.")


def test_programs_of_root_are_found_without_roots_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert Path(find_program("makemap")).parent in {Path("/usr/sbin"), Path("/sbin")}


def test_messages_come_in_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert os.environ["LC_ALL"] == "de_DE.UTF-8"
    assert run(["sh", "-c", "echo $LC_ALL"], timeout=10).stdout == "C\n"
