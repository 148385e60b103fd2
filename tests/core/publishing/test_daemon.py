"""Whether sendmail lives, is told, and proves the new state, and what is said when it does not."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail import daemon as module
from tables.sendmail.daemon import (
    Daemon,
    Mark,
    NotAlive,
    Probe,
    WrongAnswer,
    answered,
    askable,
    greeting,
    is_sendmail,
    look_up,
)
from tables.sendmail.mailcf import Listener
from tests.core.publishing.standin import Programs, listening, process, said

GREETING = b"220 mx.test.example ESMTP Sendmail\r\n"


@pytest.fixture
def pid_file(directory: Path) -> Path:
    return directory / "sendmail.pid"


@pytest.fixture
def living(directory: Path, pid_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process called sendmail-test, named in the pid file as sendmail does it: its number, then how it was called."""
    with process(directory) as started:
        pid_file.write_text(f"{started.pid}\n/usr/sbin/sendmail -bd\n")
        yield started


def nobody_listens() -> Listener:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return Listener("127.0.0.1", server.getsockname()[1])


# --- the process ------------------------------------------------------------------------------------------------------


def test_the_pid_file_names_a_living_sendmail(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    assert Daemon(pid_file, Listener()).pid() == living.pid


@pytest.mark.parametrize("text", [b"", b"none\n", b"\xff\xfe\n", b"-1\n", b"0\n"])
def test_a_pid_file_that_names_nobody_names_nobody(pid_file: Path, text: bytes) -> None:
    pid_file.write_bytes(text)
    assert Daemon(pid_file, Listener()).pid() is None


def test_without_a_pid_file_there_is_no_daemon(pid_file: Path) -> None:
    assert Daemon(pid_file, Listener()).pid() is None
    assert Daemon(pid_file, Listener()).mark() is None


def test_a_number_that_another_program_has_now_is_not_sendmail(pid_file: Path) -> None:
    pid_file.write_text(f"{os.getpid()}\n")
    assert Daemon(pid_file, Listener()).pid() is None


def test_a_process_whose_name_is_no_text_is_not_sendmail(directory: Path) -> None:
    with process(directory, b"odd\xff\xfe") as started:
        assert not is_sendmail(started.pid)


def test_a_name_with_brackets_is_read_whole(directory: Path) -> None:
    with process(directory, "sendmail) Z (") as started:
        assert is_sendmail(started.pid)


def test_a_sendmail_that_has_died_and_was_not_buried_is_not_alive(living: subprocess.Popen[bytes]) -> None:
    living.kill()
    os.waitid(os.P_PID, living.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{living.pid}").exists()
    assert not is_sendmail(living.pid)


def test_a_pid_file_that_goes_while_it_is_looked_at_is_no_error(
    living: subprocess.Popen[bytes], pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that starts anew removes it for a moment."""

    def gone(_pid: int) -> bool:
        pid_file.unlink()
        return True

    monkeypatch.setattr(module, "is_sendmail", gone)
    assert Daemon(pid_file, Listener()).mark() is None


# --- telling it -------------------------------------------------------------------------------------------------------


def test_sighup_goes_to_the_process_of_the_pid_file(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    mark = Daemon(pid_file, Listener()).hang_up()
    assert mark == Mark(living.pid, pid_file.stat().st_mtime_ns, pid_file.stat().st_ino)
    assert living.wait(10) == -signal.SIGHUP


def test_without_a_daemon_nobody_is_signalled(pid_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("somebody was signalled"))
    pid_file.write_text(f"{os.getpid()}\n")
    with pytest.raises(NotAlive) as problem:
        Daemon(pid_file, Listener()).hang_up()
    assert str(problem.value) == f"{pid_file} names no living sendmail. Start sendmail and publish again."


@pytest.mark.parametrize("error", [PermissionError(1, "Operation not permitted"), ProcessLookupError(3, "No such")])
def test_a_daemon_that_cannot_be_signalled_is_named_with_the_reason(
    living: subprocess.Popen[bytes], pid_file: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", refuse)
        with pytest.raises(NotAlive) as problem:
            Daemon(pid_file, Listener()).hang_up()
    assert str(problem.value) == (
        f"sendmail (process {living.pid}) was not told to start anew: {error.strerror}. "
        "Run the publisher as root, or start sendmail anew by hand and publish again."
    )


# --- the proof --------------------------------------------------------------------------------------------------------


def test_a_daemon_that_greets_is_proof(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    with listening(GREETING) as listener:
        assert Daemon(pid_file, listener).prove(since=None, seconds=5) == GREETING.decode().strip()


def test_it_is_asked_again_until_it_is_ready(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    with listening(b"", b"421 too busy\r\n", GREETING) as listener:
        assert Daemon(pid_file, listener).prove(since=None, seconds=5).startswith("220 ")


def test_the_pid_file_written_anew_tells_that_it_started_anew(
    living: subprocess.Popen[bytes], pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sendmail executes itself: the number stays the same."""
    with listening(GREETING) as listener:
        found = Daemon(pid_file, listener)
        mark = found.mark()
        naps: list[float] = []

        def start_anew(seconds: float) -> None:
            naps.append(seconds)
            os.utime(pid_file, ns=(1, 1))

        monkeypatch.setattr("tables.sendmail.daemon.time.sleep", start_anew)
        assert found.prove(since=mark, seconds=5).startswith("220 ")
    assert naps == [0.1]


def test_a_daemon_that_does_not_start_anew_is_no_proof(
    living: subprocess.Popen[bytes], pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one greets well, but has not read its class files."""
    monkeypatch.setattr(module, "PROOF_SECONDS", 0.2)
    with listening(GREETING) as listener, pytest.raises(NotAlive) as problem:
        Daemon(pid_file, listener).prove(since=Daemon(pid_file, listener).mark())
    assert str(problem.value) == (
        f"sendmail (process {living.pid}) did not start anew within 0.2 seconds. Its log says why."
    )


def test_a_daemon_that_does_not_come_back_is_not_running(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    found = Daemon(pid_file, nobody_listens())
    mark = found.hang_up()
    living.wait(10)
    with pytest.raises(NotAlive) as problem:
        found.prove(since=mark, seconds=0.2)
    assert str(problem.value) == (
        f"sendmail is not running: {pid_file} names no living process after 0.2 seconds. Its log says why."
    )


@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        (b"554 mx.test.example ESMTP not accepting messages\r\n", "554 mx.test.example ESMTP not accepting messages"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
        (b"", "nothing"),
    ],
)
def test_an_odd_greeting_is_told_with_place_and_time(
    living: subprocess.Popen[bytes], pid_file: Path, answer: bytes, quoted: str
) -> None:
    with listening(answer) as listener, pytest.raises(NotAlive) as problem:
        Daemon(pid_file, listener).prove(since=None, seconds=0.3)
    assert str(problem.value) == (
        f"sendmail did not greet on 127.0.0.1 port {listener.port} within 0.3 seconds; it answered {quoted}."
    )


def test_a_closed_port_is_told(living: subprocess.Popen[bytes], pid_file: Path) -> None:
    with pytest.raises(NotAlive, match=r"within 0\.2 seconds; it answered Connection refused\."):
        Daemon(pid_file, nobody_listens()).prove(since=None, seconds=0.2)


def test_a_daemon_that_says_nothing_is_waited_for_no_longer_than_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert greeting(Listener("127.0.0.1", server.getsockname()[1]), timeout=0.1) == "timed out"


def test_it_takes_its_leave_so_that_the_log_has_no_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(GREETING)
        monkeypatch.setattr(socket, "create_connection", lambda _address, timeout: ours)
        assert greeting(Listener(), timeout=5) == GREETING.decode().strip()
        assert theirs.recv(100) == b"QUIT\r\n"


class GoneAfterGreeting(socket.socket):
    def sendall(self, *_arguments: object) -> None:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def test_a_daemon_that_does_not_wait_for_our_farewell_has_greeted(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connection = GoneAfterGreeting(socket.AF_INET, socket.SOCK_STREAM)
        connection.connect(address)
        return connection

    with listening(GREETING) as listener:
        monkeypatch.setattr(socket, "create_connection", connect)
        assert greeting(listener, timeout=5) == GREETING.decode().strip()


def test_a_greeting_that_is_no_text_is_shown_all_the_same() -> None:
    with listening(b"\xff\xfe220\r\n") as listener:
        assert greeting(listener, timeout=5) == "\ufffd\ufffd220"


# --- what it finds ----------------------------------------------------------------------------------------------------

HEAD = "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n"
ANSWERS = HEAD + (
    "> map_lookup: access (from:a@bad.example) returns REJECT (0)\n> map_lookup: aliases (gone) no match (68)\n> \n"
)


def test_every_probe_is_asked_for_in_one_run(directory: Path) -> None:
    programs = Programs(said(ANSWERS))
    probes = [Probe("access", "from:a@bad.example", "REJECT"), Probe("aliases", "gone", None)]
    result = look_up(probes, cf=directory / "sendmail.cf", run=programs, timeout=5)
    assert result.stdout == ANSWERS
    assert programs.asked == [("sendmail", "-bt", "-C", str(directory / "sendmail.cf"))]
    assert programs.fed == [b"/map access from:a@bad.example\n/map aliases gone\n"]


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (
            Probe("access", "from:a@bad.example", "OK"),
            "sendmail finds 'REJECT' for from:a@bad.example in the map access instead of 'OK'.",
        ),
        (
            Probe("access", "from:a@bad.example", None),
            "sendmail finds 'REJECT' for from:a@bad.example in the map access instead of nothing.",
        ),
        (Probe("aliases", "gone", "root"), "sendmail finds nothing for gone in the map aliases instead of 'root'."),
    ],
)
def test_a_wrong_answer_is_told_with_what_was_meant(probe: Probe, message: str) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        look_up([probe], cf=Path("/etc/mail/sendmail.cf"), run=Programs(said(ANSWERS)), timeout=5)
    assert str(wrong.value) == message
    assert wrong.value.result.stdout == ANSWERS


def test_what_sendmail_answers_at_all_is_told_whatever_it_answers() -> None:
    found = Probe("access", "from:a@bad.example", "OK")
    silent = Probe("mailertable", "here.example", None)
    cf = Path("/etc/mail/sendmail.cf")
    assert answered([found, silent], cf=cf, run=Programs(said(ANSWERS)), timeout=5) == [found]
    assert answered([], cf=cf, run=Programs(), timeout=5) == []


LOOK_UP = "map_lookup: access (from:a@bad.example)"
REFUSED = 'hash map "access": unsafe map file /mail/access.db: Group writable directory'
NO_CF = "/mail/sendmail.cf: line 0: cannot open: No such file or directory"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (f"{HEAD}> {REFUSED}\n{LOOK_UP} no match (75)\n>   71\n", REFUSED),
        (f"{HEAD}> {LOOK_UP} no match (75)\n", f"{LOOK_UP} no match (75)"),
        (f'{HEAD}> Map named "access" not found\n', 'Map named "access" not found'),
        (f"{NO_CF}\n", NO_CF),
        (f"{HEAD}> map_lookup: access (from:b@bad.example) returns REJECT (0)\n> \n", "it says nothing"),
        ("", "it says nothing"),
    ],
)
@pytest.mark.parametrize("value", ["REJECT", None])
def test_a_map_that_cannot_be_read_does_not_prove_that_an_entry_is_gone(
    answer: str, reason: str, value: str | None
) -> None:
    probe = Probe("access", "from:a@bad.example", value)
    with pytest.raises(WrongAnswer) as wrong:
        look_up([probe], cf=Path("/etc/mail/sendmail.cf"), run=Programs(said(answer)), timeout=5)
    assert str(wrong.value) == (
        f"sendmail cannot look up from:a@bad.example in the map access: {reason}. Mend that and publish again."
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("from:a@bad.example", "REJECT", True),
        ("gone", None, True),
        ("two words", "root", False),
        ("a;b", "root", False),
        ("käse", "root", False),
        ("info@here.example", "käse", False),
        ("@here.example", "%1@there.example", False),
        ("tab@here.example", "one\ttwo", False),
    ],
)
def test_only_what_test_mode_takes_and_gives_back_as_it_is_is_asked(
    key: str, value: str | None, expected: bool
) -> None:
    assert askable(key, value) is expected
