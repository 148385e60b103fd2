"""Builds the ``sendmail.cf`` of a first look from ``deploy/sendmail/mailadmin.mc`` with m4."""

import os
import re
import subprocess
from pathlib import Path

from deploy import linux

MACROS = Path("/usr/share/sendmail/cf")
SOURCE = Path(__file__).with_name("sendmail") / "mailadmin.mc"


class CannotBuildError(Exception):
    """What is wrong and what to do, in one line."""


def build(target: Path, *, mail_dir: Path, map_type: str, macros: Path = MACROS) -> None:
    """Writes ``target``, whole or not at all."""
    if not re.fullmatch(r"[\w./@+-]+", str(mail_dir), re.ASCII):
        raise CannotBuildError(
            f"The path {mail_dir} has a blank or another character that sendmail.cf cannot hold: "
            "move this checkout, or set MAILADMIN_MAIL_DIR to a path of letters, digits and ./_+@-."
        )
    text = expand({"DIR": f"{mail_dir}/", "DOMAIN": domain_name(), "MAP_TYPE": map_type}, macros)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(target)


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
