"""Directories in which the real sendmail agrees to work: nobody but root may write above them, so not under /tmp.

Some programs give up root's rights on the way, so everybody must be able to look into the directories above as well: a
checkout in a home that is closed to others does not do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = Path(__file__).resolve().parent.parent / "var/tests/places"
_EVERYBODY_MAY_PASS = 0o001


def _is_open(path: Path) -> bool:
    """Whether everybody may pass the directories above that there are."""
    return all(above.stat().st_mode & _EVERYBODY_MAY_PASS for above in path.parents if above.exists())


#: In the checkout, or for root, where that is closed to others, among the state of this machine's programs.
BASE = _OWN if os.geteuid() != 0 or _is_open(_OWN) else Path("/var/lib/mailadmin-tests")


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
