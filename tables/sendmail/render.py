"""Entries to the bytes of a flat file: a stream in which an unchanged line comes out exactly as it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BytesIO

from tables.sendmail.formats import FORMATS
from tables.sendmail.formats.base import What, broken, uncommented, without_nul
from tables.sendmail.spec import Entry, Kind, Passage, TableSpec
from tables.sendmail.text import encode, fold, visible

_CHUNK = 65_536

#: A comment line that we write stays far below the shortest limit of a line (makemap's 1022 bytes).
_COMMENT_WIDTH = 900


class UnwritableError(ValueError):
    """An entry without a key or with a line break in it, which no check lets pass."""

    def __init__(self, spec: TableSpec, key: str) -> None:
        super().__init__(
            f"The entry “{visible(key)[:60]}” of {spec.name} cannot be written as one line: "
            "give it a key and remove every line break from its key and value."
        )


#: One entry as the database has it: key, value, comment, enabled, position, above, raw. To make an :class:`Entry` of
#: each of a million rows takes as long as all the rest.
Row = tuple[str, str, str, bool, int, str, str]
#: The same with what stands in no file (:data:`tables.sendmail.spec.ABOUT`); ``None`` is the empty text there.
WholeRow = tuple[str, str, str, bool, int, str, str, str | None, str | None, str | None, str | None]


def row_of(entry: Entry) -> Row:
    return entry.key, entry.value, entry.comment, entry.enabled, entry.position, entry.above, entry.raw


def whole_row_of(entry: Entry) -> WholeRow:
    return *row_of(entry), entry.owner, entry.ticket, entry.starts, entry.ends


def entry_of(row: Row | WholeRow) -> Entry:
    key, value, comment, enabled, position, above, raw, *about = row
    return Entry(key, value, comment, bool(enabled), position, above, raw, *(text or "" for text in about))


def render(spec: TableSpec, items: Iterable[Entry | Passage]) -> Iterator[bytes]:
    """The file that holds ``items``, which come sorted by (position, key), passages first, in chunks of bytes."""
    return render_rows(spec, (item if isinstance(item, Passage) else row_of(item) for item in items))


def render_rows(spec: TableSpec, rows: Iterable[Row | Passage]) -> Iterator[bytes]:
    """The same of rows."""
    held: list[str] = []
    size = 0
    for text in _texts(spec, rows):
        held.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield encode("".join(held))
            held, size = [], 0
    if held:
        yield encode("".join(held))


def _texts(spec: TableSpec, rows: Iterable[Row | Passage]) -> Iterator[str]:
    """The text of each item, with the line end between two that the first one lacks."""
    joins, text_of = FORMATS[spec.kind].joins, _writer(spec)
    before: Row | Passage | None = None
    last = "\n"
    for row in rows:
        text = row.text if isinstance(row, Passage) else text_of(row)
        if not text:
            continue
        if last[-1] != "\n" and not _goes_on(spec, before, row):
            # A backslash here would join the next line; the blank after it keeps it what it was, the last character.
            yield " \n" if joins and last[-1] == "\\" else "\n"
        elif joins and last[-2:] == "\\\n":
            yield "\n"  # a file that ended with a backslash was joined to nothing, and an empty line is nothing
        yield text
        before, last = row, text


def goes_on(spec: TableSpec, before: Entry | Passage, item: Entry | Passage) -> bool:
    """Whether ``item`` is the next word of the line that ``before`` stands on (class files)."""
    return _goes_on(spec, *(each if isinstance(each, Passage) else row_of(each) for each in (before, item)))


def _goes_on(spec: TableSpec, before: Row | Passage | None, row: Row | Passage) -> bool:
    if spec.kind is not Kind.CLASS or before is None or isinstance(before, Passage) or isinstance(row, Passage):
        return False
    _key, _value, comment, enabled, position, above, raw = row
    return bool(
        before[3]
        and enabled
        and not above
        and not comment
        and raw[:1] in (" ", "\t", "\v", "\f", "\r")
        and position == before[4] + 1
    )


def _writer(spec: TableSpec) -> Callable[[Row], str]:
    """What writes the text of an entry; what it asks of the table is asked once, not for each of a million rows."""
    write = FORMATS[spec.kind].canonical

    def text_of(row: Row) -> str:
        key, value, comment, enabled, _position, above, line = row
        if not line:
            line = write(key, value)
            if "\n" in line or not key:
                raise UnwritableError(spec, key)
            line = f"{line}\n" if enabled else f"#{line}\n"
        return (above or comment_lines(comment)) + line if above or comment else line

    return text_of


def item_text(spec: TableSpec, item: Entry | Passage) -> str:
    """The exact text of one item, its comment included. Raises :class:`UnwritableError`."""
    return item.text if isinstance(item, Passage) else _writer(spec)(row_of(item))


def canonical(spec: TableSpec, entry: Entry) -> str:
    """The line that we write for an entry, without its line end: a disabled one is a comment.

    Raises :class:`UnwritableError` when it would be more than one line, whatever let such an entry in.
    """
    return _writer(spec)((entry.key, entry.value, "", entry.enabled, 0, "", "")).removesuffix("\n")


def comment_lines(comment: str) -> str:
    """The lines that we write for a comment. Whatever breaks a line anywhere breaks one here, so no text escapes."""
    if not comment:
        return ""
    return "".join(f"{piece}\n" for line in without_nul(comment).split("\n") for piece in _comment_line(line))


def _comment_line(line: str) -> list[str]:
    pieces = [
        piece
        for part in line.splitlines() or [""]
        for piece in broken(f"# {part}" if part else "#", _COMMENT_WIDTH, "# ")
    ]
    return [f"{piece} " if piece.endswith("\\") else piece for piece in pieces]


def switched(spec: TableSpec, entry: Entry, enabled: bool) -> Entry:
    """``entry`` on or off; its exact line is kept, with ``#`` before each physical line of it or without."""
    if entry.enabled == enabled:
        return entry
    return replace(entry, enabled=enabled, raw=_unprefixed(spec, entry) if enabled else _prefixed(spec, entry))


