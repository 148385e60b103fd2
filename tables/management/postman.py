"""The publisher's letters: a child sends them, for which no publication waits."""

from __future__ import annotations

import sys
import time

from django.utils import timezone

from tables.letters import digests, outbox
from tables.management.children import Minder

#: Seconds between two looks.
LOOK_SECONDS = 5


class Postman(Minder):
    """Starts a sender when a letter or a digest is due. A letter that one held when it was ended is sent by the next,
    once its claim has ended."""

    def look(self) -> None:
        if time.monotonic() < self.not_before or self._busy():
            return
        self.not_before = time.monotonic() + LOOK_SECONDS
        if outbox.due() or digests.due(timezone.now()):
            self.child = self.start([sys.executable, "manage.py", "send_letters", "--quiet"])
