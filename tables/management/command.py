"""What the commands share: who acts, plain refusals, JSON, and progress on a terminal."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mailadmin.accounts.models import User
from tables.actors import Actor
from tables.entries import get_cluster
from tables.management.failures import one_line
from tables.models import ChangeRequest, Cluster
from tables.publishing.hosts import cluster_named
from tables.sendmail.secret import masked
from tables.sendmail.spec import Grade, Problem, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import decode, visible


class TablesCommand(BaseCommand):
    """A command whose refusals are one clear line and exit status 1."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if parser.called_from_command_line:
            parser.error = partial(_refuse_usage, parser)  # type: ignore[method-assign]
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        with one_line():
            return super().execute(*args, **options)

    def print_json(self, value: Any) -> None:
        """In ASCII: the same in every locale."""
        self.stdout.write(json.dumps(value, indent=2))

    def print_problems(self, source: str, problems: list[Problem], *, notes: bool = False) -> None:
        """One problem a line, with its position as a compiler would write it; notes only where they are wanted."""
        styles = {Grade.ERROR: self.style.ERROR, Grade.WARNING: self.style.WARNING, Grade.NOTE: self.style.NOTICE}
        for problem in problems:
            if problem.grade is Grade.NOTE and not notes:
                continue
            place = f"{source}:{problem.line}" if problem.line else source
            text = f"{place}: {problem.grade}: {problem.message} {problem.remedy} [{problem.rule}]"
            self.stdout.write(styles[problem.grade](visible(text)))

    def summary(self, grades: Iterable[Grade]) -> str:
        """``1 error, 3 warnings``; empty when there is none."""
        numbers = Counter(grades)
        return ", ".join(counted(numbers[grade], grade) for grade in Grade if numbers[grade])


def _refuse_usage(parser: CommandParser, message: str) -> NoReturn:
    """Exit status 1 as for every refusal: 2 is what ``plan`` says when there is something to publish."""
    parser.exit(1, f"{parser.prog}: {message}. See {parser.prog} --help.\n")
    raise AssertionError


def filled(given: str) -> str:
    """An argument's text. An empty one is a script's unset variable and must not mean the default."""
    if not given:
        raise ArgumentTypeError("it is empty; leave it out or name something")
    return decoded(given)


def decoded(given: str) -> str:
    """An argument in whatever encoding it was typed, as text that a database takes."""
    return decode(os.fsencode(given))


def filled_path(given: str) -> Path:
    """An argument's path; an empty one would be the working directory."""
    filled(given)
    return Path(given)


def counted(number: int, noun: str) -> str:
    """``1 entry``, ``2 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number} {noun}s"


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as the commands' JSON shows it. It may quote a line in which a password stands."""
    words = {"message": masked(problem.message), "remedy": masked(problem.remedy)}
    return {"rule": problem.rule, "grade": str(problem.grade), "line": problem.line, **words}


def add_import_arguments(parser: CommandParser, *, modes: Sequence[str]) -> None:
    """Of whatever takes a file in. The first of the modes is what is done unasked."""
    parser.add_argument(
        "--mode",
        choices=modes,
        default=modes[0],
        help="merge adds and changes (default), replace also deletes what the file lacks",
    )
    parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
    parser.add_argument(
        "--actor", type=filled, metavar="USER", help="who imports (default: the operating system's user)"
    )
    parser.add_argument("--reason", type=decoded, default="", metavar="TEXT", help="why; kept in the history")
    add_cluster_argument(parser)


def became(request: ChangeRequest | None) -> str:
    """What an import made of it, in a sentence."""
    if request is None:
        return "The tables say this already. Nothing was changed."
    if request.kind == ChangeRequest.Kind.BASELINE:
        return "Taken over as the baseline."
    if request.state == ChangeRequest.State.DRAFT:
        return f"Draft {request.pk} has it. Look at it in the panel, mend what is broken, then submit it."
    if request.state == ChangeRequest.State.APPLIED:
        return f"Applied as change request {request.pk}."
    return f"Change request {request.pk} waits for a second person ({', '.join(request.risks)})."


def add_table_argument(parser: CommandParser, help_text: str) -> None:
    parser.add_argument("--table", choices=list(TABLES), metavar="TABLE", help=f"{help_text}: {', '.join(TABLES)}")


def table_from(name: str | None) -> TableSpec | None:
    return TABLES[name] if name else None


def add_cluster_argument(parser: CommandParser) -> None:
    parser.add_argument("--cluster", type=filled, metavar="NAME", help="the cluster, when there is more than one")


def cluster_from(name: str | None) -> Cluster:
    if not name:
        return cluster_named(settings.CLUSTER, Actor.command()) if settings.CLUSTER else get_cluster()
    try:
        return Cluster.objects.get(name=name)
    except Cluster.DoesNotExist as error:
        known = ", ".join(Cluster.objects.values_list("name", flat=True)) or get_cluster().name
        raise CommandError(f"There is no cluster {visible(name)}. There is: {known}.") from error


def actor_from(username: str | None) -> Actor:
    """The named person, or the operating system's user, who may author anything and review nothing."""
    if not username:
        return Actor.command()
    try:
        return Actor.of(User.objects.get(username=username, is_active=True))
    except User.DoesNotExist as error:
        raise CommandError(f"There is no active person {visible(username)}. Name one who can log in.") from error


@contextmanager
def progress_bar(title: str, total: int | None) -> Iterator[Any]:
    """``advance_to(n)``: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)
