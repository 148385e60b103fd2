"""What an operator copies from deploy/ names what exists and leaves no setting out."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from deploy import install

BASE = Path(__file__).parents[2]
UNITS = sorted((BASE / "deploy").glob("*.service"))


def settings_read() -> set[str]:
    """Names that the settings read from the environment; a secret can come from a file as well."""
    text = (BASE / "mailadmin/settings.py").read_text()
    secrets = re.findall(r'env\.secret\(\s*"(MAILADMIN_\w+)"', text)
    return set(re.findall(r'"(MAILADMIN_[A-Z_]+)"', text)) | {f"{name}_FILE" for name in secrets}


def unit(path: Path) -> dict[str, list[str]]:
    """The directives of [Service]; one may stand more than once."""
    found: dict[str, list[str]] = {}
    section = path.read_text().split("[Service]")[1].split("[Install]")[0]
    for name, value in re.findall(r"^(\w+)=(.*)$", section, re.M):
        found.setdefault(name, []).append(value)
    return found


def test_every_setting_is_in_the_environment_file():
    text = (BASE / "deploy/mailadmin.env").read_text()
    assert settings_read() <= set(re.findall(r"^#?(MAILADMIN_\w+)=", text, re.M))


def test_every_setting_is_in_the_readme():
    assert settings_read() <= set(re.findall(r"MAILADMIN_[A-Z_]+", (BASE / "README.md").read_text()))


def test_every_setting_of_the_environment_file_is_explained_and_read_by_something():
    text = (BASE / "deploy/mailadmin.env").read_text()
    sources = [BASE / "mailadmin/settings.py", *(BASE / "deploy").glob("*.py")]
    read = settings_read() | {name for path in sources for name in re.findall(r"MAILADMIN_[A-Z_]+", path.read_text())}
    assert set(re.findall(r"^#?(MAILADMIN_\w+)=", text, re.M)) <= read
    paragraphs = (block for block in text.split("\n\n") if re.search(r"^#?MAILADMIN_", block, re.M))
    assert all(re.match(r"# [^-].{15}", block) for block in paragraphs)


def test_the_environment_file_means_the_same_to_a_shell_and_to_systemd():
    for line in (BASE / "deploy/mailadmin.env").read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r'MAILADMIN_\w+=("[^"$`\\]*"|[\w./:@-]*)', line), line


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_files_that_exist(path):
    commands = [value for name, values in unit(path).items() if name.startswith("ExecStart") for value in values]
    assert commands
    for command in commands:
        program, *arguments = command.split()
        assert program == "/opt/mailadmin/.venv/bin/python"
        files = [word for word in arguments if word.endswith(".py")]
        assert all((BASE / file).exists() for file in files)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_can_gain_nothing_and_write_almost_nothing(path):
    found = unit(path)
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["ProtectHome"] == ["yes"]


def test_only_the_publisher_may_write_the_mail_directory():
    web, publisher = unit(BASE / "deploy/mailadmin-web.service"), unit(BASE / "deploy/mailadmin-publisher.service")
    assert web["User"] == ["mailadmin"]
    assert "ReadWritePaths" not in web
    assert web["CapabilityBoundingSet"] == [""]
    assert publisher["ReadWritePaths"] == ["/etc/mail", "/var/lib/mailadmin"]
    assert "StateDirectory" not in publisher  # it would give the panel's directory to root


def test_the_publisher_is_given_the_time_of_its_longest_command():
    seconds = re.search(r'"MAILADMIN_COMMAND_SECONDS", (\d+)', (BASE / "mailadmin/settings.py").read_text())
    assert seconds
    (stop,) = unit(BASE / "deploy/mailadmin-publisher.service")["TimeoutStopSec"]
    assert int(stop) > int(seconds[1])


def test_systemd_finds_no_fault_in_the_units(tmp_path):
    for path in UNITS:
        here = path.read_text().replace("/opt/mailadmin/.venv/bin/python", "/bin/true")
        (tmp_path / path.name).write_text(here)
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "mailadmin" in line] == []


def test_the_history_is_verified_every_night_by_a_unit_that_is_there(tmp_path):
    for name in ("mailadmin-verify.timer", "mailadmin-verify.service"):
        here = (BASE / "deploy" / name).read_text().replace("/opt/mailadmin/.venv/bin/python", "/bin/true")
        (tmp_path / name).write_text(here)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "mailadmin-verify.timer")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "mailadmin" in line] == []
    assert unit(BASE / "deploy/mailadmin-verify.service")["ExecStart"][0].endswith("manage.py audit_verify")


def test_nginx_overwrites_what_a_client_says_about_itself():
    site = (BASE / "deploy/mailadmin.nginx").read_text()
    for header in ("X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme", 'Forwarded ""', "Host $host"):
        assert f"proxy_set_header {header};" in site


def test_the_continuous_integration_runs_every_test():
    script = BASE / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert re.search(r"^exec make test\b", script.read_text(), re.M)


def test_the_documented_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (BASE / "Makefile").read_text(), re.M))
    assert {"setup", "run", "test", "lint"} <= targets


def test_the_set_up_refuses_what_the_project_does_not_support():
    project = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=" + ".".join(str(part) for part in install.OLDEST)
