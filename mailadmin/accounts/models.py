"""A person, as the panel knows them."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. Never deleted, only switched off: history names them by their id."""

    must_change_password = models.BooleanField(default=False)
    #: Who last made, re-enabled or reset this account: they may not approve what it proposes for some days.
    credentials_set_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    credentials_set_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        permissions: ClassVar = [("manage_people", "Can add people and set what they may do")]

    def __str__(self) -> str:
        return self.username
