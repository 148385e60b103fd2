"""Writing notices and the letters about them, in the transaction of the act that they tell of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailadmin.accounts.models import User
from tables.models import ChangeRequest, How, Letter, Notice, NoticeSettings, Publication
from tables.noticing.kinds import KINDS, Kind
from tables.sendmail.text import visible

SUBJECT_LENGTH = 250


def one_line(text: str, longest: int = SUBJECT_LENGTH) -> str:
    """Anything at all as one line without control characters and passwords, fit for the header of a letter."""
    line = " ".join(visible(" ".join(text.split())).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


@transaction.atomic
def tell(
    kind: Kind,
    people: Iterable[User],
    *,
    key: str,
    subject: str,
    text: str = "",
    request: ChangeRequest | None = None,
    publication: Publication | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Tell each of them of one thing, as each wants to hear of it. Who was told of ``key`` is not told again."""
    told = list(people)
    if not told:
        return
    chosen = choices_of(told)
    made = [
        Notice(
            person=person,
            kind=kind.name,
            key=key,
            request=request,
            publication=publication,
            subject=one_line(subject),
            text=lines(text),
            detail=dict(detail or {}),
            how=chosen[person.pk].get(kind.name, kind.how),
        )
        for person in told
    ]
    # Two publishers may tell of one release at the same time: the second waits for the first and adds nothing.
    Notice.objects.bulk_create(made, ignore_conflicts=True)
    if settings.EMAIL_ON:
        _write_letters(key, told)


def answer(asked: QuerySet[Notice]) -> None:
    """What these notices ask for is done: they count as read, and letters about them that wait do not go out."""
    now = timezone.now()
    asked.filter(settled_at__isnull=True).update(settled_at=now, read_at=Coalesce("read_at", now))


def choices_of(people: Iterable[User]) -> dict[int, dict[str, How]]:
    """How each of these persons wants to hear of each kind that they chose something for."""
    keys = [person.pk for person in people]
    stored = NoticeSettings.objects.filter(person__in=keys).values_list("person", "choices")
    found: dict[int, dict[str, How]] = {key: {} for key in keys}
    for person, chosen in stored:
        known = ((KINDS[name], how) for name, how in chosen.items() if name in KINDS and how in How.values)
        found[person] = {kind.name: How(how) for kind, how in known if not kind.fixed}
    return found


def _write_letters(key: str, people: Iterable[User]) -> None:
    reached = [person.pk for person in people if person.email]
    wanted = Notice.objects.filter(key=key, person__in=reached, how=How.NOW, letter__isnull=True)
    now = timezone.now()
    made = [Letter(notice=notice, person_id=notice.person_id, next_try_at=now) for notice in wanted]
    Letter.objects.bulk_create(made, ignore_conflicts=True)
