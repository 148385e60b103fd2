"""Work that the publisher has done by a child of its own, for which no publication waits."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.conf import settings

from deploy import linux

#: Seconds that a child has to put its work down when the publisher ends.
END_SECONDS = 5
LOWEST_PRIORITY = 19
#: Seconds after a child that came to nothing good.
FAILED_SECONDS = 60

Spawn = Callable[[Sequence[str]], "subprocess.Popen[bytes]"]


def spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """The child ends with this process, however this one ends, and takes only what nobody else wants of the machine."""
    ends_with_us = linux.die_with_parent(signal.SIGTERM)
    child = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=ends_with_us,  # noqa: PLW1509 (no threads)
    )
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, LOWEST_PRIORITY)
    return child


class Minder:
    """Has one child at a time, and sees it off."""

    def __init__(self, start: Spawn = spawn) -> None:
        self.start = start
        self.child: subprocess.Popen[bytes] | None = None
        self.not_before = 0.0

    def _busy(self) -> bool:
        """Whether the child is at work, or has just come to nothing good, after which there is a longer pause."""
        if self.child is None:
            return False
        status = self.child.poll()
        if status is None:
            return True
        self.child = None
        if self._has_done_it(status):
            return False
        self.not_before = time.monotonic() + FAILED_SECONDS
        return True

    def _has_done_it(self, status: int) -> bool:
        """Whether the child that ended with this status did what it was started for."""
        return status == 0

    def stop(self) -> None:
        """End the child, which gives back what it holds or lets it lapse, and do not leave it behind."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None
