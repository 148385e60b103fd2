"""Who is told of what: one call in the transaction of an act writes the notices and the letters about it."""

from tables.noticing.accounts import role_asked, role_decided
from tables.noticing.publications import failed, published
from tables.noticing.requests import (
    applied,
    approval_ending,
    conflicted,
    decided,
    expired,
    expiring,
    glass_broken,
    review_asked,
    review_withdrawn,
    settle,
    undecided,
    withdrawn,
)

__all__ = [
    "applied",
    "approval_ending",
    "conflicted",
    "decided",
    "expired",
    "expiring",
    "failed",
    "glass_broken",
    "published",
    "review_asked",
    "review_withdrawn",
    "role_asked",
    "role_decided",
    "settle",
    "undecided",
    "withdrawn",
]
