"""What `make run` checks and sets before it starts anything, and how its two processes end together."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy import linux, run


@pytest.mark.parametrize(
    ("bind", "expected"),
    [("127.0.0.1:8000", ("127.0.0.1", 8000)), ("[::1]:81", ("::1", 81)), (":8000", ("127.0.0.1", 8000))],
)
def test_an_address_is_read(bind, expected):
    assert run.address(bind) == expected


@pytest.mark.parametrize(
    "bind", ["8000", "localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:0", "127.0.0.1:70000"]
)
def test_an_address_that_makes_no_sense_is_refused_with_an_example(bind):
    with pytest.raises(run.CannotRunError, match=r"MAILADMIN_BIND is .* 127\.0\.0\.1:8000"):
        run.address(bind)


def test_a_taken_port_is_told_with_the_next_one():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(run.CannotRunError, match=f"127.0.0.1 port {port} .*MAILADMIN_BIND=127.0.0.1:{port + 1}"):
            run.refuse_a_taken_port("127.0.0.1", port)


def test_a_first_look_has_a_sendmail_cf_of_its_own():
    found = run.environment({"MAILADMIN_STATE_DIR": "/srv/state"})
    assert found["MAILADMIN_SENDMAIL_CF"] == "/srv/state/sendmail/sendmail.cf"


@pytest.mark.parametrize(
    "given", [{"MAILADMIN_MAIL_DIR": "/etc/mail"}, {"MAILADMIN_SENDMAIL_CF": "/etc/mail/sendmail.cf"}]
)
def test_what_the_operator_has_set_stays(given):
    found = run.environment(given)
    assert {name: found[name] for name in given} == given
    assert found.get("MAILADMIN_SENDMAIL_CF", "/etc/mail/sendmail.cf") == "/etc/mail/sendmail.cf"


@pytest.mark.parametrize(
    ("given", "leads"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"MAILADMIN_BIND": "[::1]:81"}, "http://[::1]:81"),
        ({"MAILADMIN_BASE_URL": "https://panel.example.org"}, "https://panel.example.org"),
        ({"MAILADMIN_HTTPS": "yes"}, None),
    ],
)
def test_links_in_letters_lead_to_where_it_listens(given, leads):
    assert run.environment(given).get("MAILADMIN_BASE_URL") == leads


@pytest.fixture
def pair():
    pair = run.Pair()
    yield pair
    pair.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_when_one_ends_the_whole_ends_with_an_error(pair, capsys):
    pair.start("web server", "-c", "import time; time.sleep(60)")
    pair.start("publisher", "-c", "raise SystemExit(3)")
    assert run.watch(pair, "127.0.0.1", free_port()) == 1
    pair.stop()
    assert "the publisher ended with status 3" in capsys.readouterr().err
    assert all(process.returncode is not None for process in pair.running.values())


def test_the_address_is_said_once_the_port_answers(pair, capsys):
    port = free_port()
    pair.start("web server", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    pair.start("publisher", "-c", "import time; time.sleep(2)")
    run.watch(pair, "127.0.0.1", port)
    assert capsys.readouterr().out.startswith(f"mailadmin is at http://127.0.0.1:{port}/")


def test_a_signal_ends_it_without_an_error(pair):
    pair.start("web server", "-c", "import time; time.sleep(60)")
    pair.ask_to_stop(signal.SIGTERM, None)
    assert run.watch(pair, "127.0.0.1", free_port()) == 0


def test_a_child_ends_with_a_killed_parent():
    parent = (
        "import signal, subprocess, sys, time\n"
        "from deploy import linux\n"
        "ask = linux.die_with_parent(signal.SIGTERM)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], preexec_fn=ask)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=run.BASE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.kill()
    assert gone(child)


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # ended; whoever adopted it has not looked yet
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (("mx", ["mx.example.org"], []), "mx.example.org"),
        (("mx.example.org", ["mx"], []), "mx.example.org"),
        (("mx", [], []), "mx"),
    ],
)
def test_the_host_name_is_the_qualified_one_where_there_is_one(monkeypatch, found, name):
    monkeypatch.setattr(linux.socket, "gethostname", lambda: "mx")
    monkeypatch.setattr(linux.socket, "gethostbyname_ex", lambda asked: found)
    assert linux.host_name() == name


def test_a_name_without_a_domain_gets_one_that_only_this_process_sees():
    program = (
        "import socket\n"
        "from deploy import linux\n"
        "linux.host_name = lambda: 'mx'\n"
        "print(linux.qualify_host_name(), socket.gethostname())\n"
    )
    before = socket.gethostname()
    done = subprocess.run([sys.executable, "-c", program], cwd=run.BASE, capture_output=True, text=True, check=True)
    # A kernel that allows neither kind of namespace leaves the name alone, and qualify_host_name() says so.
    assert done.stdout.split() in (["True", "mx.localdomain"], ["False", before])
    assert socket.gethostname() == before
