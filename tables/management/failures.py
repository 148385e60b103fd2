"""What goes wrong around a command, in one line and an exit status: the database, the output, an impatient person."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import clear_frames

from django.core.management.base import CommandError
from django.db import DatabaseError, DataError, IntegrityError

from tables.errors import ChangeError

#: What a shell reports of a program that these signals ended.
PIPE_CLOSED = 128 + signal.SIGPIPE
INTERRUPTED = 128 + signal.SIGINT

#: Words of SQLite's and PostgreSQL's messages, and what to do about it.
REMEDIES = (
    (("no such table", "no such column", "has no column"), "It is not set up for this version: run manage.py migrate."),
    (("relation", "column"), "It is not set up for this version: run manage.py migrate."),
    (("readonly", "read-only"), "Run the command as the user who owns it."),
    (("locked",), "Something else is writing: try again."),
    (("not a database",), "MAILADMIN_DATABASE_URL names some other file."),
    (("disk is full", "No space left"), "Make room on its disk; nothing was changed."),
)
OTHERWISE = "Check MAILADMIN_DATABASE_URL, and that it is there, yours to open, and answers."


@contextmanager
def one_line() -> Iterator[None]:
    """Turn what can go wrong anywhere into :class:`CommandError`; a reader who left (``| head``) needs no words."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except ChangeError as error:
        raise CommandError(str(error)) from error
    except (IntegrityError, DataError):
        raise  # a fault of ours: its traceback is what helps
    except DatabaseError as error:
        raise CommandError(about_database(error)) from error
    except BrokenPipeError as error:
        _drop_output()
        raise SystemExit(PIPE_CLOSED) from error
    except OSError as error:
        if error.filename is None:
            _drop_output()
        subject = "A file or the output" if error.filename is None else os.fsdecode(error.filename)
        raise CommandError(f"{subject} cannot be used: {error.strerror}. Make that right and try again.") from error
    except KeyboardInterrupt as error:
        clear_frames(error.__traceback__)  # streams of rows end now, not when their connection has gone
        raise CommandError("Interrupted.", returncode=INTERRUPTED) from error


def about_database(error: DatabaseError) -> str:
    said = str(error).strip().split("\n")[0].rstrip(".")
    remedy = next((remedy for words, remedy in REMEDIES if any(word in said for word in words)), OTHERWISE)
    return f"The database cannot be used: {said}. {remedy}"


def _drop_output() -> None:
    """Whatever is still held for the output must not fail once more while Python ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