def _prefixed(spec: TableSpec, entry: Entry) -> str:
    raw = entry.raw
    if not raw or (spec.kind is Kind.CLASS and not raw.endswith("\n") and "#" not in raw):
        return ""  # a word in the midst of its line; a remark means that it is the last one
    body = raw.removesuffix("\n")
    return "#" + body.replace("\n", "\n#") + raw[len(body) :]


def _unprefixed(spec: TableSpec, entry: Entry) -> str:
    """The exact line without ``#``, when that is read as the entry; otherwise nothing, for the canonical line."""
    if not entry.raw.startswith("#"):
        return ""
    exact = entry.raw[1:].replace("\n#", "\n")
    return next((text for text in (exact, uncommented(entry.raw)) if text and reads_as(spec, text, entry)), "")


def reads_as(spec: TableSpec, text: str, entry: Entry) -> bool:
    """Whether ``text`` alone in a file is read as this entry, live, and as nothing else."""
    lines = list(FORMATS[spec.kind].read(BytesIO(encode(text)), frozenset()))
    return [(line.what, line.key, line.value) for line in lines] == [(What.ENTRY, entry.key, entry.value)]


class _Everywhere(frozenset[str]):
    """Every domain is a local one: whether ``user@domain`` may name an alias is not asked here."""

    def __contains__(self, _domain: object) -> bool:
        return True


def is_faithful(spec: TableSpec, entry: Entry) -> bool:
    """Whether what is written for ``entry`` is read as this entry and nothing else; as nothing when it is disabled.

    A key with a blank or colon in it, or exact lines that say something else, would bring in a line that nobody saw.
    """
    try:
        text = item_text(spec, entry)
    except UnwritableError:
        return False
    wanted = [(What.ENTRY, entry.key, entry.value)] if entry.enabled else []
    # A backslash at the end of a file is a character; before a line end it joins the next line.
    return any(_read(spec, form) == wanted for form in (text, text.removesuffix("\n")))


def _read(spec: TableSpec, text: str) -> list[tuple[What, str, str]]:
    """What takes effect, or fails, in ``text`` alone in a file."""
    lines = FORMATS[spec.kind].read(BytesIO(encode(text)), _Everywhere())
    return [(line.what, line.key, line.value) for line in lines if line.what in (What.ENTRY, What.REFUSED)]


def changed(_spec: TableSpec, entry: Entry, *, value: str | None = None, comment: str | None = None) -> Entry:
    """``entry`` with a new value or comment; the exact lines that are no longer true are dropped."""
    if value is not None and value != entry.value:
        entry = replace(entry, value=value, raw="")
    if comment is not None and comment != entry.comment:
        entry = replace(entry, comment=comment, above="")
    return entry


def renamed(spec: TableSpec, entry: Entry, key: str) -> Entry:
    """``entry`` under another key. In a class file its line keeps what stands around the name, such as a remark."""
    if key == entry.key:
        return entry
    place = fold(entry.raw).find(entry.key)
    other = replace(entry, key=key, raw="")
    if spec.kind is not Kind.CLASS or place < 0:
        return other
    kept = replace(other, raw=entry.raw[:place] + key + entry.raw[place + len(entry.key) :])
    return kept if is_faithful(spec, kept) else other


def is_silent(spec: TableSpec, text: str) -> bool:
    """Whether text between entries is that and no more: comments and blank lines, of which nothing takes effect."""
    return not _read(spec, text)


def map_pair(_spec: TableSpec, entry: Entry) -> tuple[bytes, bytes]:
    """Key and value as ``makemap -u`` or ``praliases`` shows them for an enabled entry."""
    return encode(entry.key), encode(entry.value)
