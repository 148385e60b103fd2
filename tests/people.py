"""The fixed cast: alice edits, bob reviews, charlie may only look, dora administers."""

from django.contrib.auth.models import Group

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import Role

PASSWORD = "correct horse battery staple"

CAST = {
    "alice": Role.POSTMASTER,
    "bob": Role.APPROVER,
    "charlie": Role.VIEWER,
    "dora": Role.ADMINISTRATOR,
}


def make_person(username: str, *roles: Role) -> User:
    person = User.objects.create_user(username, f"{username}@example.com", PASSWORD)
    person.groups.set(Group.objects.filter(name__in=roles))
    return person
