"""The locked requirements: every pin has its hashes, and no line says where it came from."""

import re
from pathlib import Path

import pytest

BASE = Path(__file__).parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt"]


def pins(name: str) -> dict[str, str]:
    """Package to the rest of its entry: version, marker and hashes."""
    entries = (BASE / name).read_text().replace("\\\n", " ").splitlines()
    return dict(entry.split("==", 1) for entry in entries if entry.strip())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock):
    assert pins(lock)
    for package, rest in pins(lock).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), package


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index_or_a_path(lock):
    assert not re.search(r"://|index-url|find-links|trusted-host|(^|\s)/", (BASE / lock).read_text())


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_asked_for_is_pinned(lock):
    wanted = (BASE / lock.replace(".txt", ".in")).read_text().splitlines()
    names = {re.split(r"[\[<>=]", line)[0] for line in wanted if line and line[0] not in "#-"}
    assert names <= pins(lock).keys()


def test_the_tests_run_with_the_versions_of_the_panel():
    panel, tests = (
        {package: rest.split()[0] for package, rest in pins(lock).items()}
        for lock in ("requirements.txt", "requirements-dev.txt")
    )
    assert panel.items() <= tests.items()
