"""Which Debian packages the set-up installs, and what it says when it cannot."""

from collections.abc import Sequence

import pytest

from deploy import install

PACKAGES = [install.Package("run", "sendmail-bin", "maps"), install.Package("test", "chromium", "browser")]


class Debian:
    """A machine as dpkg-query and apt-get show it: rows are status, package, provides."""

    def __init__(self, *rows: str, apt: tuple[int, str] = (0, "")) -> None:
        self.rows = "".join(f"{row}\n" for row in rows)
        self.apt = apt
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        self.commands.append(" ".join(command))
        return (0, self.rows) if command[0] == "dpkg-query" else self.apt


@pytest.fixture(autouse=True)
def root_on_debian(monkeypatch, tmp_path):
    (tmp_path / "var").mkdir()
    monkeypatch.setattr(install, "BASE", tmp_path)
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)


def ensure(debian: Debian, **environment: str) -> list[str]:
    install.ensure_packages(PACKAGES, run=debian, environment=environment)
    return debian.commands


def test_the_project_lists_what_the_panel_and_the_tests_need():
    found = install.read_packages((install.Path(__file__).parents[2] / "deploy/packages.txt").read_text())
    assert {package.group for package in found} == {"run", "test"}
    assert {"sendmail-bin", "sendmail-cf", "m4", "python3-venv"} <= {p.name for p in found if p.group == "run"}
    assert {"postgresql", "chromium"} <= {p.name for p in found if p.group == "test"}
    assert all(package.purpose for package in found)


def test_nothing_is_installed_when_nothing_is_missing():
    debian = Debian("installed\tsendmail-bin\tmail-transport-agent", "installed\tchromium\twww-browser")
    assert len(ensure(debian)) == 1


def test_a_removed_package_that_left_its_configuration_is_missing():
    commands = ensure(Debian("config-files\tsendmail-bin\t", "installed\tchromium\t"))
    assert commands[-1].endswith("--no-remove sendmail-bin")


def test_each_missing_package_is_said_in_a_line_before_apt_installs_it(capsys):
    commands = ensure(Debian("installed\tpython3\t"))
    assert [command.split("apt-get")[1].split()[-1] for command in commands[1:]] == ["update", "chromium"]
    assert "--no-install-recommends" in commands[2]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Installing the Debian package sendmail-bin: maps."
    assert said[1] == "Installing the Debian package chromium: browser."


@pytest.mark.parametrize("agent", ["postfix", "exim4-daemon-light"])
def test_another_mail_server_is_not_replaced(agent):
    debian = Debian(f"installed\t{agent}\tdefault-mta, mail-transport-agent")
    with pytest.raises(install.CannotInstallError, match=f"mail server is {agent}.*MAILADMIN_REPLACE_MTA=yes"):
        ensure(debian)
    assert len(debian.commands) == 1


def test_another_mail_server_is_replaced_when_the_operator_says_so():
    commands = ensure(Debian("installed\tpostfix\tmail-transport-agent"), MAILADMIN_REPLACE_MTA="yes")
    assert commands[-1].endswith("--no-install-recommends sendmail-bin chromium")


def test_a_failing_apt_is_told_in_one_line_with_its_own_last_words():
    debian = Debian(apt=(100, "Reading lists\nE: Could not get lock /var/lib/dpkg/lock\nW: hm\n"))
    with pytest.raises(install.CannotInstallError) as told:
        ensure(debian)
    assert "apt-get update failed: E: Could not get lock /var/lib/dpkg/lock." in str(told.value)
    assert "\n" not in str(told.value)


def test_without_root_and_sudo_the_command_to_type_is_named(monkeypatch):
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install.shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    with pytest.raises(install.CannotInstallError, match=r"apt-get install .*sendmail-bin chromium"):
        ensure(Debian())


def test_a_system_that_is_not_debian_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    with pytest.raises(install.CannotInstallError, match="sendmail-bin chromium yourself"):
        ensure(Debian())


def test_the_operator_may_take_care_of_the_packages():
    assert ensure(Debian(), MAILADMIN_SKIP_PACKAGES="yes") == []


def test_a_python_that_is_too_old_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2))
    assert install.main(["run"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("mailadmin: Python 3.9.2 is too old")
    assert told.count("\n") == 1
