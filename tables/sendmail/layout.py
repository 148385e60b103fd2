"""Where an entry stands in its file."""

from __future__ import annotations

#: The distance between the positions of two lines of a file as read.
STEP = 2**32

#: What the publisher's line at the top of a file starts with; reading a file drops that line and no other comment.
STAMP_PREFIX = "# mailadmin: release "

_CLOSE = 2**12


def place(previous: int, following: int | None) -> int:
    """The position of a new entry after ``previous`` and before ``following`` (``None``: at the end).

    It stands close to ``previous``, so that the next one finds room too. When there is no room left the answer is
    ``previous`` itself: entries of one position are ordered by key.
    """
    if following is None:
        return previous + STEP
    return previous + min(_CLOSE, max(following - previous, 0) // 2)
