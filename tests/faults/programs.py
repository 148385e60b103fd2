"""Programs that fail: first in the PATH of a publisher stands a directory with others of the same names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.case import FAILED, ROLLED_BACK, SUCCEEDED, Attempt, Case, Checkpoint
from tests.faults.stage import BIN, Place

REAL = {"makemap": "/usr/sbin/makemap", "sendmail": "/usr/sbin/sendmail", "perl": "/usr/bin/perl"}
#: Seconds that a hanging program gets here.
PATIENCE = 2.5
HANGS = "sleep 60"
NOWHERE = "/dev/null"
#: Programs that a publisher starts, and those that these start.
NEEDED = ("makemap", "sendmail", "diff", "sort", "perl", "sh", "cat", "sed", "sleep", "touch", "strace")

#: For the argument of ``case``: when a program is to misbehave.
BUILDS, READS_BACK, BUILDS_ALIASES, ANSWERS = "*' -c '*", "*' -u '*", "*' -bi '*", "*' -bt '*"

#: (program, when, what it does instead, name, words of the error, how it ends)
ODD = [
    ("makemap", BUILDS, "cat >/dev/null; exit 74", "fails", "makemap refused access", FAILED),
    ("makemap", BUILDS, "exit 74", "fails at once", "makemap refused access", FAILED),
    ("makemap", BUILDS, "cat >/dev/null; kill -9 $$", "is killed", "makemap refused access", FAILED),
    ("makemap", BUILDS, "cat >/dev/null; exit 0", "lies: builds nothing", "No access.db was built", FAILED),
    ("makemap", BUILDS, "real </dev/null", "lies: builds an empty map", " instead of ", FAILED),
    ("makemap", BUILDS, "sed 1d | real_args \"$@\"", "lies: leaves an entry out", " instead of ", FAILED),
    ("makemap", BUILDS, "sed s/REJECT/OK/ | real_args \"$@\"", "lies: another value", "not the right ones", FAILED),
    ("makemap", BUILDS, "real; echo odd >&2", "complains and exits 0", "makemap refused access: odd", FAILED),
    ("makemap", BUILDS, "sleep 60", "hangs", "was ended because it ran longer than", FAILED),
    ("makemap", READS_BACK, "exit 74", "fails to read back", "makemap cannot read back", FAILED),
    ("makemap", READS_BACK, "exit 0", "lies: reads back nothing", "holds 0 entries instead of", FAILED),
    ("makemap", READS_BACK, "sleep 60", "hangs reading back", "was ended because it ran longer than", FAILED),
    ("sendmail", BUILDS_ALIASES, "exit 75", "fails", "newaliases did not build aliases", FAILED),
    ("sendmail", BUILDS_ALIASES, "exit 0", "lies: exit 0 and nothing done", "newaliases did not build", FAILED),
    ("sendmail", BUILDS_ALIASES, "echo \"$text: 2 aliases, longest 9 bytes, 9 bytes total\"", "stores too few",
     "newaliases stored 2 of 3 aliases", FAILED),
    ("sendmail", BUILDS_ALIASES, "echo \"$text: 3 aliases, longest 9 bytes, 9 bytes total\"",
     "lies: says so and builds nothing", "No aliases.db was built", FAILED),
    ("sendmail", BUILDS_ALIASES, "sleep 60", "hangs", "was ended because it ran longer than", FAILED),
    ("sendmail", ANSWERS, "cat >/dev/null; exit 70", "fails to answer", "sendmail cannot look up", ROLLED_BACK),
    ("sendmail", ANSWERS, "cat >/dev/null", "says nothing", "sendmail cannot look up", ROLLED_BACK),
    ("sendmail", ANSWERS, "real | sed 's/returns REJECT (0)/no match (0)/'", "finds nothing", "sendmail finds nothing",
     ROLLED_BACK),
    ("sendmail", ANSWERS, "sleep 60", "hangs answering", "was ended because it ran longer than", ROLLED_BACK),
    ("diff", "*", "exit 2", "fails", "diff", FAILED),
    ("sort", "*", "exit 2", "fails", "sort failed", FAILED),
    ("sort", "*", "exit 0", "lies: sorts nothing", "", FAILED),
]  # fmt: skip

#: What does not come about in a copy is built as a whole.
ON_A_COPY = [
    ("perl", "exit 1", "fails"),
    ("perl", "cat >/dev/null; exit 0", "lies: takes nothing out"),
    ("perl", "sleep 60", "hangs"),
    ("perl", "kill -9 $$", "is killed"),
    ("makemap", f'case " $* " in *" -o "*) exit 1 ;; *) exec {REAL["makemap"]} "$@" ;; esac', "fails"),
    ("makemap", f'case " $* " in *" -o "*) exit 0 ;; *) exec {REAL["makemap"]} "$@" ;; esac', "lies: puts nothing in"),
]


def cases() -> Iterator[Case]:
    yield from (_odd(*row) for row in ODD)
    yield from (_on_a_copy(*row) for row in ON_A_COPY)
    for name, step in (("makemap", "build"), ("sendmail", "build"), ("sort", "build"), ("diff", "plan")):
        said = f"The program {name} is not on this host"
        yield Case(
            f"{name} is missing", step, "not installed", [Attempt(enter=without(name))], _only(FAILED), says=said
        )
    yield Case(
        "makemap is missing", "build", "may not be executed", [Attempt(enter=_locked_away)], _only(FAILED),
        says="The program makemap is not on this host",
    )  # fmt: skip


def _on_a_copy(program: str, instead: str, name: str) -> Case:
    script = SCRIPT_OF.format(when="*", instead=instead, real=REAL[program])
    attempt = Attempt(enter=with_program(program, script))
    return Case(f"{program} on a copy {name}", "build", "instead of working", [attempt], _only(SUCCEEDED), quick=True)


def _only(*ends: str) -> frozenset[str]:
    return frozenset(ends)


def _odd(program: str, when: str, instead: str, name: str, says: str, end: str) -> Case:
    real = REAL.get(program, f"/usr/bin/{program}")
    instead = instead.replace("real_args", real).replace("real ", f'{real} "$@" ').replace("real;", f'{real} "$@";')
    step = {READS_BACK: "verify", ANSWERS: "prove", "*": "plan"}.get(when, "build")
    script = SCRIPT_OF.format(when=when.replace("' ", "\\ ").replace(" '", "\\ "), instead=instead, real=real)
    attempt = Attempt(enter=with_program(program, script))
    return Case(f"{_called(program, when)} {name}", step, "instead of working", [attempt], _only(end), says=says)


def _called(program: str, when: str) -> str:
    return "newaliases" if when == BUILDS_ALIASES else program


#: ``$text`` is the file of the aliases.
SCRIPT_OF = """#!/bin/sh
for last; do :; done
text=/${{last#*/}}
case " $* " in
{when}) {instead} ;;
*) exec {real} "$@" ;;
esac
"""


def with_program(name: str, script: str) -> Callable[[Place], Checkpoint | None]:
    def enter(place: Place) -> Checkpoint | None:
        own = _own(place)
        (own / name).write_text(script)
        (own / name).chmod(0o755)
        os.environ["PATH"] = f"{own}:{os.environ['PATH']}"
        if HANGS in script:
            _be_patient()
        return None

    return enter


def without(missing: str) -> Callable[[Place], Checkpoint | None]:
    def enter(place: Place) -> Checkpoint | None:
        import shutil

        from tables.sendmail import commands

        own = _own(place)
        for name in NEEDED:
            found = shutil.which(name, path=f"{os.environ['PATH']}:{commands.SYSTEM_PATH}")
            if found and name != missing:
                (own / name).symlink_to(found)
        os.environ["PATH"], commands.SYSTEM_PATH = str(own), ""
        return None

    return enter


def _locked_away(place: Place) -> Checkpoint | None:
    without("makemap")(place)
    (place.path / BIN / "makemap").write_text("#!/bin/sh\n")
    (place.path / BIN / "makemap").chmod(0o644)
    return None


def _own(place: Place) -> Path:
    own = place.path / BIN
    own.mkdir()
    return own


def _be_patient() -> None:
    from django.conf import settings

    patience: Any = PATIENCE
    settings.COMMAND_SECONDS = patience


# --- programs to which the system says no -----------------------------------------------------------------------------


def traced(program: str, when: str, options: str, log: str = NOWHERE) -> Callable[[Place], Checkpoint | None]:
    """The real program under strace, when its arguments are such."""

    def enter(place: Place) -> Checkpoint | None:
        real = REAL[program]
        given = f"-o {log} {options}".format(place=place.path)
        instead = f'exec strace -y -e trace=%desc,%file {given} {real} "$@"'
        words = when.replace("' ", "\\ ").replace(" '", "\\ ")
        return with_program(program, SCRIPT_OF.format(when=words, instead=instead, real=real))(place)

    return enter
