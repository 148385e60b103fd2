"""Settings from the environment: typed, and plain about nonsense."""

import os
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from tables.sendmail.whereabouts import BadOverride, Override, parse_overrides

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class SyslogTarget(NamedTuple):
    """Where a syslog server listens. ``kind`` is unix, udp or tcp; a Unix socket's path has no port."""

    kind: str
    address: str
    port: int = 0

    def __str__(self) -> str:
        if self.kind == "unix":
            return self.address
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind}://{host}:{self.port}"


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "") or default


def flag(name: str, default: bool) -> bool:
    given = os.environ.get(name, "").strip().lower()
    if not given:
        return default
    if given in _TRUE | _FALSE:
        return given in _TRUE
    raise ImproperlyConfigured(f"{name} is {given!r}. Set it to yes or no.")


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    given = os.environ.get(name, "").strip()
    if not given:
        return default
    if not given.isdigit() or int(given) < least:
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to a whole number of at least {least}.")
    if most is not None and int(given) > most:
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to a whole number of at most {most}.")
    return int(given)


def words(name: str, default: str = "") -> list[str]:
    return [word for word in text(name, default).replace(",", " ").split() if word]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    given = text(name, default).strip()
    if given and given not in allowed:
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to {' or '.join(allowed)}.")
    return given


def files(name: str) -> dict[str, Override]:
    """``TABLE=[TYPE:]TEXT[:MAP]``, separated by blanks."""
    try:
        return parse_overrides(text(name).split())
    except BadOverride as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def path(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().absolute()


def optional_path(name: str) -> Path | None:
    return path(name, Path()) if text(name) else None


def address(name: str, default: str) -> str:
    """An e-mail address alone, without a name before it."""
    given = text(name, default).strip()
    plain = given.isascii() and given.isprintable()
    if not (plain and re.fullmatch(r"[^\s<>,;:\"@]+@[^\s<>,;:\"@]+", given)):
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to one address, for instance mailadmin@example.org.")
    return given


def url(name: str, default: str) -> str:
    """Where a site begins, without a slash at its end."""
    given = text(name, default).strip().rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", given):
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to an address such as https://mailadmin.example.org.")
    return given


def given_secret(name: str) -> str:
    """The secret itself, or what the file that ``NAME_FILE`` names holds; empty when neither is set."""
    if given := text(name):
        return given
    source = text(f"{name}_FILE")
    if not source:
        return ""
    try:
        return Path(source).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {source}, which cannot be read: {error.strerror}.") from error


def secret(name: str, *, generated: Path) -> str:
    """The same, or one made once and kept in ``generated``."""
    if given := given_secret(name):
        return given
    try:
        return generated.read_text()
    except FileNotFoundError:
        pass
    generated.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(50)
    try:
        handle = os.open(generated, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return generated.read_text()
    with os.fdopen(handle, "w") as stream:
        stream.write(made)
    return made


def syslog(name: str) -> SyslogTarget | None:
    """A Unix socket's absolute path, ``udp://HOST:PORT`` or ``tcp://HOST:PORT``; nothing if it is not set."""
    given = text(name).strip()
    if not given:
        return None
    if given.startswith("/"):
        return SyslogTarget("unix", given)
    parts = urlsplit(given)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in {"udp", "tcp"} or not parts.hostname or not port or parts.path not in {"", "/"}:
        raise ImproperlyConfigured(f"{name} is {given!r}. Set it to /dev/log, udp://HOST:PORT or tcp://HOST:PORT.")
    return SyslogTarget(parts.scheme, parts.hostname, port)


def database(name: str, base: Path, default: str) -> dict[str, Any]:
    """A Django database from ``sqlite:///path`` (relative to ``base`` unless it starts with a second slash) or ``postgresql://…``."""
    given = text(name, default)
    parts = urlsplit(given)
    if parts.scheme == "sqlite" and len(parts.path) > 1:
        file = base / unquote(parts.path[1:])
        file.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": file,
            # On disk: SQLite's shared memory locks whole tables against other connections, which no real one does.
            "TEST": {"NAME": file.with_name("test.sqlite3")},
            "OPTIONS": {
                # IMMEDIATE: a transaction that reads and then writes waits for its turn instead of failing half-way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; "
                # How often the journal is put back into the file, within a request: seldom, as the same pages are
                # written again and again. 8000 pages are 32 MB. A sort of many rows may have two threads more.
                "PRAGMA wal_autocheckpoint=8000; PRAGMA threads=2;",
            },
        }
    if parts.scheme in {"postgresql", "postgres"}:
        options = dict(parse_qsl(parts.query))
        # Compiling a question for a page takes ten times as long as answering it: no page reads much.
        options.setdefault("options", "-c jit=off")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]) or "mailadmin",
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or parts.hostname or "",
            "PORT": options.pop("port", "") or str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    raise ImproperlyConfigured(
        f"{name} must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME; it starts with {parts.scheme!r}."
    )
