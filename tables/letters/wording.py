"""The text of the letter about one notice: plain, masked as the pages are, with nothing that its reader may not see."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from tables import scopes, seeing
from tables.letters import changes
from tables.models import ChangeRequest, Notice, Publication
from tables.noticing import kinds
from tables.noticing.links import absolute, path_of
from tables.noticing.publications import changes_in
from tables.noticing.recipients import may_be_told
from tables.noticing.telling import one_line

PREFIX = "[mailadmin]"
WIDTH = 78

#: Kinds that ask for a decision, which needs to know what the changes do.
DECIDED_UPON = {kind.name for kind in (kinds.REVIEW, kinds.WAITING, kinds.GLASS)}


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str


def of_notice(notice: Notice) -> Text | None:
    """The letter about a notice. ``None``: it need not go out any more, or its reader may no longer be told."""
    about_tables = notice.request_id or notice.publication_id
    if notice.settled_at or (about_tables and not may_be_told(notice.person, notice.request)):
        return None
    said = [line for text in notice.text.split("\n") for line in _wrapped(text)]
    told = "\n".join([prose(notice.subject), *(f"  {line}" for line in said)])
    parts = [told, *_about(notice), absolute(path_of(notice)), _footer(notice)]
    return Text(f"{PREFIX} {notice.subject}", "\n\n".join(part for part in parts if part) + "\n")


def prose(text: str) -> str:
    """A sentence wrapped for a terminal; a link or a key stays whole."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return textwrap.fill(ended, WIDTH, break_long_words=False, break_on_hyphens=False)


def block(title: str, lines: Sequence[str]) -> str:
    """A title and lines below it, set in so that no mail program takes one for something of its own."""
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)]) if lines else ""


def _about(notice: Notice) -> Iterator[str]:
    if notice.request:
        yield from _about_request(notice, notice.request)
    elif notice.publication:
        yield from _about_publication(notice, notice.publication)


def _about_request(notice: Notice, request: ChangeRequest) -> Iterator[str]:
    found = list(request.changes.select_related("request__cluster").order_by("table", "pk")[: changes.LOOKED_AT])
    if notice.kind in DECIDED_UPON:
        yield block("What it does", [line for said in changes.effects_of(request, found) for line in _wrapped(said)])
        yield block("Why it needs a second person", changes.meanings(request.risks))
    yield block("What changes in the policy", changes.of_policy(request))
    yield block("What changes in the files", changes.difference(found, request.changes.count() - len(found)))


def _about_publication(notice: Notice, publication: Publication) -> Iterator[str]:
    """The reader's own changes in it."""
    inside = changes_in(publication, notice.detail["after"], notice.detail["until"])
    mine = seeing.changes(scopes.of_person(notice.person), inside.filter(author=notice.person))
    found = list(mine.select_related("request").order_by("table", "pk")[: changes.LOOKED_AT])
    if notice.kind == kinds.PUBLISHED.name:
        yield block("Where it is live", [*_hosts(publication)])
    yield block("Your changes in it", changes.difference(found, mine.count() - len(found)))


def _hosts(publication: Publication) -> Iterator[str]:
    wanted = publication.release.number
    for host in publication.release.cluster.hosts.select_related("release"):
        there = host.release.number if host.release else None
        live = there is not None and there >= wanted
        yield f"{one_line(host.name, 100)}: {'live' if live else f'not yet (release {there})' if there else 'not yet'}"


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH - 2, break_long_words=False, break_on_hyphens=False)


def _footer(notice: Notice) -> str:
    kind = kinds.KINDS[notice.kind]
    why = "Everybody who may review is told at once" if kind.fixed else "You chose to hear at once"
    return footer(f"{why} of: {kind.title}.")


def footer(why: str) -> str:
    return f"-- \n{why}\nHow you hear of what: {absolute(reverse('notices-settings'))}"
