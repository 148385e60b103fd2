"""A mail host per test: its daemon runs, and the settings say that the publisher serves it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tables import publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Publication
from tables.sendmail import commands
from tests.integration.daemon import MailHost
from tests.places import place

Publish = Callable[..., Publication]


@pytest.fixture
def idle_host(settings: Any, own_directories: None) -> Iterator[MailHost]:
    """A mail host whose daemon has not been started."""
    with place() as directory:
        host = MailHost(directory)
        host.prepare()
        settings.MAIL_DIR = host.mail
        settings.SENDMAIL_CF = host.cf
        settings.HOST_NAME = "mx.test.example"
        settings.SENDMAIL_DAEMON = "auto"
        try:
            yield host
        finally:
            host.stop()


@pytest.fixture
def publish(db: None, idle_host: MailHost) -> Publish:
    """Cut a release and carry it out; the publication is returned, whatever became of it."""

    def publish(*, run: commands.Run = commands.run, override: bool = False) -> Publication:
        host = publishing.register_host()
        releases.cut(cluster=get_cluster(), actor=Actor.command(), override=override)
        publication = publishing.converge(host=host, run=run)
        assert publication is not None
        publication.refresh_from_db()
        return publication

    return publish


@pytest.fixture
def mail_host(idle_host: MailHost, publish: Publish, settings: Any) -> MailHost:
    """A mail host that runs with what was published from empty tables."""
    first = publish()
    assert first.state == Publication.State.SUCCEEDED, first.error
    idle_host.start()
    settings.SENDMAIL_DAEMON = "yes"
    return idle_host
