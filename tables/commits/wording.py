"""What a commit says, in a form that no name and no reason can forge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from tables.sendmail.text import visible

#: Characters of a subject, of a name or value, and of a whole reason.
SUBJECT, VALUE, REASON = 72, 200, 20_000

#: Who is written where no person is: a name that no mail reaches.
NOWHERE = "mailadmin.invalid"

#: Of an address that can stand between angle brackets.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
#: Dots that a reference must not have: see git-check-ref-format(1).
_DOTS = re.compile(r"^\.|\.(?=\.|$)|\.(?=lock$)")

Trailer = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Authored:
    """The lines of a commit that say by whom and when, and its message."""

    lines: Sequence[str]
    message: str


def branch_of(host: str) -> str:
    """``hosts/mx1.example.org``: two hosts never share one, whatever they are called."""
    return "hosts/" + _DOTS.sub("%2E", quote(host, safe="", errors="backslashreplace").replace("~", "%7E"))


def authored(
    *, name: str, email: str, when: datetime, subject: str, reason: str, trailers: Iterable[Trailer]
) -> Authored:
    """A commit by that person, committed by mailadmin at the same time."""
    moment = f"{int(when.timestamp())} +0000"
    lines = [f"author {identity(name, email)} {moment}", f"committer mailadmin <mailadmin@{NOWHERE}> {moment}"]
    return Authored(lines, message(subject=subject, reason=reason, trailers=trailers))


def identity(name: str, email: str) -> str:
    """``alice <alice@example.com>``. A name that an address could be taken for, or a line, loses what makes it so."""
    plain = one_line(name.replace("<", "").replace(">", "")).strip(" .,:;\"'\\") or "unknown"
    address = email if len(email) <= VALUE and _ADDRESS.fullmatch(email) else f"{quote(plain, safe='')}@{NOWHERE}"
    return f"{plain} <{address}>"


def message(*, subject: str, reason: str, trailers: Iterable[Trailer]) -> str:
    """Subject, reason and trailers. Only the last paragraph has lines like a trailer: a reason is indented."""
    short = one_line(f"{subject}: {' '.join(reason.split())}" if reason.strip() else subject)
    parts = [short if len(short) <= SUBJECT else f"{short[: SUBJECT - 1].rstrip()}…"]
    if reason.strip() and (len(short) > SUBJECT or len(reason.strip().splitlines()) > 1):
        parts.append(_indented(reason))
    parts.append("\n".join(f"{key}: {one_line(value) or 'unknown'}" for key, value in trailers))
    return "\n\n".join(parts) + "\n"


def _indented(reason: str) -> str:
    text = reason.strip()
    kept = text if len(text) <= REASON else f"{text[:REASON]}…"
    return "\n".join(f"    {_clean(line)}".rstrip() for line in kept.splitlines())


def one_line(text: str) -> str:
    """Whatever breaks a line or turns its direction is written out."""
    clean = _clean(text).replace("\t", " ").strip()
    return clean if len(clean) <= VALUE else f"{clean[: VALUE - 1]}…"


def _clean(text: str) -> str:
    return visible(text).encode("utf-8", "backslashreplace").decode()
