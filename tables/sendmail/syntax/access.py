"""access: who may connect, send, relay and receive (cf/README 2560; proto.m4 1600, 2481)."""

from __future__ import annotations

from tables.sendmail.networks import is_range
from tables.sendmail.spec import Fix, Problem
from tables.sendmail.syntax.access_values import check_value
from tables.sendmail.syntax.common import error, is_domain, is_number, note, shown, warning
from tables.sendmail.syntax.fixes import closest, write_key
from tables.sendmail.syntax.net import check_bracketed, check_client, check_name, cidr, inside

__all__ = ["ADDRESS_TAGS", "TAGS", "check_key", "check_value", "split"]

#: Tags whose item is a client: a name, or an address as whole octets.
CLIENT_TAGS = frozenset(
    (
        *("connect", "greetpause", "tls_srv", "tls_clt", "try_tls", "srv_features", "clt_features"),
        *("tls_srv_features", "tls_clt_features", "authinfo"),
    )
)
#: Tags whose item is an address of the client only.
RATE_TAGS = frozenset(("clientrate", "clientconn"))
#: Tags whose item is a mail address or a part of one.
ADDRESS_TAGS = frozenset(("from", "to", "spam", "tls_rcpt"))
CERTIFICATE_TAGS = frozenset(("certissuer", "certsubject"))
TAGS = CLIENT_TAGS | RATE_TAGS | ADDRESS_TAGS | CERTIFICATE_TAGS | {"compat"}

#: Tags that are looked up without an item too: what holds for everybody else.
_BARE_TAGS = frozenset(("clientrate", "clientconn", "tls_srv", "tls_clt", "tls_rcpt", "try_tls", "authinfo"))
_BARE_TAGS |= frozenset(("srv_features", "clt_features"))


def split(key: str) -> tuple[str, str]:
    """(tag, item) of a key; the tag is empty for an untagged key, also for an address such as ``ipv6:2001:db8``."""
    tag, colon, item = key.partition(":")
    if colon and (tag in TAGS or (item.startswith("/") and tag.isalnum())):
        return tag, item
    return "", key


def check_key(key: str) -> list[Problem]:
    """What is wrong with a key: ``Tag:item``, or an item that stands for Connect, From and To at once."""
    tag, item = split(key)
    problems = _check(tag, item)
    return inside(problems, f"{tag}:") if tag and problems else problems


def _check(tag: str, item: str) -> list[Problem]:
    if not tag:
        return _untagged(item)
    if not item:
        return _bare(tag)
    if tag in CLIENT_TAGS:
        return _client(item)
    if tag in RATE_TAGS:
        return _rate(tag, item)
    if tag in ADDRESS_TAGS:
        return _mail_address(tag, item)
    return _compat(item) if tag == "compat" else []


def _bare(tag: str) -> list[Problem]:
    if tag in _BARE_TAGS:
        return []
    return [
        warning(
            "access.empty-item",
            f"“{tag}:” with nothing after it is never looked up.",
            "Write what it is for after the colon, without a blank.",
            "key",
        )
    ]


def _client(item: str) -> list[Problem]:
    if item.startswith("[") and item.endswith("]"):
        return check_bracketed(item) or [
            warning(
                "access.bracketed-client",
                f"“{shown(item)}” stands for a client without a name; a client with a name is not matched by it.",
                f"Write {shown(item.strip('[]'))} without brackets.",
                "key",
                write_key(item[1:-1]) if check_client(item[1:-1]) == [] else None,
            )
        ]
    if "@" in item:
        return [
            _never(
                "address",
                f"“{shown(item)}” is a mail address; here stands a client.",
                "a host, a domain or an IP address",
            )
        ]
    if item.startswith("."):
        return _leading_dot(item)
    return check_client(item)


def _rate(tag: str, item: str) -> list[Problem]:
    if item.startswith("ipv6") or is_number(item) or any(mark in item for mark in "/*:") or is_range(item):
        return check_client(item)
    return [
        error(
            "access.rate-by-name",
            f"“{tag}” counts by IP address; the name “{shown(item)}” never matches.",
            "Write an IP address or a prefix of one.",
            "key",
        )
    ]


def _leading_dot(item: str) -> list[Problem]:
    plain = item.lstrip(".")
    return [
        warning(
            "access.leading-dot",
            f"“{shown(item)}” matches only with the argument lookupdotdomain of FEATURE(access_db).",
            f"Write {shown(plain)}, which stands for the domain and everything under it.",
            "key",
            write_key(plain) if is_domain(plain) else None,
        )
    ]


