"""What a service refuses, in words fit for the person who asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from tables.sendmail.spec import Entry, Problem

if TYPE_CHECKING:
    from tables.models import ChangeRequest


class ChangeError(Exception):
    """A change that cannot go on. The message says what is wrong and what to do."""


class Forbidden(ChangeError, PermissionDenied):
    """This actor may not do this."""


class Invalid(ChangeError):
    """Errors that sendmail or the file would suffer from."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(f"{problem.message} {problem.remedy}" for problem in problems))


class NotDelegated(Invalid):
    """An entry that is not this limited person's to write."""


class Unconfirmed(Invalid):
    """Warnings that the person has not accepted yet."""


class KeyHeld(ChangeError):
    """Another open request holds the key; one that says nothing of itself when it is not for this person to see."""

    def __init__(self, request: ChangeRequest, table: str, key: str) -> None:
        self.request = request
        who = f"change request {request.pk} of {request.author_name}" if request.pk else "a change request of others"
        super().__init__(f"{key} in {table} is held by {who}. Have that request decided or withdrawn first.")


class ReasonMissing(ChangeError):
    """A change that another person must review has to say why."""

    def __init__(self, risks: Collection[str]) -> None:
        self.risks = frozenset(risks)
        super().__init__(
            f"This change needs a second person ({', '.join(sorted(risks))}). Say in the reason why it is wanted."
        )


class Stale(ChangeError):
    """Somebody else changed the entry since it was shown."""

    def __init__(self, table: str, key: str, current: Entry | None) -> None:
        self.current = current
        what = "deleted it" if current is None else "changed it"
        super().__init__(f"{key} in {table} is not what you were shown: somebody {what}. Compare and save again.")


class Waiting(ChangeError):
    """What is approved must not be applied yet. It stays approved and can be applied later."""


class ReviewError(ChangeError):
    """A review that does not count."""
