"""Running a command as a person would, and reading what it says."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command


def run(name: str, *arguments: str | Path, **options: Any) -> str:
    """What the command printed. An exit status other than 0 comes as ``SystemExit`` or ``CommandError``."""
    out = io.StringIO()
    call_command(name, *(str(argument) for argument in arguments), stdout=out, no_color=True, **options)
    return out.getvalue()


def run_json(name: str, *arguments: str | Path) -> Any:
    return json.loads(run(name, *arguments, "--json"))
