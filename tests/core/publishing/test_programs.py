"""Programs are run one way: streamed, bounded in time and in what is kept of their output."""

import os
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


def test_a_feeder_that_fails_leaves_no_program_behind(tmp_path: Path) -> None:
    def feed() -> Iterator[bytes]:
        yield b"first\n"
        raise LookupError("the database went away")

    with pytest.raises(LookupError):
        run(["sh", "-c", f"echo $$ > {tmp_path}/pid; exec cat"], stdin=feed(), timeout=10)
    pid = tmp_path / "pid"
    assert not pid.exists() or not Path(f"/proc/{pid.read_text().strip()}").exists()


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(MissingProgram, match="The program made-up-name is not on this host"):
        run(["made-up-name"], timeout=1)
    assert "package sendmail-bin" in str(MissingProgram("makemap"))


def test_programs_of_root_are_found_without_roots_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert Path(find_program("makemap")).parent in {Path("/usr/sbin"), Path("/sbin")}


def test_messages_come_in_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert os.environ["LC_ALL"] == "de_DE.UTF-8"
    assert run(["sh", "-c", "echo $LC_ALL"], timeout=10).stdout == "C\n"
