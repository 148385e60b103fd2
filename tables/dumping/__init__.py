"""All that is mailadmin's in one file, and a new installation out of it (docs/dump.md)."""
