"""plan, publish and publisher as scripts and operators call them."""

from __future__ import annotations

import json
import logging
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tables import publishing
from tables.management.commands import publisher
from tables.models import Host, Publication
from tables.sendmail.maildir import MailDir, locked
from tests.publisher.conftest import Load
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FILES = {"aliases": "postmaster: root\nsales: alice\n", "relay-domains": "one.example\n"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and this process keeps its host name."""
    monkeypatch.setattr("tables.management.commands.publish.POLL", 0.01)


def called(name: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output of a command."""
    out = StringIO()
    try:
        call_command(name, *arguments, stdout=out, no_color=True)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


# --- plan -------------------------------------------------------------------------------------------------------------


def test_a_plan_with_something_in_it_exits_2(mail_dir: Path, load: Load) -> None:
    load(FILES)
    status, said = called("plan")
    assert status == 2
    assert f"{mail_dir}/aliases: 2 created" in said
    assert "+sales: alice" in said
    assert "The map aliases.db will be built with 2 entries." in said
    assert "No signal is needed." in said


def test_an_empty_plan_exits_0(mail_dir: Path) -> None:
    assert called("plan") == (0, "Nothing to publish on mx.test.example: what is live is what the tables say.\n")


def test_a_plan_can_be_read_by_a_script(mail_dir: Path, load: Load) -> None:
    load(FILES)
    status, said = called("plan", "--json")
    assert status == 2
    assert [file["table"] for file in json.loads(said)["files"]] == ["aliases", "relay-domains"]


def test_an_unknown_host_is_answered_with_the_known_ones(mail_dir: Path) -> None:
    called("plan")
    status, said = called("plan", "--host", "mars")
    assert status == 1
    assert said.startswith("There is no host mars. Known hosts: mx.test.example.")


# --- publish ----------------------------------------------------------------------------------------------------------


def test_publishing_shows_each_step_and_makes_it_live(mail_dir: Path, load: Load) -> None:
    load(FILES)
    status, said = called("publish", "--reason", "first")
    assert status == 0
    steps = [line.split()[0] for line in said.splitlines()[1:-1]]
    assert steps == list(publishing.STEPS)
    assert said.endswith("Release 1 is live on mx.test.example.\n")
    assert (mail_dir / "aliases.db").exists()
    assert Publication.objects.get().release.reason == "first"


def test_a_failed_publication_exits_1_and_says_why(mail_dir: Path, load: Load) -> None:
    load(FILES)
    called("publish")
    (mail_dir / "aliases").write_text("sales: mallory\n")
    status, said = called("publish")
    assert status == 1
    assert "Release 1 failed on mx.test.example: " in said
    assert "was changed by hand since the last publication." in said
    assert called("publish", "--override")[0] == 0


def test_a_publication_can_be_read_by_a_script(mail_dir: Path, load: Load) -> None:
    load(FILES)
    status, said = called("publish", "--json")
    found = json.loads(said)
    assert (status, found["state"], found["release"]) == (0, "succeeded", 1)
    assert found["files"][0]["table"] == "aliases"


def test_it_waits_for_the_publisher_that_is_at_work(mail_dir: Path, load: Load, settings: Any) -> None:
    load(FILES)
    settings.COMMAND_SECONDS = 0.1
    directory = MailDir(mail_dir)
    directory.prepare()
    with locked(directory):
        status, said = called("publish")
    assert status == 1
    assert "Release 1 is still queued on mx.test.example. See whether the publisher runs there" in said
    assert called("publisher", "--once")[0] == 0
    assert Publication.objects.get().state == Publication.State.SUCCEEDED


def test_another_hosts_publication_is_left_to_its_publisher(mail_dir: Path, load: Load, settings: Any) -> None:
    load(FILES)
    publishing.register_host()
    settings.HOST_NAME = "web.test.example"
    settings.COMMAND_SECONDS = 0.1
    status, said = called("publish", "--host", "mx.test.example")
    assert (status, "is still queued on mx.test.example" in said) == (1, True)
    assert called("publish")[1].startswith("There is no host web.test.example. Known hosts: mx.test.example.")


# --- publisher --------------------------------------------------------------------------------------------------------


def test_once_carries_out_what_waits_and_ends(mail_dir: Path, load: Load) -> None:
    load(FILES)
    assert called("publisher", "--once") == (0, "Nothing to publish on mx.test.example.\n")
    called_out = Host.objects.get()
    assert called_out.seen_at
    save(None, "aliases", "info", "root")
    _queue()
    status, said = called("publisher", "--once")
    assert status == 0
    assert "record" in said
    assert "info: root" in (mail_dir / "aliases").read_text()


def test_once_exits_1_when_the_publication_failed(mail_dir: Path, load: Load) -> None:
    load(FILES)
    called("publisher", "--once")
    (mail_dir / "aliases").write_text("sales: mallory\n")
    _queue()
    status, said = called("publisher", "--once")
    assert (status, "says something else" in said) == (1, True)


def _queue() -> None:
    from tables import releases
    from tables.actors import Actor
    from tables.entries import get_cluster

    releases.cut(cluster=get_cluster(), actor=Actor.command())


def test_the_publisher_survives_a_database_that_is_away(
    mail_dir: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.POLL_SECONDS = 0.01
    caplog.set_level(logging.INFO, logger="mailadmin.publisher")
    loop = publisher.Loop("")
    looks: list[int] = []

    def look(_report: Any = None) -> None:
        looks.append(1)
        if len(looks) == 3:
            loop.stop(0, None)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(loop, "look", look)
    monkeypatch.setattr(publisher.connection, "close", lambda: None)
    loop.run()
    assert len(looks) == 3
    assert "The database does not answer: server closed the connection" in caplog.text


def test_the_publisher_waits_longer_the_longer_something_is_wrong(
    mail_dir: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.POLL_SECONDS = 1
    loop = publisher.Loop("")
    waits: list[float] = []

    class Clock(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            if len(waits) == 9:
                loop.stop(15, None)
            return self.is_set()

    loop.woken = Clock()
    monkeypatch.setattr(loop.ear, "start", lambda: None)
    answers = iter([False] * 8 + [True])
    monkeypatch.setattr(loop, "_looked", lambda: next(answers))
    loop.run()
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 1]


def test_a_publisher_that_is_asked_to_end_leaves_what_it_has_not_begun(mail_dir: Path, load: Load) -> None:
    load(FILES)
    publishing.register_host()
    _queue()
    loop = publisher.Loop("")
    loop.stop(15, None)
    with pytest.raises(publishing.Stopping):
        loop.look()
    assert Publication.objects.get().state == Publication.State.QUEUED


def test_an_error_that_nobody_foresaw_is_logged_and_not_repeated_for_ever(
    mail_dir: Path, load: Load, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    load(FILES)
    publishing.register_host()
    _queue()

    def broken(*_arguments: Any) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr("tables.publishing.converging.build", broken)
    loop = publisher.Loop("")
    monkeypatch.setattr(loop, "check", lambda: None)
    assert [loop._looked() for _ in range(4)] == [False, False, True, True]
    publication = Publication.objects.get()
    assert publication.state == Publication.State.FAILED
    assert "It happened 2 times. See its log, then publish again." in publication.error
    assert "The publisher met an error that it does not know." in caplog.text


@pytest.mark.parametrize("command", ["plan", "publish", "publisher"])
def test_help_says_what_the_exit_status_means(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "--host HOST" in said
    assert "exit status" in said.lower()
