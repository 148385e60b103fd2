"""A person's notices in the panel, and how they want to hear of each kind."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import scopes, seeing
from tables.errors import ChangeError
from tables.models import ChangeRequest, Drift, How, Notice, NoticeSettings, Publication
from tables.noticing.kinds import KINDS
from tables.noticing.links import DRIFT_KEY
from tables.noticing.telling import choices_of

#: More than these are shown as "99+".
MOST_COUNTED = 99


def notices_of(person: User, *, unread: bool = False) -> QuerySet[Notice]:
    """Newest first. What a person was told before they were limited is told no more where it is not theirs to see."""
    found = seeing.notices(scopes.of_person(person), Notice.objects.filter(person=person)).order_by("-id")
    return found.filter(read_at__isnull=True) if unread else found


def unread(person: User) -> int:
    """How many they have not read, counted no further than one more than :data:`MOST_COUNTED`."""
    return notices_of(person, unread=True).order_by()[: MOST_COUNTED + 1].count()


def mark_read(*, person: User, notice: Notice | None = None, until: int | None = None) -> int:
    """One notice of theirs, or all up to the one with the number ``until``; how many there were."""
    found = notices_of(person, unread=True)
    found = found.filter(pk=notice.pk) if notice else found.filter(pk__lte=until or 0)
    return found.order_by().update(read_at=timezone.now())


def seen(
    *,
    person: User,
    request: ChangeRequest | None = None,
    publication: Publication | None = None,
    drift: Drift | None = None,
) -> None:
    """Whoever opens the page of a thing has read what they were told of it."""
    about: dict[str, object] = {"request": request} if request else {"publication": publication}
    if drift:
        about = {"key": f"{DRIFT_KEY}{drift.pk}"}
    notices_of(person, unread=True).filter(**about).order_by().update(read_at=timezone.now())


def choices(person: User) -> dict[str, How]:
    """How they hear of each kind."""
    chosen = choices_of([person])[person.pk]
    return {name: chosen.get(name, kind.how) for name, kind in KINDS.items()}


@transaction.atomic
def choose(*, person: User, wanted: Mapping[str, How]) -> None:
    """From now on they hear of these kinds so; of the others as before."""
    for name, how in wanted.items():
        if KINDS[name].fixed and how != KINDS[name].how:
            raise ChangeError(f"“{KINDS[name].title}” always comes at once by e-mail and cannot be switched off.")
    NoticeSettings.objects.get_or_create(person=person)
    kept = NoticeSettings.objects.select_for_update().get(person=person)
    kept.choices |= {name: How(how).value for name, how in wanted.items() if not KINDS[name].fixed}
    kept.save(update_fields=["choices"])


def wants_digest(person: User) -> bool:
    """The digest goes to whoever has something told in it."""
    return How.DIGEST in choices(person).values()