def _mail_address(tag: str, item: str) -> list[Problem]:
    local, at, domain = item.rpartition("@")
    if any(mark in item for mark in '<>"'):
        message = f"“{shown(item)}” has quotes or angle brackets."
        return [_never("address-form", message, "user@domain, user@ or a domain", _meant(item.strip("<>")))]
    if "," in item or ":" in local:
        return [_never("address-form", f"“{shown(item)}” is not one address.", "user@domain, user@ or a domain")]
    if at and not local:
        return [_never("leading-at", f"“{shown(item)}” starts with @.", shown(domain), _meant(domain))]
    if "*" in local.removesuffix("+*"):
        return [_wildcard(item, local, domain)]
    if at and not domain:
        return []
    if at and domain.endswith("."):
        plain = item.rstrip(".")
        return [_never("trailing-dot", f"“{shown(item)}” ends with a dot.", shown(plain), _meant(plain))]
    return inside(_sender_domain(tag, domain), local + at) if at else _sender_domain(tag, item)


def _wildcard(item: str, local: str, domain: str) -> Problem:
    """``*@dom`` is meant as the domain; any other star stands for nothing."""
    message = f"“{shown(item)}” has a wildcard, which sendmail does not know."
    return _never("wildcard", message, shown(domain) or "a domain", _meant(domain) if local == "*" else None)


def _meant(item: str) -> Fix | None:
    """The item that is meant, where it is a domain or an address in one."""
    local, at, domain = item.rpartition("@")
    plain = not any(mark in local for mark in '<>"*@ ')
    return write_key(item) if is_domain(domain) and plain and bool(local) == bool(at) else None


def _sender_domain(tag: str, domain: str) -> list[Problem]:
    if domain.startswith("[") and domain.endswith("]"):
        literal = domain[1:2].isdigit() or domain.startswith("[ipv6")
        return inside(check_client(domain[1:-1]), "[", "]") if literal else []
    if "/" in domain or is_range(domain):
        return [cidr("access", domain)]
    if is_number(domain) or domain.startswith("ipv6:"):
        return [
            warning(
                "access.address-literal",
                f"“{tag}:{shown(domain)}” never matches: an address in mail stands in brackets.",
                f"Write {tag}:[{shown(domain)}], or Connect:{shown(domain)} for the client.",
                "key",
            )
        ]
    if domain.startswith("."):
        return _leading_dot(domain)
    if domain.endswith(".") or "*" in domain:
        return check_client(domain)
    return check_name(domain, "access")


def _compat(item: str) -> list[Problem]:
    if item.count("<@>") == 1:
        return []
    return [
        error(
            "access.compat", f"“{shown(item)}” is no pair of sender and recipient.", "Write sender<@>recipient.", "key"
        )
    ]


def _untagged(item: str) -> list[Problem]:
    if is_number(item) or item.startswith(("ipv6:", "[")) or item == "ipv6":
        return _client(item)
    if ":" in item and "/" not in item and not _is_ipv6(item):
        return [_unknown_tag(item)]
    problems = _mail_address("", item) if "@" in item or any(mark in item for mark in '<>"') else _client(item)
    return problems or [_all_tags(item)]


def _is_ipv6(item: str) -> bool:
    return item.count(":") > 1 or not item.strip("0123456789abcdef:")


def _unknown_tag(item: str) -> Problem:
    tag, _, rest = item.partition(":")
    meant = closest(tag, TAGS)
    return error(
        "access.unknown-tag",
        f"“{shown(tag)}:” is no tag that sendmail looks up.",
        f"Write {meant}:{shown(rest)}." if meant else "Use Connect:, From:, To: or another tag of the list.",
        "key",
        write_key(f"{meant}:{rest}") if meant and rest else None,
    )


def _all_tags(item: str) -> Problem:
    if item.endswith("@"):
        return note(
            "access.untagged",
            f"“{shown(item)}” without a tag counts as From: and To: at once.",
            "Write From: or To: if only one is meant.",
            "key",
        )
    return warning(
        "access.untagged",
        f"“{shown(item)}” without a tag counts for clients, senders and recipients at once.",
        f"Write Connect:{shown(item)}, From:{shown(item)} or To:{shown(item)}.",
        "key",
    )


def _never(rule: str, message: str, remedy: str, fix: Fix | None = None) -> Problem:
    return error(f"access.{rule}", f"{message} It never matches.", f"Write {remedy}.", "key", fix)
