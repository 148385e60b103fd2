"""Who acts: a person in the panel, the operating system's user in a command, or a publisher."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailadmin.accounts.models import User


@dataclass(frozen=True, slots=True)
class Actor:
    """A name that history keeps as text, and the person behind it when there is one.

    Without a person an actor may author anything and review nothing.
    """

    name: str
    person: User | None = None

    @classmethod
    def of(cls, person: User) -> Actor:
        return cls(name=person.get_username(), person=person)

    @classmethod
    def command(cls) -> Actor:
        return cls(name=f"cli:{getpass.getuser()}")

    @classmethod
    def publisher(cls, host: str) -> Actor:
        return cls(name=f"publisher:{host}")
