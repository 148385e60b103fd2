"""Making a release live on a host: what it would do, doing it, and finishing or undoing what was interrupted."""

from tables.publishing.converging import converge
from tables.publishing.errors import PublishError, Stopping
from tables.publishing.hosts import heartbeat, register_host
from tables.publishing.planning import make_plan
from tables.publishing.progress import STEPS, Report
from tables.publishing.reporting import report
from tables.sendmail.maildir import Locked

__all__ = [
    "STEPS",
    "Locked",
    "PublishError",
    "Report",
    "Stopping",
    "converge",
    "heartbeat",
    "make_plan",
    "register_host",
    "report",
]
