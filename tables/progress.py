"""How far a long piece of work is: said by whoever does it, heard by whoever waits for it, if anybody does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

#: What is being done, how much of it is done, and of how much (0: nobody knows).
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)

Thing = TypeVar("Thing")


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Whatever is done inside tells ``listener`` how far it is."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def say(what: str, done: int = 0, total: int = 0) -> None:
    if (listener := _listener.get()) is not None:
        listener(what, done, total)


def counted(what: str, things: Iterable[Thing], total: int, *, step: int = 1) -> Iterator[Thing]:
    """The same things, telling on the way how many there were. ``step``: how much one of them counts."""
    for number, thing in enumerate(things):
        say(what, number * step, total)
        yield thing
