"""Random files of the seven tables: pieces of the grammar, lines of real files, and bytes that nobody meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from tables.sendmail.spec import Kind
from tables.sendmail.tables import TABLES
from tests.core.cases import CASES
from tests.core.corpus import CORPUS

SAMPLE = Path(__file__).parents[2] / "sample"

#: Sizes about which the programs' buffers end.
EDGES = (254, 256, 1020, 1021, 1022, 1023, 1024, 2045, 2046, 2047, 2048, 8188, 8189, 8190, 8191, 8192, 8193)

BLANKS = (" ", "\t", "  ", "\t\t", " \t", "\v", "\f", "\r")
ENDS = ("\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n", "\\\n", "\n ", "\n\t", "")
WORDS = (
    *("a", "b", "A", "root", "daemon", "info", "sales+*", "user+detail", "postmaster", "MAILER-DAEMON", "owner-list"),
    *("virt.dom", ".dom", "dom", "com", "ext.example", "mx.test.example", "10.1.2", "192.0.2.1", "[192.0.2.1]", "."),
    *("Connect:", "From:", "To:", "Spam:", "TLS_Srv:", "ClientRate:", "AuthInfo:", "IPv6:2001:db8", "ipv6", "::1"),
    *("REJECT", "RELAY", "OK", "DISCARD", "ERROR:5.1.1:", '"550 no"', "error:nouser", "esmtp:[hub]", "local:", "%1"),
    *("|/bin/x", '"|/bin/x a, b"', "/var/mail/x", ":include:/etc/x", "\\root", "%1@ext.dom", "a@b.c", "@", "@b.c"),
    *("#", "# x", "##", "\\", '"', "<", ">", "(", ")", "(c)", "<a>", '"a b"', ",", ";", "!", "%", "*", "+", "=", "`"),
    *("\xe9", "é", "\ufeff", "\xa0", "\x80", "\xff", "\x01", "\x7f", "k" * 60),
)
SEPARATORS = {Kind.MAP: BLANKS, Kind.ALIASES: (":", ": ", ":\t", " : ", ":\n ", ": \\\n"), Kind.CLASS: BLANKS}


@cache
def real_lines(table: str) -> tuple[bytes, ...]:
    """Lines that people wrote: the sample set, the cases, and the real files where they lie beside the checkout."""
    files = [SAMPLE / table, *(sample.path for sample in CORPUS if sample.table == table)]
    lines = {line for file in files for line in file.read_bytes().splitlines(keepends=True)}
    cases = {case.data for case in CASES if case.table in (table, "map", "class-file")}
    return tuple(sorted(lines | cases))


def make(table: str, random: Random) -> bytes:
    """A file of up to some thirty lines; half of them then have a few bytes wrong."""
    count = min(30, int(random.expovariate(0.2)) + 1)
    data = b"".join(_line(table, random) for _ in range(count))
    for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
        data = random.choice(MUTATIONS)(data, random)
    return data[:60_000]


def _line(table: str, random: Random) -> bytes:
    chance = random.random()
    if chance < 0.35:
        return random.choice(real_lines(table))
    if chance < 0.45:
        return f"#{random.choice(('', ' ', chr(9)))}{_text(table, random)}{random.choice(ENDS)}".encode()
    if chance < 0.5:
        return random.choice((b"\n", b" \n", b"\t\n", b"\r\n", b"#\n", b"\\\n"))
    return f"{_text(table, random)}{random.choice(ENDS)}".encode("utf-8", "surrogatepass")


def _text(table: str, random: Random) -> str:
    kind = TABLES[table].kind
    name = "".join(random.choice(WORDS) for _ in range(random.choice((1, 1, 1, 2, 3))))
    if kind is Kind.CLASS:
        more = "".join(random.choice(BLANKS) + random.choice(WORDS) for _ in range(random.choice((0, 0, 0, 1, 3))))
        return name + more
    value = random.choice(BLANKS).join(random.choice(WORDS) for _ in range(random.choice((1, 1, 2, 4))))
    return name + random.choice(SEPARATORS[kind]) + value


# --- bytes that nobody meant ------------------------------------------------------------------------------------------


def _place(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _insert(data: bytes, random: Random) -> bytes:
    junk = random.choice(
        (b"\0", b"\n", b"\r", b" ", b"\t", b"\\", b"#", b":", b'"', b"\xff", b"\x85", random.randbytes(3))
    )
    at = _place(data, random)
    return data[:at] + junk + data[at:]


def _delete(data: bytes, random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + data[at + random.choice((1, 1, 2, 20)) :]


def _flip(data: bytes, random: Random) -> bytes:
    at = _place(data, random)
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _stretch(data: bytes, random: Random) -> bytes:
    """Make one line about as long as a buffer."""
    at = _place(data, random)
    start = data.rfind(b"\n", 0, at) + 1
    wanted = random.choice(EDGES) + random.choice((0, 0, 0, 1, -1, 40)) - (at - start)
    filling = random.choice((b"x", b"x", b" ", b"y z ", b"y:z,"))
    return data[:at] + (filling * max(0, wanted))[: max(0, wanted)] + data[at:]


def _repeat(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    line = random.choice(lines)
    at = random.randint(0, len(lines))
    twice = random.choice((line, line.upper(), line.swapcase(), b" " + line, b"#" + line))
    return b"".join([*lines[:at], twice, *lines[at:]])


def _cut(data: bytes, random: Random) -> bytes:
    return data[: _place(data, random)]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (_insert, _insert, _delete, _flip, _stretch, _repeat, _cut)
