"""The numbers of lines that a dry run prints: those of the file as an editor shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import new_database
from tests.commands.running import run_json

BASE = Path(__file__).parents[2]

STAMP = "# mailadmin: release 7, change checksum 0123456789abcdef, audit none. Edit in the panel.\n"

#: (table, file, the lines of its entries, (rule, line) of its errors)
FILES: list[tuple[str, str, list[int], list[tuple[str, int]]]] = [
    ("aliases", "# x\n\na: b,\n  c,\n  d\n# y\ne: f\\\ng\nh i\nj: k\n", [3, 7, 10], [("aliases.no-colon", 9)]),
    ("aliases", f"{STAMP}# head\n\na: b\n c: d\ne\n", [4], [("aliases.no-colon", 6)]),
    ("relay-domains", "a.example b.example # x\n\n# z\nc.example\r\n", [1, 1, 4], []),
    ("relay-domains", f"{STAMP}a.example\n" + "#" + "y" * 2046 + "b.example\n", [2, 3], [("text.line-too-long", 3)]),
    (
        "access",
        f"{STAMP}Connect:192.0.2\tREJECT\r\n\r\nconnect:192.0.2\tOK\r\n#\nFrom:a@b.example\tREJECT\r\n",
        [2, 6],
        [("map.leading-blank", 3), ("map.duplicate", 4)],
    ),
    ("access", "x" * 1100 + "\nConnect:192.0.2\tREJECT\nkey", [2], [("text.line-too-long", 1), ("map.no-value", 3)]),
    ("virtusertable", "\na@b.example\tc\n\n\nd@b.example\te", [2, 5], []),
]


@pytest.mark.parametrize(("table", "text", "lines", "errors"), FILES)
def test_entries_and_errors_have_the_numbers_of_their_lines(
    db: None, tmp_path: Path, table: str, text: str, lines: list[int], errors: list[tuple[str, int]]
) -> None:
    told = told_of(tmp_path, table, text.encode())
    assert [entry["line"] for entry in told["entries"]] == lines
    found = [(problem["rule"], problem["line"]) for problem in told["problems"] if problem["grade"] == "error"]
    assert found == errors
    assert all(set(entry) == {"key", "value", "comment", "enabled", "line"} for entry in told["entries"])
    assert all({"rule", "grade", "line", "message", "remedy"} <= set(problem) for problem in told["problems"])


def told_of(folder: Path, table: str, data: bytes) -> Any:
    file = folder / table
    file.write_bytes(data)
    return run_json("import_tables", file, "--table", table, "--dry-run")["tables"][table]


def test_nothing_but_that_goes_to_the_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "access"
    file.write_bytes(b"\xff\xfe\0Connect:192.0.2 OK\n" * 40)
    state = {"MAILADMIN_STATE_DIR": str(tmp_path), "MAILADMIN_DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    command = [sys.executable, str(BASE / "manage.py")]
    environment = {**os.environ, **state}
    new_database.copy_to(tmp_path / "x.sqlite3")
    told = subprocess.run(
        [*command, "import_tables", str(file), "--table", "access", "--dry-run", "--json"],
        env=environment,
        check=False,
        capture_output=True,
    )
    assert told.returncode == 0, told.stderr
    assert [problem["line"] for problem in json.loads(told.stdout)["tables"]["access"]["problems"]] == list(
        range(1, 41)
    )
