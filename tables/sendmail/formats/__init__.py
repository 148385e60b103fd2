"""The three formats of text that sendmail's programs read: maps, aliases, class files."""

from __future__ import annotations

from tables.sendmail.formats import aliases, classes, maps
from tables.sendmail.formats.base import Format
from tables.sendmail.spec import Kind

FORMATS: dict[Kind, Format] = {
    Kind.MAP: maps.FORMAT,
    Kind.ALIASES: aliases.FORMAT,
    Kind.CLASS: classes.FORMAT,
}
