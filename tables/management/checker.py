"""The publisher's check of the tables: a child at the lowest priority, for which no publication waits."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.conf import settings
from django.utils import timezone

from deploy import linux
from tables import surveys
from tables.models import CheckRun, Cluster

logger = logging.getLogger("mailadmin.publisher")

#: Seconds after which a check that failed is tried again.
FAILED_SECONDS = 60
#: Seconds that a check has to give its turn back when the publisher ends.
END_SECONDS = 5
LOWEST_PRIORITY = 19

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


class Checker:
    """Starts a check when one is due, and sees it off."""

    def __init__(self, host: str, start: Spawn = spawn) -> None:
        self.host = host
        self.start = start
        self.child: subprocess.Popen[bytes] | None = None
        self.started_at = timezone.now()
        self.not_before = 0.0

    def look(self, cluster: Cluster) -> None:
        if self._is_busy(cluster) or time.monotonic() < self.not_before or not surveys.due(cluster=cluster):
            return
        self.started_at = timezone.now()
        command = [sys.executable, "manage.py", "check_tables", "--store"]
        self.child = self.start([*command, f"--host={self.host}", f"--cluster={cluster.name}"])

    def _is_busy(self, cluster: Cluster) -> bool:
        if self.child is None:
            return False
        status = self.child.poll()
        if status is None:
            return True
        self.child = None
        # Not by its exit status: 1 says that there are errors in the tables, or that something went wrong.
        if not CheckRun.objects.filter(cluster=cluster, finished_at__gte=self.started_at).exists():
            logger.warning("The check of the tables ended with status %s; again in %d s.", status, FAILED_SECONDS)
            self.not_before = time.monotonic() + FAILED_SECONDS
        return False

    def stop(self) -> None:
        """End the check, which gives its turn back, and do not leave it behind."""
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None
