"""The publisher's word on its host: told when it starts, when sendmail.cf changed, and now and then in any case."""

from __future__ import annotations

import logging
import time

from django.conf import settings

from tables import publishing
from tables.models import Host
from tables.publishing.site import here
from tables.sendmail import commands
from tables.sendmail.files import identity

logger = logging.getLogger("mailadmin.publisher")

#: Seconds after which everything is looked at again: a package that was upgraded leaves no other trace.
AGAIN_SECONDS = 600


class Reporter:
    """Asks the programs only when there is a reason to."""

    def __init__(self, run: commands.Run = commands.run) -> None:
        self.run = run
        self.told: str | None = None
        self.not_before = 0.0

    def look(self, host: Host) -> None:
        seen = identity(settings.SENDMAIL_CF)
        if seen == self.told and time.monotonic() < self.not_before:
            return
        if publishing.report(host=host, site=here(self.run)):
            logger.info("Told the panel what runs on %s.", host)
        self.told = seen
        self.not_before = time.monotonic() + AGAIN_SECONDS
