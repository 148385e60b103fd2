"""Starts the process in which cases are played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.places import place

BASE = Path(__file__).resolve().parents[2]


def outcomes(
    url: str, *, seed: int, only: str = "", without: str = "", kills: int = 0, each: int = 1, migrated: str = ""
) -> list[dict[str, Any]]:
    """What became of the cases whose names match; with ``kills``, of a sample of them. No ``url`` means SQLite."""
    with place() as directory:
        command = [sys.executable, "-m", "tests.faults.play", str(directory), f"--seed={seed}"]
        command += [f"--only={only}", f"--without={without}", f"--kills={kills}", f"--each={each}"]
        done = subprocess.run(command, env=environment(directory, url, migrated), check=False, cwd=BASE)
        if done.returncode:
            raise RuntimeError(f"The cases could not be played to their end: status {done.returncode}.")
        found: list[dict[str, Any]] = json.loads((directory / "results.json").read_text())
        return found


def environment(directory: Path, url: str, migrated: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAILADMIN_")}
    return plain | {
        "DJANGO_SETTINGS_MODULE": "mailadmin.settings",
        "MAILADMIN_STATE_DIR": str(directory / "state"),
        "MAILADMIN_DATABASE_URL": url or f"sqlite:///{directory}/unused",
        "MAILADMIN_HOST": "mx.test.example",
        "MAILADMIN_SENDMAIL_DAEMON": "no",
        "MAILADMIN_LOG_LEVEL": "critical",
        "FAULTS_NAME": directory.name.replace("-", "_"),
        "FAULTS_MIGRATED": migrated,
    }
