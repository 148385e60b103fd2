"""Searching a table of a million entries for any words, in bounded time: what is looked up, and where."""
