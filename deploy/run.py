"""Runs the panel and its publisher together until one of them ends or somebody ends both.

    .venv/bin/python -m deploy.run

State is under ``var/`` (or MAILADMIN_STATE_DIR). The first run fills the tables and prints the administrator's
password; a later one finds everything as it was.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from deploy import install, linux, sendmail_cf

BASE = Path(__file__).resolve().parent.parent
BIND = "127.0.0.1:8000"
START_SECONDS = 30
STOP_SECONDS = 30


class CannotRunError(Exception):
    """What is wrong and what to do, in one line."""


# --- before anything is started -------------------------------------------------------------------------------------


def address(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not (colon and port.isdigit() and 0 < int(port) < 65536):
        raise CannotRunError(f"MAILADMIN_BIND is {bind!r}: set it to ADDRESS:PORT, for instance 127.0.0.1:8000.")
    return host.strip("[]") or "127.0.0.1", int(port)


def site(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def refuse_a_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRunError(
                f"Cannot listen on {host} port {port} ({error.strerror}): end what listens there, "
                f"or choose another with MAILADMIN_BIND=127.0.0.1:{port + 1 if port < 65535 else 8000}."
            ) from error


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The settings of a first look: what the operator has set stays as it is."""
    state = Path(given.get("MAILADMIN_STATE_DIR") or BASE / "var").absolute()
    ours = {"DJANGO_SETTINGS_MODULE": "mailadmin.settings", "PYTHONUNBUFFERED": "1", **given}
    ours.setdefault("MAILADMIN_HOST", socket.gethostname())  # before the name is qualified: it must stay the same
    if not (given.get("MAILADMIN_BASE_URL") or given.get("MAILADMIN_HTTPS")):
        host, port = address(given.get("MAILADMIN_BIND") or BIND)
        ours["MAILADMIN_BASE_URL"] = site(host, port)
    if not (given.get("MAILADMIN_MAIL_DIR") or given.get("MAILADMIN_SENDMAIL_CF")):
        ours["MAILADMIN_SENDMAIL_CF"] = str(state / "sendmail/sendmail.cf")
    return ours


def prepare(own_cf: bool) -> None:
    """Database, first content, static files, and the sendmail.cf that goes with a mail directory of our own."""
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
    if own_cf:
        sendmail_cf.build(settings.SENDMAIL_CF, mail_dir=settings.MAIL_DIR, map_type=settings.MAP_TYPE or "hash")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("first_run", sample=(BASE / install.FRESH_MAIL_DIR).exists())
    connections.close_all()


# --- the two processes ----------------------------------------------------------------------------------------------


class Pair:
    """The web server and the publisher: they live and end together."""

    def __init__(self) -> None:
        self.stopping = False
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        ends_with_us = linux.die_with_parent(signal.SIGTERM)
        command = [sys.executable, *arguments]
        self.running[name] = subprocess.Popen(command, cwd=BASE, preexec_fn=ends_with_us)  # noqa: PLW1509 (no threads)

    def ask_to_stop(self, _signum: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def ended(self) -> tuple[str, int] | None:
        """Name and exit status of one that has ended."""
        statuses = ((name, process.poll()) for name, process in self.running.items())
        return next(((name, status) for name, status in statuses if status is not None), None)

    def stop(self) -> None:
        """Both get SIGTERM; who is still there after STOP_SECONDS is killed (a publication then resumes next time)."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def watch(pair: Pair, host: str, port: int) -> int:
    """Says the URL once the port answers; returns the exit status when the pair has to end."""
    told = False
    started = time.monotonic()
    while not pair.stopping:
        if ended := pair.ended():
            name, status = ended
            print(f"mailadmin: the {name} ended with status {status}; stopping the rest.", file=sys.stderr)
            return 1
        if not told and answers(host, port):
            told = True
            print(f"mailadmin is at {site(host, port)}/ (Ctrl-C ends it).", flush=True)
        if not told and time.monotonic() - started > START_SECONDS:
            print(f"mailadmin: nothing answers on port {port} after {START_SECONDS} seconds.", file=sys.stderr)
            return 1
        time.sleep(0.1 if not told else 0.5)
    return 0


def serve(host: str, port: int, bind: str) -> int:
    pair = Pair()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, pair.ask_to_stop)
    try:
        pair.start("web server", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", bind, "mailadmin.wsgi")
        pair.start("publisher", "manage.py", "publisher")
        return watch(pair, host, port)
    finally:
        pair.stop()


def main() -> int:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import DatabaseError

    bind = os.environ.get("MAILADMIN_BIND") or BIND
    try:
        host, port = address(bind)
        refuse_a_taken_port(host, port)
        own_cf = not (os.environ.get("MAILADMIN_MAIL_DIR") or os.environ.get("MAILADMIN_SENDMAIL_CF"))
        os.environ.update(environment(os.environ))
        if not linux.qualify_host_name():
            print(linux.UNQUALIFIED, flush=True)
        prepare(own_cf)
        return serve(host, port, bind)
    except (CannotRunError, sendmail_cf.CannotBuildError, CommandError, ImproperlyConfigured) as error:
        print(f"mailadmin: {error}", file=sys.stderr)
    except DatabaseError as error:
        told = " ".join(str(error).split())
        print(f"mailadmin: The database refuses: {told}. Check MAILADMIN_DATABASE_URL.", file=sys.stderr)
    except OSError as error:
        print(
            f"mailadmin: {error.filename or 'The start'}: {error.strerror}. Mend that, then try again.", file=sys.stderr
        )
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
