"""What the machine did, told once after all tests."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counted: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "machine":
                    counted.update(value)
    if counted:
        terminalreporter.write_line(said(counted))


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
