"""Builds the ``sendmail.cf`` of a first look from ``deploy/sendmail/mailadmin.mc`` with m4."""

import os
import pwd
import re
import subprocess
from pathlib import Path

from deploy import linux

MACROS = Path("/usr/share/sendmail/cf")
SOURCE = Path(__file__).with_name("sendmail") / "mailadmin.mc"


class CannotBuildError(Exception):
    """What is wrong and what to do, in one line."""


def build(target: Path, *, mail_dir: Path, map_type: str, macros: Path = MACROS) -> None:
    """Writes ``target``, whole or not at all, and the queue directory beside it that sendmail wants to enter."""
    for path in (mail_dir, target.parent):
        refuse_odd_characters(path)
    defines = {
        "DIR": f"{mail_dir}/",
        "STATE": f"{target.parent}/",
        "DOMAIN": domain_name(),
        "MAP_TYPE": map_type,
        "USER": pwd.getpwuid(os.geteuid()).pw_name,
    }
    text = expand(defines, macros)
    (target.parent / "queue").mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(target)


def refuse_odd_characters(path: Path) -> None:
    if not re.fullmatch(r"[\w./@+-]+", str(path), re.ASCII):
        raise CannotBuildError(
            f"The path {path} has a blank or another character that sendmail.cf cannot hold: "
            "move this checkout, or set MAILADMIN_STATE_DIR to a path of letters, digits and ./_+@-."
        )


def expand(defines: dict[str, str], macros: Path) -> str:
    flags = [word for name, value in defines.items() for word in ("-D", f"TABLES_{name}={value}")]
    command = ["m4", *flags, "-D", f"_CF_DIR_={macros}/", str(macros / "m4/cf.m4"), str(SOURCE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise CannotBuildError("m4 is not installed: install the packages m4 and sendmail-cf.") from error
    if done.returncode or done.stderr:
        told = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[0]
        raise CannotBuildError(f"m4 refused {SOURCE}: {told}. Check that the package sendmail-cf is installed.")
    return done.stdout


def domain_name() -> str:
    """This host's name, made to look qualified where it is not: sendmail wants a dot in it."""
    name = linux.host_name()
    return name if "." in name else f"{name}.localdomain"
