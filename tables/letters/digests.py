"""The daily digest: one letter a day for whoever wants things told in it, and none when there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import PUBLISH, REVIEW, VIEW
from tables import breaking, findings, inbox, reviews, scopes, seeing
from tables.letters.wording import PREFIX, Text, block, footer
from tables.models import BrokenGlass, ChangeRequest, Cluster, How, Letter, Notice, NoticeSettings
from tables.noticing import kinds
from tables.noticing.links import absolute, path_of
from tables.noticing.recipients import may_be_told
from tables.noticing.telling import one_line
from tables.publishing.hosts import slowest_host
from tables.scopes import Scope
from tables.sendmail.spec import Grade

#: Submitted requests that are looked at for one person, and lines that each part of a digest has.
LOOKED_AT, SHOWN = 200, 20


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is told. ``problems`` are told along: alone they are no reason for a letter a day."""

    glass: list[BrokenGlass] = field(default_factory=list)
    reviews: list[ChangeRequest] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    pending: int = 0
    problems: str = ""

    @property
    def empty(self) -> bool:
        return not (self.glass or self.reviews or self.notices or self.pending)


# --- when -------------------------------------------------------------------------------------------------------------


def day_of(now: datetime, *, early: bool = False) -> date | None:
    """The day, in the panel's time zone, whose digest is due; ``None`` before its hour.

    By the clock on the wall: an hour that summer time skips counts as begun, one that comes twice is one.
    """
    local = timezone.localtime(now)
    return local.date() if early or local.hour >= settings.DIGEST_HOUR else None


def _waiting_for(day: date, *, early: bool = False) -> QuerySet[User]:
    """Those for whom nobody thought of that day yet. Who came after its hour has none to miss."""
    earlier = Q(notice_settings__digest_day__isnull=True) | Q(notice_settings__digest_day__lt=day)
    people = User.objects.filter(earlier, is_active=True).exclude(email="")
    begin = timezone.make_aware(datetime.combine(day, time(settings.DIGEST_HOUR)))
    return people if early else people.filter(date_joined__lt=begin)


def due(now: datetime) -> bool:
    day = day_of(now)
    return settings.EMAIL_ON and day is not None and _waiting_for(day).exists()


def write_due(*, now: datetime | None = None, early: bool = False) -> int:
    """Write the letters of the day that are not written yet; how many. ``early``: do not wait for the hour."""
    day = day_of(now or timezone.now(), early=early)
    if day is None or not settings.EMAIL_ON:
        return 0
    return sum(_write(person, day) for person in _waiting_for(day, early=early).order_by("pk"))


@transaction.atomic
def _write(person: User, day: date) -> bool:
    """One person's, unless somebody else was quicker: each day is thought of once."""
    NoticeSettings.objects.get_or_create(person=person)
    free = NoticeSettings.objects.filter(Q(digest_day__isnull=True) | Q(digest_day__lt=day), person=person)
    if not free.update(digest_day=day) or not inbox.wants_digest(person):
        return False
    fresh = Notice.objects.filter(person=person, how=How.DIGEST, digest__isnull=True)
    if _compose(person, fresh).empty:
        return False
    letter = Letter.objects.create(person=person, day=day, next_try_at=timezone.now())
    _take_over(letter)
    fresh.update(digest=letter)
    return True


def _take_over(letter: Letter) -> None:
    """An older digest that never went out says nothing more than the new one will."""
    older = Letter.objects.filter(person=letter.person, day__lt=letter.day, state=Letter.State.WAITING)
    Notice.objects.filter(digest__in=older).update(digest=letter)
    older.update(state=Letter.State.DROPPED, ended_at=timezone.now())


# --- what -------------------------------------------------------------------------------------------------------------


def _compose(person: User, notices: QuerySet[Notice]) -> Digest:
    told = notices.filter(read_at__isnull=True).select_related("request").order_by("pk")
    if not person.has_perm(VIEW):
        return Digest(notices=list(told.filter(request__isnull=True, publication__isnull=True)))
    waiting = _reviews(person)
    listed = {request.pk for request in waiting}
    asked = kinds.REVIEW.name
    return Digest(
        glass=_glass(person),
        reviews=waiting,
        notices=[
            notice
            for notice in told
            if may_be_told(person, notice.request) and not (notice.kind == asked and notice.request_id in listed)
        ],
        pending=_pending(scopes.of_person(person)) if person.has_perm(PUBLISH) else 0,
        problems=_problems(scopes.of_person(person)),
    )


