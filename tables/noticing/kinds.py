"""The kinds of things that people are told, and how they hear of each unless they choose otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from tables.models import How


@dataclass(frozen=True, slots=True)
class Kind:
    """``asks``: something is to be done about it. ``fixed``: nobody can choose to hear of it later or not at all."""

    name: str
    title: str
    meaning: str
    how: How
    icon: str
    asks: bool = False
    fixed: bool = False


REVIEW = Kind(
    "review",
    "Asked for a review",
    "Somebody proposes a change that you may approve or reject.",
    How.NOW,
    "eye",
    asks=True,
)
WAITING = Kind(
    "waiting",
    "Waiting and running out",
    "A request of yours, or one that you may review, waits for long or is about to run out.",
    How.NOW,
    "clock",
    asks=True,
)
GLASS = Kind(
    "glass",
    "Break glass",
    "A change went live without the second person that it needs. This always comes at once.",
    How.NOW,
    "bolt",
    asks=True,
    fixed=True,
)
PANIC = Kind(
    "panic",
    "Panic close",
    "Somebody closed every relay permission at once. This always comes at once.",
    How.NOW,
    "lock-closed",
    fixed=True,
)
APPROVED = Kind("approved", "Approved", "Somebody approved a request of yours.", How.NOW, "check-circle")
REJECTED = Kind("rejected", "Rejected", "Somebody rejected a request of yours.", How.NOW, "x-circle", asks=True)
CONFLICTED = Kind(
    "conflicted",
    "Conflicted",
    "What a request of yours starts from was changed meanwhile.",
    How.NOW,
    "exclamation-triangle",
    asks=True,
)
APPLIED = Kind(
    "applied",
    "Applied or edited",
    "Somebody else applied a request of yours, or edited it.",
    How.DIGEST,
    "inbox-arrow-down",
)
REMARK = Kind(
    "remark",
    "Questions",
    "Somebody asks or answers in a thread about a request of yours, or in which you wrote.",
    How.NOW,
    "chat-bubble-left-right",
    asks=True,
)
CLOSED = Kind(
    "closed",
    "Withdrawn or expired",
    "A request of yours, or one that you were asked about, ended without a decision.",
    How.DIGEST,
    "archive-box",
)
PUBLISHED = Kind("published", "Published", "Changes of yours are live.", How.DIGEST, "rocket-launch")
FAILED = Kind(
    "failed",
    "Publication failed",
    "A publication of changes of yours, or one that you asked for, failed or was rolled back.",
    How.NOW,
    "fire",
    asks=True,
)
DRIFT = Kind(
    "drift",
    "Changed by hand",
    "Somebody changed a published file on a mail host: the next publication stops there until you say what to do.",
    How.NOW,
    "pencil-square",
    asks=True,
)
DATES = Kind(
    "dates",
    "Began and ended",
    "Entries whose start or end you set began or ended by themselves, or could not.",
    How.DIGEST,
    "calendar-days",
)
ROLE = Kind(
    "role",
    "Roles",
    "A role waits for you to give it, or you were given or refused one.",
    How.NOW,
    "user-group",
    asks=True,
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        GLASS,
        PANIC,
        REVIEW,
        WAITING,
        APPROVED,
        REJECTED,
        CONFLICTED,
        REMARK,
        APPLIED,
        PUBLISHED,
        FAILED,
        DRIFT,
        DATES,
        CLOSED,
        ROLE,
    )
}
