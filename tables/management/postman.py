"""The publisher's letters: a child sends them, for which no publication waits."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from tables.letters import digests, outbox
from tables.management.checker import END_SECONDS, spawn

#: Seconds between two looks, and after a child that came to nothing good.
LOOK_SECONDS, FAILED_SECONDS = 5, 60

Spawn = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


class Postman:
    """Starts a sender when a letter or a digest is due, and sees it off."""

    def __init__(self, start: Spawn = spawn) -> None:
        self.start = start
        self.child: subprocess.Popen[bytes] | None = None
        self.not_before = 0.0

    def look(self) -> None:
        if time.monotonic() < self.not_before or self._is_busy():
            return
        self.not_before = time.monotonic() + LOOK_SECONDS
        if outbox.due() or digests.due(timezone.now()):
            self.child = self.start([sys.executable, "manage.py", "send_letters", "--quiet"])

    def _is_busy(self) -> bool:
        if self.child is None:
            return False
        status = self.child.poll()
        if status is None:
            return True
        self.child = None
        if status:
            self.not_before = time.monotonic() + FAILED_SECONDS
        return status != 0

    def stop(self) -> None:
        """End the sender; a letter that it holds is sent by the next one when the claim has ended."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None
