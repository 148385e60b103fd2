"""Keys and values that are not ASCII, or not what they seem: international domains and characters nobody sees."""

from __future__ import annotations

from tables.sendmail.international import bad_label, hosts_to_ascii, to_ascii
from tables.sendmail.pasted import clean, unseen
from tables.sendmail.spec import Fix, Grade, Problem, TableSpec
from tables.sendmail.syntax.common import check_key_text, shown, warning
from tables.sendmail.text import fold


def key_in_ascii(spec: TableSpec, key: str) -> str:
    """``key`` with its domain as A-labels and without characters nobody sees; the rest of it may still be no ASCII."""
    key = fold(clean(key).strip())
    host = spec.host(key)
    if host.isascii():
        return key
    return key[: len(key) - len(host)] + (to_ascii(host) or host)


def value_in_ascii(spec: TableSpec, value: str) -> str:
    """The same for the addresses and hosts of a value."""
    value = clean(value).strip()
    for text in spec.addresses(value):
        value = value.replace(text, hosts_to_ascii(text))
    return value


def check_key(spec: TableSpec, key: str) -> list[Problem]:
    """What is wrong with a key that is not ASCII. What a file has stays as it is, so this is no error."""
    found, plain = unseen(key), key_in_ascii(spec, key)
    if found:
        message, remedy = _unseen("key", found), "Remove what is not seen."
    else:
        message = f"“{shown(key)}” has characters that are not ASCII; mail addresses reach sendmail without them."
        local = not plain.isascii() and spec.host(plain).isascii() and bool(spec.host(plain))
        remedy = f"Write {'the part before the domain' if local else 'it'} in ASCII."
    if not _stands(spec, plain):
        return [warning("key.8-bit", message, remedy, "key")]
    fix = Fix(f"Write {shown(plain)}", keys=(plain,))
    return [warning("key.8-bit", message, f"Write {shown(plain)}.", "key", fix)]


def _stands(spec: TableSpec, key: str) -> bool:
    return key.isascii() and not any(
        problem.grade is Grade.ERROR for problem in check_key_text(key) or spec.check_key(key)
    )


def check_value(spec: TableSpec, key: str, value: str) -> list[Problem]:
    """What is wrong with a value that is not ASCII: the rest is judged as it reads in ASCII."""
    found, plain = unseen(value), value_in_ascii(spec, value)
    rest = spec.check_value(key, plain)
    if plain == value.strip(" \t\r"):
        return rest or [
            warning("value.8-bit", _eight_bit(text), "Write it in ASCII.", "value") for text in _texts(spec, value)
        ]
    fix = Fix(f"Write {shown(plain)}", value=plain)
    if found:
        return [warning("value.invisible", _unseen("value", found), "Remove what is not seen.", "value", fix), *rest]
    return [warning("value.8-bit", _eight_bit(value), f"Write {shown(plain)}.", "value", fix), *rest]


def _texts(spec: TableSpec, value: str) -> list[str]:
    return [text for text in spec.addresses(value) if not text.isascii()][:1]


def _eight_bit(text: str) -> str:
    return f"“{shown(text)}” has characters that are not ASCII; mail goes nowhere with them."


def _unseen(field: str, found: list[tuple[str, int]]) -> str:
    name, place = found[0]
    more = f" and {len(found) - 1} more like it" if len(found) > 1 else ""
    return f"The {field} contains a character that nobody sees: {name} at character {place}{more}."


def check_a_labels(text: str, field: str) -> list[Problem]:
    """A label that says that it is an international one, and is none."""
    label = bad_label(text)
    if not label:
        return []
    return [
        warning(
            f"{field}.a-label",
            f"“{shown(label)}” starts like an international name, but no name is written like that.",
            "Write the name in its own letters to have it put right.",
            field,
        )
    ]
