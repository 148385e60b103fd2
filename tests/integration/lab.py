"""The programs and configurations with which the verified cases are tried: makemap, newaliases, sendmail -bt and -bv.

Every configuration of ``lab.mc`` reads the files of one directory, so a case writes its file there and asks.
"""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tables.sendmail.commands import find_program
from tests.integration.daemon import MACROS
from tests.places import place

SOURCE = Path(__file__).with_name("lab.mc")

#: The text files and maps that a case may leave for the next one.
FILES = ("access", "aliases", "virtusertable", "genericstable", "mailertable", "domaintable", "relay-domains", "map")

#: Words of class R that come from the configuration's own virtual domains.
VIRTUAL = {"virt.dom", "other.dom"}

#: A configuration: what access_db takes as its argument, when checks are made, how class files are read.
PLAIN = ("skip", "at-once", "debian")

Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Built:
    """What a build left: its exit status, what it said, and what stands in the map."""

    status: int
    said: str
    pairs: Pairs

    @property
    def whole(self) -> bool:
        return self.status == 0 and len(self.said.splitlines()) < 2


@dataclass
class Lab:
    """A directory that sendmail trusts, and what is tried in it."""

    folder: Path
    cfs: dict[tuple[str, ...], Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "queue").mkdir(mode=0o755)
        (self.folder / "service.switch").write_text("hosts files\naliases files\npasswd files\n")

    def cf(self, access: str, checks: str, reading: str) -> Path:
        """The configuration of these three choices, made when first asked for."""
        made = self.cfs.get((access, checks, reading))
        if made is None:
            made = self.folder / f"{access}-{checks}-{reading}.cf"
            given = {"DIR": self.folder, "USER": getpass.getuser(), "ACCESS": access, "CHECKS": checks}
            macros = [f"-DLAB_{name}={value}" for name, value in {**given, "FORMAT": reading}.items()]
            command = [find_program("m4"), "-D_CF_DIR_=/usr/share/sendmail/cf/", *macros, MACROS, str(SOURCE)]
            made.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
            self.cfs[access, checks, reading] = made
        return made

    def clear(self) -> None:
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
            (self.folder / f"{name}.db").unlink(missing_ok=True)

    def makemap(self, name: str, data: bytes, options: Sequence[str] = (), kind: str = "hash") -> Built:
        command = ["makemap", *options, kind, str(self.folder / name)]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        said = done.stderr.decode("utf-8", "backslashreplace").replace(str(self.folder / name), "MAP")
        return Built(done.returncode, said, dump(self.folder / name, kind))

    def newaliases(self, data: bytes, name: str = "aliases", seconds: float = 60) -> Built:
        """``said`` has no line that gives the number of aliases; ``@:@``, which newaliases adds, is no pair."""
        text = self.folder / name
        text.write_bytes(data)
        text.chmod(0o644)
        command = ["sendmail", "-C", str(self.cf(*PLAIN)), f"-OAliasFile={text}", "-bi"]
        done = run_offline(command, seconds=seconds)
        said = (done.stdout + done.stderr).decode("utf-8", "backslashreplace").replace(str(text), name)
        lines = [line for line in said.splitlines() if " aliases, longest " not in line]
        pairs = [pair for pair in dump(text, "hash") if pair != (b"@", b"@")]
        return Built(done.returncode, "\n".join(lines), pairs)

    def says(self, cf: Path, *questions: str) -> str:
        """What ``sendmail -bt`` returns to the last of the questions."""
        return returned(self.output(cf, *questions))

    def output(self, cf: Path, *questions: str) -> list[str]:
        command = ["sendmail", "-C", str(cf), "-bt"]
        asked = "".join(f"{question}\n" for question in questions).encode("utf-8", "surrogateescape")
        done = run_offline(command, asked)
        return done.stdout.decode("utf-8", "backslashreplace").split("\n")

    def members(self, cf: Path) -> list[str]:
        """The words of class R that the file of a case gave, sorted."""
        lines = self.output(cf, "$=R")[2:]
        words = {line.removeprefix("> ").strip() for line in lines} - {"", ">"}
        return sorted(words - VIRTUAL)

    def verify(self, cf: Path, address: str) -> str:
        """What ``sendmail -bv`` says of an address, with its exit status."""
        done = run_offline(["sendmail", "-C", str(cf), "-bv", address])
        said = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
        return f"{' // '.join(line for line in said.split(chr(10)) if line)} (rc {done.returncode})"


@contextmanager
def new_lab() -> Iterator[Lab]:
    """A lab in a directory that sendmail trusts."""
    with place() as path:
        yield Lab(path)


def run_offline(command: Sequence[str], given: bytes = b"", seconds: float = 60) -> subprocess.CompletedProcess[bytes]:
    """Run sendmail without a network: it asks the DNS for names of this host before it reads its configuration.

    Raises ``subprocess.TimeoutExpired`` when it does not end.
    """
    return subprocess.run(
        [*without_network(), *command], input=given, capture_output=True, check=False, cwd="/", timeout=seconds
    )


@cache
def without_network() -> Sequence[str]:
    """What to put before a command. Nothing for whoever may not: not root, or not on this kernel.

    A program, because code between fork and exec would have the memory of a large process copied each time.
    """
    way = ["unshare", "--net", "--"]
    return way if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0 else []


def returned(lines: Sequence[str]) -> str:
    """The right side of the last line that says what a ruleset returned."""
    answers = [line.partition(" returns: ")[2] for line in lines if " returns: " in line]
    assert answers, lines
    return answers[-1].strip()


def dump(path: Path, kind: str) -> Pairs:
    """What is in a map. No key or value holds a line end, so that is what stands between them."""
    done = subprocess.run(["makemap", "-u", "-t", "\n", kind, str(path)], capture_output=True, check=True)
    lines = [line.removesuffix(b"\0") for line in done.stdout.split(b"\n")]  # in aliases keys and values end with NUL
    return sorted(zip(lines[:-1:2], lines[1::2], strict=True))
