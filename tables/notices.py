"""Who is told of what: one call in the transaction of an act writes the notices and the letters about it."""

from tables.noticing.accounts import role_asked, role_decided
from tables.noticing.dates import carried_out
from tables.noticing.drifts import drift_ended, drifted
from tables.noticing.emergencies import glass_broken, glass_overdue, glass_reviewed, panic_closed
from tables.noticing.publications import failed, published
from tables.noticing.requests import (
    applied,
    approval_ending,
    approval_lapsed,
    conflicted,
    decided,
    edited,
    expired,
    expiring,
    remarked,
    review_asked,
    settle,
    undecided,
    withdrawn,
)

__all__ = [
    "applied",
    "approval_ending",
    "approval_lapsed",
    "carried_out",
    "conflicted",
    "decided",
    "drift_ended",
    "drifted",
    "edited",
    "expired",
    "expiring",
    "failed",
    "glass_broken",
    "glass_overdue",
    "glass_reviewed",
    "panic_closed",
    "published",
    "remarked",
    "review_asked",
    "role_asked",
    "role_decided",
    "settle",
    "undecided",
    "withdrawn",
]