def _reviews(person: User) -> list[ChangeRequest]:
    if not person.has_perm(REVIEW):
        return []
    waiting = ChangeRequest.objects.filter(state=ChangeRequest.State.SUBMITTED).order_by("pk")
    found = waiting.select_related("cluster", "author")[:LOOKED_AT]
    mine = [request for request in found if not reviews.why_not(request=request, user=person)]
    return [request for request in mine if may_be_told(person, request)]


def _glass(person: User) -> list[BrokenGlass]:
    """What went live in an emergency and waits for its review for too long."""
    overdue = breaking.standing().filter(due_at__lt=timezone.now())
    return [glass for glass in overdue if person.has_perm(REVIEW) and may_be_told(person, glass.request)]


def _pending(scope: Scope) -> int:
    clusters = Cluster.objects.order_by("pk")
    return sum(seeing.pending(scope, one, slowest_host(one)).order_by().count() for one in clusters)


def _problems(scope: Scope) -> str:
    found = [seeing.grades(scope, findings.last(cluster)) for cluster in Cluster.objects.order_by("pk")]
    counts = [(sum(one.get(grade, 0) for one in found), grade) for grade in (Grade.ERROR, Grade.WARNING)]
    return " and ".join(_counted(number, grade) for number, grade in counts if number)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def text_of(letter: Letter) -> Text | None:
    """The letter as it is when it goes out. ``None``: there is nothing to say any more."""
    person = letter.person
    digest = _compose(person, Notice.objects.filter(digest=letter))
    if digest.empty or not person.is_active or letter.day is None:
        return None
    parts = [*_parts(digest), footer("This is the daily digest of mailadmin.")]
    return Text(f"{PREFIX} Digest of {letter.day}{_in_short(digest)}", "\n\n".join(filter(None, parts)) + "\n")


def _in_short(digest: Digest) -> str:
    counts = [
        "BROKEN GLASS OVERDUE" if digest.glass else "",
        _counted(len(digest.reviews), "review") + " wanted" if digest.reviews else "",
        _counted(len(digest.notices), "notice") if digest.notices else "",
        f"{digest.pending} not live" if digest.pending else "",
    ]
    return f": {', '.join(filter(None, counts))}"


def _parts(digest: Digest) -> Iterator[str]:
    yield block(
        "Broken glass that nobody has reviewed", _listed([*map(_glass_line, digest.glass)], reverse("requests"))
    )
    yield block("Waits for your review", _listed([*map(_request_line, digest.reviews)], reverse("requests")))
    yield block("What happened", _listed([*map(_notice_line, digest.notices)], reverse("notices")))
    if digest.pending:
        one = digest.pending == 1
        said = f"{_counted(digest.pending, 'change')} {'is' if one else 'are'} applied, and not live yet."
        yield block("Not live yet", [said, absolute(reverse("publish"))])
    if digest.problems:
        yield block("Problems in the tables", [digest.problems, absolute(reverse("problems"))])


def _listed(pairs: list[tuple[str, str]], all_of_them: str) -> list[str]:
    lines = [line for pair in pairs[:SHOWN] for line in pair]
    more = len(pairs) - SHOWN
    return [*lines, f"… and {more} more: {absolute(all_of_them)}"] if more > 0 else lines


def _glass_line(glass: BrokenGlass) -> tuple[str, str]:
    said = (
        f"Request {glass.request_id}, applied by {glass.person_name} on {timezone.localtime(glass.at):%Y-%m-%d %H:%M}"
    )
    return one_line(said), f"  {absolute(reverse('request', args=[glass.request_id]))}"


def _request_line(request: ChangeRequest) -> tuple[str, str]:
    since = f", since {timezone.localtime(request.submitted_at):%Y-%m-%d %H:%M}" if request.submitted_at else ""
    said = f"Request {request.pk} by {request.author_name} ({', '.join(request.risks)}){since}"
    return one_line(said), f"  {absolute(reverse('request', args=[request.pk]))}"


def _notice_line(notice: Notice) -> tuple[str, str]:
    at = timezone.localtime(notice.created_at)
    return f"{at:%Y-%m-%d %H:%M}  {notice.subject}", f"  {absolute(path_of(notice))}"
