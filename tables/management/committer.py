"""The publisher's commits: a child makes them at the lowest priority, for which no publication waits."""

from __future__ import annotations

import sys
import time

from django.conf import settings

from tables.commits import committing
from tables.management.children import Minder, Spawn, spawn
from tables.models import Host

#: Seconds between two looks.
LOOK_SECONDS = 5


class Committer(Minder):
    """Starts a child when something went live that it did not commit yet, and once when the publisher starts."""

    def __init__(self, start: Spawn = spawn) -> None:
        super().__init__(start)
        #: The last publication that is in the repository, and the one that the child at work was started for.
        self.done = self.wanted = 0

    def look(self, host: Host | None) -> None:
        if host is None or settings.GIT_REPOSITORY is None:
            return
        if time.monotonic() < self.not_before or self._busy():
            return
        self.not_before = time.monotonic() + LOOK_SECONDS
        self.wanted = committing.newest(host)
        if self.wanted != self.done:
            self.child = self.start([sys.executable, "manage.py", "git_export", "--quiet", f"--host={host.name}"])

    def _has_done_it(self, status: int) -> bool:
        if status == 0:
            self.done = self.wanted
        return status == 0
