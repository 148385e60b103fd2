"""``manage.py first_run``: what a new installation needs before anybody can log in. Does nothing on later runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import CommandParser
from django.db import transaction

from mailadmin.accounts import people
from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role
from tables import importing
from tables.actors import Actor
from tables.entries import is_empty
from tables.errors import ChangeError
from tables.management.command import TablesCommand, cluster_from, decoded, filled_path
from tables.models import Cluster
from tables.searching import gaps

ADMINISTRATOR = "admin"


class Command(TablesCommand):
    help = "Set up a new installation: take over the tables found, make an administrator with a one-time password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="source", type=filled_path, default=Path("/etc/mail"), help="where tables may be (/etc/mail)"
        )
        parser.add_argument("--sample", action="store_true", help="take the sample tables even if there are others")

    def handle(self, *, source: Path, sample: bool, **options: Any) -> None:
        cluster = cluster_from(None)
        if is_empty(cluster):
            self._take_over(cluster, source, sample)
        if not User.objects.filter(is_active=True).exists():
            self._make_administrator()

    def _take_over(self, cluster: Cluster, source: Path, sample: bool) -> None:
        directory, files = self._found(source, sample)
        outcome = importing.baseline(
            cluster=cluster, actor=Actor.command(), files=files, reason=f"First import of {decoded(str(directory))}"
        )
        gaps.close_all()
        for report in outcome.reports:
            self.print_problems(str(report.path), report.problems)
        total = sum(report.entries for report in outcome.reports)
        self.stdout.write(f"Imported {total} entries of {len(files)} tables from {directory}.")

    def _found(self, source: Path, sample: bool) -> tuple[Path, dict[str, Path]]:
        if not sample:
            try:
                files = readable(importing.find_files(source))
                importing.refuse_foreign(files)
                return source, files
            except ChangeError as error:
                self.stdout.write(f"{error} Taking the sample tables instead.")
        shipped = settings.BASE_DIR / "sample"
        return shipped, importing.find_files(shipped)

    @transaction.atomic
    def _make_administrator(self) -> None:
        password = secrets.token_urlsafe(12)
        person = User.objects.create_user(ADMINISTRATOR, password=password, must_change_password=True)
        person.groups.set(Group.objects.filter(name=Role.ADMINISTRATOR))
        people.note_new(person)
        self.stdout.write(self.style.SUCCESS(f"Log in as {ADMINISTRATOR} with the one-time password {password}"))


def readable(files: dict[str, Path]) -> dict[str, Path]:
    """The files, if all can be read: Debian's /etc/mail/access is for root alone, and half of a host is no start."""
    for file in files.values():
        if not os.access(file, os.R_OK):
            raise ChangeError(f"{file} may not be read by you; start as root to take over what is in {file.parent}.")
    return files
