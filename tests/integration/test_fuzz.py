"""Some hundred random files by the core and by the real programs; ``make fuzz`` tries thousands."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random, SystemRandom

import pytest

from tables.sendmail.tables import TABLES
from tests.fuzz.__main__ import smallest
from tests.fuzz.against import File, differences
from tests.fuzz.files import make
from tests.integration.lab import Lab, new_lab

pytestmark = pytest.mark.sendmail

#: Files of each table that are the same in every run, and those that are others in each.
FIXED, OTHERS = 25, 15


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with new_lab() as made:
        yield made


def tried(lab: Lab, table: str, seed: str, count: int) -> None:
    """Fails with the first file in which the core and the program differ."""
    random = Random(seed)
    for file, why in differences(lab, [File(table, make(table, random)) for _ in range(count)]):
        pytest.fail(f"seed {seed}, {table}, {smallest(lab, file).data!r}: {why}")


@pytest.mark.parametrize("table", TABLES)
def test_the_core_reads_a_random_file_as_the_real_program_does(table: str, lab: Lab) -> None:
    tried(lab, table, f"fixed {table}", FIXED)


@pytest.mark.parametrize("table", TABLES)
def test_and_so_it_does_with_a_file_that_was_never_tried_before(table: str, lab: Lab) -> None:
    tried(lab, table, str(SystemRandom().randrange(1_000_000)), OTHERS)


def test_a_difference_would_be_seen_and_made_small(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    file = File("access", b"# head\nConnect:192.0.2\tREJECT\nFrom:a@b.example\tOK\n")
    assert list(differences(lab, [file])) == []
    monkeypatch.setattr(Lab, "makemap", lambda self, name, data: Lab.newaliases(self, b"a: b\n" if data else b""))
    ((found, why),) = differences(lab, [file])
    assert "stored there [(b'a', b'b')]" in why
    assert len(smallest(lab, found).data) <= 1
