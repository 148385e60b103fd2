"""Real files that may lie beside the checkout, with what the real program said about each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tables.sendmail.tables import TABLES

FOLDER = Path(__file__).parents[3] / "shared" / "sendmail" / "corpus"


@dataclass(frozen=True)
class Sample:
    table: str
    path: Path
    accepted: bool

    def __str__(self) -> str:
        return f"{self.table}-{self.path.stem}"


def load() -> list[Sample]:
    """The files of the seven tables; none when there is no such folder."""
    results = FOLDER / "RESULTS.tsv"
    if not results.exists():
        return []
    rows = [row.split("\t") for row in results.read_text(encoding="utf-8").splitlines()[1:]]
    said = {row[0]: row[2] == "0" and row[4] == "0" for row in rows}
    return [
        Sample(name, path, said[f"{name}/{path.name}"])
        for name in TABLES
        for path in sorted((FOLDER / name).glob("*.txt"))
    ]


CORPUS = load()
