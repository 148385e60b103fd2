"""What people are told of publications. Called in the transaction in which a publication ends."""

from __future__ import annotations

from django.db.models import QuerySet

from mailadmin.accounts.models import User
from tables import seeing
from tables.actors import Actor
from tables.models import Change, ChangeRequest, Publication
from tables.noticing import kinds
from tables.noticing.recipients import fit
from tables.noticing.telling import one_line, tell
from tables.scopes import Scope

State = Publication.State


def range_of(publication: Publication) -> tuple[int, int]:
    """The changes that this publication was to bring to its host: after the first number, up to the second."""
    earlier = Publication.objects.filter(host=publication.host_id, state=State.SUCCEEDED).exclude(pk=publication.pk)
    before = earlier.filter(release__number__lt=publication.release.number).order_by("-release__number")
    live = before.values_list("release__change_number", flat=True).first()
    return live or 0, publication.release.change_number


def changes_in(publication: Publication, after: int, until: int) -> QuerySet[Change]:
    return Change.objects.filter(cluster=publication.release.cluster_id, number__gt=after, number__lte=until)


def _authors(publication: Publication, after: int, until: int) -> list[User]:
    """Whoever wrote any of these changes, proposed their request or submitted it."""
    changes = changes_in(publication, after, until)
    requests = ChangeRequest.objects.filter(pk__in=changes.order_by().values("request").distinct())
    keys = set(changes.order_by().values_list("author", flat=True).distinct())
    keys |= {key for pair in requests.values_list("author", "submitter") for key in pair}
    return list(User.objects.filter(pk__in=keys - {None}).order_by("username"))


def _asked_by(publication: Publication) -> User | None:
    """A publication keeps the name alone of whoever asked for it."""
    return User.objects.filter(username=publication.requested_by_name).first()


def published(*, publication: Publication) -> None:
    """Tell the authors of what is now live, once for a release: the other hosts follow."""
    after, until = range_of(publication)
    asked = _asked_by(publication)
    actor = Actor.of(asked) if asked else Actor(publication.requested_by_name)
    release, host = publication.release, publication.host
    tell(
        kinds.PUBLISHED,
        fit(_authors(publication, after, until), actor=actor),
        key=f"published:{release.pk}",
        subject=f"Release {release.number} is live on {one_line(host.name, 100)}",
        text="Changes of yours are in it.",
        publication=publication,
        detail={"after": after, "until": until},
    )


def failed(*, publication: Publication) -> None:
    """Tell the authors, and whoever asked for it, that a publication failed or was rolled back."""
    after, until = range_of(publication)
    people = _authors(publication, after, until)
    if asked := _asked_by(publication):
        people.append(asked)
    release, host = publication.release, publication.host
    became = "was rolled back" if publication.state == State.ROLLED_BACK else "failed"
    told = fit(people, actor=Actor.publisher(host.name))
    for limited in (False, True):
        tell(
            kinds.FAILED,
            [person for person in told if person.limited is limited],
            key=f"failed:{publication.pk}",
            subject=f"Publishing release {release.number} to {one_line(host.name, 100)} {became}",
            # What programs said may be about any domain.
            text=seeing.trouble(Scope(limited=limited), publication),
            publication=publication,
            detail={"after": after, "until": until},
        )
