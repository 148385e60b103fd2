"""A mail directory of one's own, with no sendmail that reads it, and short ways to publish into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tables import importing, publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Host, Publication
from tables.sendmail import commands
from tests import databases
from tests.places import place

Publish = Callable[..., Publication]
Load = Callable[[dict[str, str]], None]

#: What lies in the directory and what the programs say is the same on each database.
ON_ONE_DATABASE = {
    "test_commands",
    "test_git_troubles",
    "test_mailcf",
    "test_layouts",
    "test_obstacles",
    "test_plan",
    "test_postman",
    "test_report",
    "test_rollback",
    "test_rollback_killed",
    "test_safety",
    "test_told",
    "test_untouched",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    databases.rest(items, folder="publisher", files=ON_ONE_DATABASE)


@pytest.fixture
def mail_dir(settings: Any, own_directories: None) -> Iterator[Path]:
    with place() as directory:
        settings.MAIL_DIR = directory / "mail"
        settings.MAIL_DIR.mkdir()
        settings.SENDMAIL_CF = directory / "none.cf"
        settings.SENDMAIL_DAEMON = "auto"
        settings.HOST_NAME = "mx.test.example"
        yield settings.MAIL_DIR


@pytest.fixture
def host(db: None, mail_dir: Path) -> Host:
    return publishing.register_host()


@pytest.fixture
def publish(host: Host) -> Publish:
    """Cut a release and carry it out; the publication is returned, whatever became of it."""

    def publish(*, run: commands.Run = commands.run, override: bool = False, **more: Any) -> Publication:
        releases.cut(cluster=get_cluster(), actor=Actor.command(), override=override)
        publication = publishing.converge(host=Host.objects.get(pk=host.pk), run=run, **more)
        assert publication is not None
        publication.refresh_from_db()
        return publication

    return publish


@pytest.fixture
def load(db: None, tmp_path: Path) -> Load:
    """Take flat files over as the baseline."""

    def load(files: dict[str, str]) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        importing.baseline(cluster=get_cluster(), actor=Actor.command(), files=importing.find_files(tmp_path))

    return load


def message(publication: Publication, name: str) -> str:
    """What a step said."""
    return str(next(step["message"] for step in reversed(publication.steps) if step["step"] == name))


def output(publication: Publication, name: str) -> str:
    return str(next(step["output"] for step in reversed(publication.steps) if step["step"] == name))
