"""Words, signs and forms of things that several pages show."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from tables.rules import meaning
from tables.sendmail.text import written_out

register = template.Library()

STEPS = {
    "lock": "nobody else publishes meanwhile",
    "read": "compare the files with what was last written",
    "plan": "find what changes, and whether it is safe",
    "build": "write the files and build the maps aside",
    "verify": "read the maps back and compare every entry",
    "swap": "put the new files and maps in place",
    "signal": "have sendmail read its class files again",
    "prove": "see that sendmail lives and answers from the new state",
    "record": "note what was written",
}

STEP_ICONS = {
    "succeeded": "check-circle",
    "done": "check-circle",
    "ok": "check-circle",
    "running": "arrow-path",
    "failed": "x-circle",
    "rolled back": "arrow-uturn-left",
    "skipped": "minus-circle",
    "interrupted": "pause-circle",
}


@register.filter
def risk_meaning(risk: str) -> str:
    return meaning(risk)


@register.filter
def step_meaning(step: str) -> str:
    return STEPS.get(step, "")


@register.filter
def step_icon(state: str) -> str:
    return STEP_ICONS.get(state, "ellipsis-horizontal-circle")


@register.filter
def seconds(value: float) -> str:
    """Seconds as people read them: ``12 ms``, ``3.4 s``, ``2 min 05 s``."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value) // 60} min {int(value) % 60:02} s"


@register.filter
def thousands(value: int | str) -> str:
    """A number with thin gaps, ``1 000 000``; anything else as it is."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if isinstance(value, int) else value


@register.filter
def when(value: datetime | None) -> SafeString:
    """A moment in the panel's time zone; how long ago it was is its title."""
    if value is None:
        return format_html('<span class="muted">{}</span>', "never")
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{timesince(value)} ago",
        f"{local:%Y-%m-%d %H:%M}",
    )


class DiffLine(NamedTuple):
    kind: str
    sign: str
    text: str


@register.filter
def unified_lines(text: str) -> Iterator[DiffLine]:
    """The lines of a unified diff, each with its sign apart and control characters visible; it hides what it must."""
    for line in text.removesuffix("\n").split("\n") if text else ():
        if line.startswith(("--- ", "+++ ")):
            continue
        if line.startswith("@@"):
            yield DiffLine("place", "", line)
        elif line.startswith("+"):
            yield DiffLine("added", "+", written_out(line[1:]))
        elif line.startswith("-"):
            yield DiffLine("removed", "−", written_out(line[1:]))
        else:
            yield DiffLine("same", "", written_out(line.removeprefix(" ")))
