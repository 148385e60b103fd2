"""What a sendmail.cf says about files, classes, mailers, features, the daemon's pid file and where it listens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_OPTION = re.compile(r"O\s*(\w+)\s*=\s*(.*)")
_MAP = re.compile(r"K\s*(\S+)\s+(\S.*)")
_CLASS = re.compile(r"F(?:\{(\w+)\}|(.))\s*(-o\s*)?(/\S+)[ \t]*(\S.*)?")
_USUAL_PID_FILE = re.compile(r"#O PidFile=(/\S+)")
_ALIASES = re.compile(r"(?:(\w+)\s*:)?(.*)")
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
    line: str = ""


@dataclass(frozen=True, slots=True)
class MapLine:
    """One map as a K line (or a part of AliasFile) declares it. ``line`` is what stands in the configuration."""

    name: str
    map_type: str
    arguments: tuple[str, ...]
    line: str

    @property
    def path(self) -> Path | None:
        """The map's file as it is written there, without ``.db``; ``None`` for a map that is no local file."""
        last = self.arguments[-1] if self.arguments else ""
        return Path(last.removesuffix(".db")) if last.startswith("/") else None

    @property
    def null(self) -> bool:
        """``-N``: only keys that end with a NUL byte are found."""
        return "-N" in self.arguments[:-1]

    @property
    def appended(self) -> str:
        """``-a``: what the rules find behind each value."""
        return "".join(word[2:] for word in self.arguments[:-1] if word.startswith("-a"))

    @property
    def gives_values(self) -> bool:
        """``-m``: a look-up gives the key."""
        return "-m" not in self.arguments[:-1]


@dataclass(slots=True)
class MailCf:
    """The parts of one sendmail.cf that a publication needs. Paths of maps are without ``.db``."""

    path: Path
    maps: dict[Path, str] = field(default_factory=dict)
    #: The K lines by the name that the rules use; of two with one name the last counts (measured).
    keyed: dict[str, MapLine] = field(default_factory=dict)
    #: The parts of AliasFile in their order.
    alias_files: list[MapLine] = field(default_factory=list)
    #: The lines that say where something is and listens, as they are written.
    lines: list[str] = field(default_factory=list)
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
    #: What m4 writes beside it as a comment while nothing was asked for.
    usual_pid_file: Path | None = None
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

    def class_lines(self, name: str) -> list[str]:
        """Every F line of a class, also of words that come from elsewhere."""
        return [line for line in self.lines if (match := _ANY_CLASS.match(line)) and (match[1] or match[2]) == name]

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
        _take_option(found, match[1].lower(), match[2].strip(), line)
    elif match := _MAP.match(line):
        _take_map(found, match[1], match[2].split(), line)
    elif match := _USUAL_PID_FILE.match(line):
        found.usual_pid_file = Path(match[1])
    elif line[:1] in ("F", "C"):
        _take_class(found, line)
    elif line[:1] in ("R", "S"):
        found.has_rules = True
        _take_rule(found, line)
    elif match := _MAILER.match(line):
        found.mailers.add(match[1].lower())
    elif line.startswith("Dj") and "$" not in line:
        found.own_name = line[2:].strip().lower()


def _take_map(found: MailCf, name: str, words: list[str], line: str) -> None:
    found.lines.append(line)
    declared = MapLine(name, words[0], tuple(words[1:]), line)
    earlier, found.keyed[name] = found.keyed.get(name), declared
    if earlier and earlier.path:
        found.maps.pop(_plain(str(earlier.path)), None)
    if declared.path:
        found.maps.setdefault(_plain(str(declared.path)), name)


def _take_class(found: MailCf, line: str) -> None:
    if line.startswith("F"):
        found.lines.append(line)
    if match := _CLASS.match(line):
        found.classes.add(_plain(match[4]))
        file = ClassFile(Path(match[4]), bool(match[3]), match[5] or "%s", line)
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


#: Options that say where something is or listens.
_PLACES = frozenset(("aliasfile", "pidfile", "daemonportoptions"))


def _take_option(found: MailCf, name: str, value: str, line: str) -> None:
    if name in _PLACES:
        found.lines.append(line)
    if name == "pidfile":
        found.pid_file = Path(value)
    elif name == "trusteduser":
        found.trusted_user = value
    elif name == "aliasfile":
        _take_aliases(found, value, line)
    elif name == "daemonportoptions":
        listener = _listener(value)
        if listener:
            found.listeners.append(listener)


def _take_aliases(found: MailCf, value: str, line: str) -> None:
    """One or several with commas between them, each perhaps with its type and options: ``hash:-o /etc/aliases``."""
    for part in value.split(","):
        match = _ALIASES.fullmatch(part.strip())
        if match is None or not part.strip():
            continue
        declared = MapLine("aliases", match[1] or "implicit", tuple(match[2].split()), line)
        found.alias_files.append(declared)
        if declared.path:
            found.maps.setdefault(_plain(str(declared.path)), "aliases")


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
