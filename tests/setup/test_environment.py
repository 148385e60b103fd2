"""When the Python environment is made, filled and left alone."""

from collections.abc import Sequence

import pytest

from deploy import install


class Machine:
    """Answers for the environment's Python and notes what was asked of it."""

    def __init__(self, *, healthy: bool = True, pip: tuple[int, str] = (0, "")) -> None:
        self.healthy = healthy
        self.pip = pip
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        words = " ".join(command)
        self.commands.append(words)
        if "-m pip" in words:
            return self.pip
        return (0 if self.healthy or "-m venv" in words else 1), ""

    def made(self) -> int:
        return sum("-m venv" in command for command in self.commands)

    def installed(self) -> list[str]:
        return [command.rsplit("/", 1)[1] for command in self.commands if "-m pip" in command]


@pytest.fixture
def base(tmp_path, monkeypatch):
    for directory in ("var", ".venv/bin"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    (tmp_path / "requirements.txt").write_text("django==5.2\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2\npytest==8\n")
    monkeypatch.setattr(install, "BASE", tmp_path)
    return tmp_path


def test_a_second_time_installs_nothing(base):
    machine = Machine()
    for _ in range(2):
        install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert machine.installed() == ["requirements.txt"]


def test_after_the_tests_ran_the_panel_needs_nothing_more(base):
    machine = Machine()
    install.ensure_environment(base, install.LOCKS["test"], run=machine)
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert machine.installed() == ["requirements-dev.txt"]


def test_a_changed_lock_is_installed_again(base):
    machine = Machine()
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    (base / "requirements.txt").write_text("django==5.2.1\n")
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert len(machine.installed()) == 2


def test_a_broken_environment_is_made_anew(base):
    machine = Machine(healthy=False)
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert machine.made() == 1


def test_an_installation_that_failed_is_tried_again_the_next_time(base):
    with pytest.raises(install.CannotInstallError, match=r"ERROR: No matching distribution\. .*PIP_INDEX_URL"):
        install.ensure_environment(
            base, install.LOCKS["run"], run=Machine(pip=(1, "ERROR: No matching distribution\n"))
        )
    machine = Machine()
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert machine.installed() == ["requirements.txt"]
    assert "No matching distribution" in (base / "var/setup.log").read_text()


def test_packages_are_installed_by_hash_and_never_built(base):
    machine = Machine()
    install.ensure_environment(base, install.LOCKS["run"], run=machine)
    assert "--require-hashes --only-binary :all:" in machine.commands[-1]
