"""What the publishing commands share: which host is meant, and how its steps are shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from deploy import linux
from tables import publishing
from tables.models import Host, Publication

#: Marks in front of a step, by its state.
MARKS = {"succeeded": "ok", "failed": "FAILED", "skipped": "-", "interrupted": "stopped", "rolled back": "rolled back"}


def add_host_argument(parser: CommandParser) -> None:
    parser.add_argument(
        "--host", metavar="HOST", default="", help=f"the mail host; this machine ({settings.HOST_NAME}) if not given"
    )


def host_from(name: str) -> Host:
    """The named host. This machine is registered when it is meant, or when there is no mail host at all."""
    known = list(Host.objects.values_list("name", flat=True))
    wanted = name or settings.HOST_NAME
    if wanted == settings.HOST_NAME and (name or not known or wanted in known):
        return publishing.register_host()
    try:
        return Host.objects.select_related("cluster").get(name=wanted)
    except Host.DoesNotExist as error:
        raise CommandError(
            f"There is no host {wanted}. Known hosts: {', '.join(known) or 'none yet'}. Name one with --host, "
            "or start the publisher on the new one: it registers itself."
        ) from error


def qualify_host_name() -> None:
    """Spare sendmail its minute of sleep where this machine's name has no domain, if that can be helped."""
    with suppress(OSError):
        linux.qualify_host_name()


class StepPrinter:
    """Writes each step of a publication once, when it has ended."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self.write = write
        self.shown = 0

    def __call__(self, publication: Publication) -> None:
        for step in publication.steps[self.shown :]:
            if step["seconds"] is None and step["state"] == "running":
                return
            self.write(line_of(step))
            self.shown += 1


def line_of(step: dict[str, Any]) -> str:
    """``build      ok      0.21 s  Wrote access.``"""
    seconds = "" if step["seconds"] is None else f"{step['seconds']:.2f} s"
    mark = MARKS.get(step["state"], step["state"])
    return f"{step['step']:<8} {mark:<11} {seconds:>8}  {step['message']}".rstrip()
