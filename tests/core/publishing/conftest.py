"""A mail directory of one's own, where sendmail would agree to work too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tables.sendmail.maildir import MailDir
from tests.places import place


@pytest.fixture
def directory() -> Iterator[Path]:
    with place() as found:
        yield found


@pytest.fixture
def mail(directory: Path) -> MailDir:
    """The directory, with the publisher's corner in it."""
    (directory / "mail").mkdir()
    found = MailDir(directory / "mail")
    found.prepare()
    return found
