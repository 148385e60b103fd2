"""What a sendmail.cf says about files, classes, mailers, features, the daemon's pid file and where it listens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_OPTION = re.compile(r"O\s*(\w+)\s*=\s*(.*)")
_MAP = re.compile(r"K\s*(\S+)\s+(.*)")
_CLASS = re.compile(r"F(?:\{(\w+)\}|(.))\s*(-o\s*)?(/\S+)[ \t]*(\S.*)?")
_ANY_CLASS = re.compile(r"F(?:\{(\w+)\}|(.))")
_MAILER = re.compile(r"M\s*([^\s,]+)\s*,")
_WORDS = re.compile(r"C(?:\{(\w+)\}|(\S))(.*)")

#: Service names that a Port= may bear, without asking the system's list, which a small host may lack.
_PORTS = {"smtp": 25, "submission": 587, "mta": 25, "msa": 587}


class CfUnreadable(Exception):
    """The sendmail.cf that the settings name is not there or not ours to read."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An address on which the daemon greets."""

    address: str = "127.0.0.1"
    port: int = 25


#: Features by the beginning of a rule that only they bring (cf/m4/proto.m4 and cf/feature of 8.17), blanks collapsed.
FEATURES = {
    "R<SKIP> <$+> <$+> <$- $-> <$*>": "skip",
    "R<?> <$+.$+> <$+> <+ $-> <$*> $: < $(access .$2 ": "lookupdotdomain",
    "R$+ < @ $+ > $: $1 < @ $2 > $| $>SearchList <+ To> $| <F:$1@$2> <D:$2> <F:$1@> <>": "relaytofulladdress",
    "R<> <$*> $| <$+> $: <@> <$1> $| $>SearchList <+ To> $| <$2> <>": "blocklist_recipients",
    "R<?> $+ < @ $+ > $: <@> $>SearchList <! From> $| <F:$1@$2>": "relay_mail_from",
    "R$+ < @ $=R > $@ RELAY": "relay_hosts_only",
    "R<!> $+ < @ $* $={VirtHost} . >": "virtuser_entire_domain",
    "R$+ < @ $* $=G . > $: < $1@$2$3 >": "generics_entire_domain",
    "R$* < @ $+ .REDIRECT. >": "redirect",
}


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A file of words for a class, and how sendmail takes its lines apart (``%s``: the first word)."""

    path: Path
    optional: bool = False
    scan: str = "%s"


@dataclass(slots=True)
class MailCf:
    """The parts of one sendmail.cf that a publication needs. Paths of maps are without ``.db``."""

    path: Path
    maps: dict[Path, str] = field(default_factory=dict)
    classes: set[Path] = field(default_factory=set)
    #: Class to the words that the configuration itself puts into it, in lower case; macros are left out.
    words: dict[str, set[str]] = field(default_factory=dict)
    #: Class to the files that it is read from.
    files: dict[str, list[ClassFile]] = field(default_factory=dict)
    #: Classes that have words from elsewhere too: a directory, a program, a macro.
    elsewhere: set[str] = field(default_factory=set)
    mailers: set[str] = field(default_factory=set)
    features: set[str] = field(default_factory=set)
    #: Whether it has rules at all, without which nothing can be said of features.
    has_rules: bool = False
    #: The host's own name ($j) where it is written out, in lower case.
    own_name: str = ""
    pid_file: Path | None = None
    listeners: list[Listener] = field(default_factory=list)
    trusted_user: str = ""

    @property
    def listener(self) -> Listener:
        return self.listeners[0] if self.listeners else Listener()

    def map_name(self, file: Path) -> str:
        """The name by which the rules call the map of this text; empty when they do not."""
        return self.maps.get(_plain(str(file)), "")

    def uses(self, file: Path) -> bool:
        plain = _plain(str(file))
        return plain in self.maps or plain in self.classes

    def alias_map(self, text: Path) -> Path | None:
        """The map of the aliases, by the name under which this configuration knows their text (a link, perhaps)."""
        files = (file for file, name in self.maps.items() if name == "aliases" and file.resolve() == text)
        return next((file.with_name(f"{file.name}.db").resolve() for file in files), None)

    def uses_directory(self, directory: Path) -> bool:
        plain = _plain(str(directory))
        return any(file.parent == plain for file in (*self.maps, *self.classes))


def read(path: Path) -> MailCf:
    """Read a sendmail.cf (op.me, section 5). Raises :class:`CfUnreadable`."""
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise CfUnreadable(
            f"{path} cannot be read: {error.strerror}. Set MAILADMIN_SENDMAIL_CF to the sendmail.cf of this host."
        ) from error
    found = MailCf(path)
    for line in _lines(text):
        _take(found, line)
    return found


def _lines(text: str) -> Iterator[str]:
    """Logical lines: one that starts with white space goes on the one before."""
    current = ""
    for line in text.splitlines():
        if line[:1] in (" ", "\t"):
            current += line
        else:
            yield current
            current = line
    yield current


def _take(found: MailCf, line: str) -> None:
    if match := _OPTION.match(line):
        _take_option(found, match[1].lower(), match[2].strip())
    elif match := _MAP.match(line):
        words = match[2].split()
        if words and words[-1].startswith("/"):
            found.maps.setdefault(_plain(words[-1]), match[1])
    elif line[:1] in ("F", "C"):
        _take_class(found, line)
    elif line[:1] in ("R", "S"):
        found.has_rules = True
        _take_rule(found, line)
    elif match := _MAILER.match(line):
        found.mailers.add(match[1].lower())
    elif line.startswith("Dj") and "$" not in line:
        found.own_name = line[2:].strip().lower()


def _take_class(found: MailCf, line: str) -> None:
    if match := _CLASS.match(line):
        found.classes.add(_plain(match[4]))
        file = ClassFile(Path(match[4]), bool(match[3]), match[5] or "%s")
        found.files.setdefault(match[1] or match[2], []).append(file)
    elif match := _ANY_CLASS.match(line):
        found.elsewhere.add(match[1] or match[2])
    elif match := _WORDS.match(line):
        words = match[3].split()
        plain = {word.lower() for word in words if "$" not in word}
        found.words.setdefault(match[1] or match[2], set()).update(plain)
        if len(plain) < len(set(words)):
            found.elsewhere.add(match[1] or match[2])


def _take_rule(found: MailCf, line: str) -> None:
    rule = " ".join(line.split())
    for beginning, feature in FEATURES.items():
        if rule.startswith(beginning):
            found.features.add(feature)


def _take_option(found: MailCf, name: str, value: str) -> None:
    if name == "pidfile":
        found.pid_file = Path(value)
    elif name == "trusteduser":
        found.trusted_user = value
    elif name == "aliasfile":
        for source in value.split(","):
            file = source.split(":")[-1].split()[-1:]
            if file and file[0].startswith("/"):
                found.maps.setdefault(_plain(file[0]), "aliases")
    elif name == "daemonportoptions":
        listener = _listener(value)
        if listener:
            found.listeners.append(listener)


def _listener(options: str) -> Listener | None:
    """Equates are known by their first letter. One for IPv6 or that speaks TLS from its first byte does not count."""
    given = {
        name.strip()[:1].upper(): value.strip()
        for name, equals, value in (part.partition("=") for part in options.split(","))
        if equals
    }
    if given.get("F", "inet").lower() != "inet" or "s" in given.get("M", ""):
        return None
    port = given.get("P", "smtp").lower()
    number = int(port) if port.isdigit() else _PORTS.get(port)
    address = given.get("A", "")
    return Listener(address if address not in {"", "0.0.0.0"} else "127.0.0.1", number) if number else None  # noqa: S104


def _plain(name: str) -> Path:
    """A file by its real directory: Debian's aliases is a link, its directory is what counts."""
    path = Path(name.removesuffix(".db"))
    return path.parent.resolve() / path.name
