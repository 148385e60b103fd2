"""``manage.py git_export``: what the publisher does by itself after each publication, at once and for all past ones."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from tables import gitting
from tables.management.command import TablesCommand, counted
from tables.sendmail.commands import CommandError as ProgramError


class Command(TablesCommand):
    help = "Commit every publication that is not yet in the git repository of MAILADMIN_GIT_REPOSITORY."

    def handle(self, **options: Any) -> None:
        if not settings.GIT_REPOSITORY:
            raise CommandError("MAILADMIN_GIT_REPOSITORY names no repository. Make one with git init --bare, name it.")
        try:
            done = gitting.export()
        except ProgramError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{counted(done, 'publication')} committed into {settings.GIT_REPOSITORY}.")
