"""The version that hosts report is that of the project."""

import tomllib
from pathlib import Path

from mailadmin import __version__


def test_the_project_file_and_the_package_say_the_same_version() -> None:
    given = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert given["project"]["version"] == __version__
