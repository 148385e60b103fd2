"""What the machine, and the people at work at once (tests/parallel), did: told once after all tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for some in terminalreporter.stats.values() for report in some]
    if counted := total(reports, "machine"):
        terminalreporter.write_line(said(counted))
    if counted := total(reports, "storm"):
        acts = ", ".join(f"{name} {number}" for name, number in counted.most_common())
        terminalreporter.write_line(f"Eight people at once: {counted.total()} acts ({acts}).")


def total(reports: Iterable[Any], name: str) -> Counter[str]:
    """What the tests have counted under a name."""
    counted: Counter[str] = Counter()
    for report in reports:
        for found, value in getattr(report, "user_properties", ()):
            if found == name and report.when == "call":  # the others repeat it
                counted.update(value)
    return counted


def said(counted: Counter[str]) -> str:
    """One sentence of figures."""
    refused = sum(number for name, number in counted.items() if name.endswith(" refused"))
    ends = ", ".join(
        f"{name.removeprefix('requests ')} {number}"
        for name, number in counted.most_common()
        if name.startswith("requests ")
    )
    return (
        f"State machine: {counted['steps']} steps in {counted['runs']} runs, {refused} of them refused; "
        f"{counted['approves done']} approvals, {counted['changes replayed']} changes replayed, "
        f"{counted['converges done']} publications, {counted['releases looked at']} releases; requests: {ends}."
    )
