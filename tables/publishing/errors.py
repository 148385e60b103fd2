"""What can go wrong in a publication, in words for people."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from tables.sendmail.commands import CommandError
from tables.sendmail.daemon import NotAlive, WrongAnswer
from tables.sendmail.held import HeldUnreadable
from tables.sendmail.journal import JournalUnreadable
from tables.sendmail.mailcf import CfUnreadable
from tables.sendmail.maildir import DirectoryProblem
from tables.sendmail.maps import MapError
from tables.sendmail.plan import UnsafePlan
from tables.sendmail.secret import masked
from tables.sendmail.wayback import NoWayBack


class PublishError(Exception):
    """A publication that cannot go on. The message says why and what to do."""


class Stopping(Exception):
    """The publisher was asked to end before anything live was touched: the publication waits for the next one."""


#: All that ends a publication in an orderly way. Anything else interrupts it: see :mod:`tables.publishing.recovery`.
EXPECTED = (
    PublishError,
    CommandError,
    MapError,
    NotAlive,
    WrongAnswer,
    CfUnreadable,
    DirectoryProblem,
    JournalUnreadable,
    HeldUnreadable,
    NoWayBack,
    UnsafePlan,
    OSError,
)


def explain(error: BaseException, directory: Path) -> str:
    """One sentence on what is wrong, with the numbers, and what to do."""
    if not isinstance(error, OSError):
        return masked(str(error))
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(directory).free // 1024
        return f"The disk that holds {directory} is full: {free} KiB are free. Make room and publish again."
    where = error.filename or directory
    return f"{where}: {error.strerror or error}. Mend that and publish again."


def output_of(error: BaseException) -> str:
    """What the program said that failed."""
    result = getattr(error, "result", None)
    return result.output if result else ""
