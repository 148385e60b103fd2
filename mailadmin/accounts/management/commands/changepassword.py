"""``manage.py changepassword``: Django's own, which the history tells of."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from mailadmin.accounts import people
from mailadmin.accounts.models import User
from tables.actors import Actor

TRIES = 3


class Command(changepassword.Command):
    help = "Give a person a new password, as the history then tells. Their sessions end."

    def handle(self, *args: Any, username: str | None, **options: Any) -> None:
        actor = Actor.command()
        name = username or actor.name.removeprefix("cli:")
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no person {name}. Name one: changepassword USERNAME.")
        for _attempt in range(TRIES):
            if password := self._asked(person):
                people.set_password(actor=actor, person=person, password=password)
                self.stdout.write(f"{person} has a new password.")
                return
        raise CommandError(f"No password was set in {TRIES} attempts.")

    def _asked(self, person: User) -> str:
        """What was typed twice and will do; empty otherwise."""
        password = getpass("Password: ")
        if password != getpass("Password (again): "):
            self.stderr.write("The two are not the same.")
            return ""
        try:
            validate_password(password, person)
        except ValidationError as error:
            self.stderr.write("\n".join(error.messages))
            return ""
        return password
