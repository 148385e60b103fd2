"""This machine as a publisher finds it: its directory, its sendmail.cf, its programs and its daemon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tables.sendmail.commands import Run
from tables.sendmail.daemon import Daemon, NotAlive
from tables.sendmail.mailcf import CfUnreadable, MailCf, read
from tables.sendmail.maildir import MailDir
from tables.sendmail.maps import Builder
from tables.sendmail.spec import TableSpec
from tables.sendmail.whereabouts import USUAL_TYPE, everywhere

DEFAULT_PID_FILE = Path("/run/sendmail/mta/sendmail.pid")


@dataclass(frozen=True, slots=True)
class Site:
    directory: MailDir
    cf: MailCf
    builder: Builder
    run: Run
    timeout: float

    @property
    def uses_directory(self) -> bool:
        """Whether sendmail reads what is published here; a directory of a first look it does not."""
        return self.cf.uses_directory(self.directory.path)

    def builder_of(self, table: TableSpec) -> Builder:
        """What builds the map of this table as its line of sendmail.cf wants it."""
        place = self.directory.place(table)
        return replace(self.builder, map_type=place.map_type or self.builder.map_type, null=place.null)

    def daemon(self) -> Daemon | None:
        """The daemon to tell and to prove, or none. Raises :class:`NotAlive` when the settings ask for one."""
        wanted = settings.SENDMAIL_DAEMON
        if wanted not in {"yes", "no", "auto"}:
            raise ImproperlyConfigured(f"MAILADMIN_SENDMAIL_DAEMON is {wanted!r}. Set it to yes, no or auto.")
        if wanted == "no":
            return None
        daemon = Daemon(self.pid_file, self.cf.listener)
        if daemon.pid() is not None:
            return daemon if wanted == "yes" or self.uses_directory else None
        if wanted == "yes":
            raise NotAlive(
                f"{self.pid_file} names no living sendmail, and MAILADMIN_SENDMAIL_DAEMON is yes. "
                "Start sendmail, or set it to auto."
            )
        return None

    @property
    def pid_file(self) -> Path:
        if settings.SENDMAIL_PID_FILE:
            return Path(settings.SENDMAIL_PID_FILE)
        if self.cf.pid_file:
            return self.cf.pid_file
        # A comment of m4's says what its OSTYPE supposes, which need not be what this sendmail was compiled with.
        supposed = [path for path in (self.cf.usual_pid_file, DEFAULT_PID_FILE) if path]
        return next((path for path in supposed if path.exists()), supposed[-1])


def here(run: Run) -> Site:
    """What the settings say. A sendmail.cf that is not there is one that uses nothing of ours."""
    try:
        cf = read(settings.SENDMAIL_CF)
    except CfUnreadable:
        if settings.SENDMAIL_DAEMON == "yes":
            raise
        cf = MailCf(settings.SENDMAIL_CF)
    places = everywhere(settings.MAIL_DIR, cf, map_type=settings.MAP_TYPE, overrides=settings.FILES)
    return Site(
        directory=MailDir(settings.MAIL_DIR, places),
        cf=cf,
        builder=Builder(run, settings.MAP_TYPE or USUAL_TYPE, settings.SENDMAIL_CF, settings.COMMAND_SECONDS),
        run=run,
        timeout=settings.COMMAND_SECONDS,
    )
