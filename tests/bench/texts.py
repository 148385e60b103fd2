"""Tables of any size, the same in every run: what a provider's files look like, in the order of years of additions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tables.sendmail.spec import Entry

#: Users of one domain.
_USERS = 50
#: A number without a common factor with any size in use, so that its multiples come in no order.
_STRIDE = 7_368_787


def _scattered(count: int) -> Iterator[int]:
    return (index * _STRIDE % count for index in range(count))


def virtual_users(count: int) -> Iterator[tuple[str, str]]:
    """Keys and values of virtusertable: fifty a domain, one of them a catch-all."""
    for number in _scattered(count):
        domain, user = divmod(number, _USERS)
        name = f"@customer{domain}.example" if user == 0 else f"user{user}@customer{domain}.example"
        yield name, f"box{number}@store{number % 17}.example.net"


def virtual_domains(count: int) -> Iterator[str]:
    return (f"customer{domain}.example" for domain in range(count // _USERS + 1))


def chained_aliases(count: int) -> Iterator[tuple[str, str]]:
    """Keys and values of aliases: chains of a thousand, one of ten of which leads back into itself, and lists."""
    for number in _scattered(count):
        chain, place = divmod(number, 1000)
        if place < 999:
            yield f"a{number}", f"a{number + 1}, person{number % 5000}@example.org"
        else:
            yield f"a{number}", f"a{chain * 1000}" if chain % 10 == 0 else "root"


def write_virtusertable(path: Path, count: int) -> None:
    with path.open("w") as file:
        for index, (key, value) in enumerate(virtual_users(count)):
            if index % 1000 == 0:
                file.write(f"\n# block {index // 1000}\n")
            file.write(f"{key}\t{value}\n")


def entries(pairs: Iterator[tuple[str, str]]) -> Iterator[Entry]:
    for position, (key, value) in enumerate(pairs):
        yield Entry(key, value, position=position << 32)
