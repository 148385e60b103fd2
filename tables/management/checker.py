"""The publisher's check of the tables: a child at the lowest priority, for which no publication waits."""

from __future__ import annotations

import logging
import sys
import time

from django.utils import timezone

from tables import surveys
from tables.management.children import Minder, Spawn, spawn
from tables.models import CheckRun, Cluster

logger = logging.getLogger("mailadmin.publisher")

#: Seconds after which a check that failed is tried again.
FAILED_SECONDS = 60


class Checker(Minder):
    """Starts a check when one is due, and sees it off."""

    def __init__(self, host: str, start: Spawn = spawn) -> None:
        super().__init__(start)
        self.host = host
        self.started_at = timezone.now()
        self.cluster: Cluster | None = None

    def look(self, cluster: Cluster) -> None:
        if self._busy() or time.monotonic() < self.not_before or not surveys.due(cluster=cluster):
            return
        self.started_at, self.cluster = timezone.now(), cluster
        command = [sys.executable, "manage.py", "check_tables", "--store"]
        self.child = self.start([*command, f"--host={self.host}", f"--cluster={cluster.name}"])

    def _has_done_it(self, status: int) -> bool:
        # Not by its exit status: 1 says that there are errors in the tables, or that something went wrong.
        done = CheckRun.objects.filter(cluster=self.cluster, finished_at__gte=self.started_at).exists()
        if not done:
            logger.warning("The check of the tables ended with status %s; again in %d s.", status, FAILED_SECONDS)
        return done
