"""Differences, for the pages that show them."""

from tables.differences import Line, difference, difference_of

__all__ = ["Line", "difference", "difference_of"]
