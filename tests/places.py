"""Directories in which the real sendmail agrees to work: nobody but root may write above them, so not under /tmp."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent / "var/tests/places"


@contextmanager
def place() -> Iterator[Path]:
    """A new empty directory, removed afterwards."""
    BASE.mkdir(parents=True, exist_ok=True)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    made = Path(tempfile.mkdtemp(prefix=f"{worker}-", dir=BASE))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)
