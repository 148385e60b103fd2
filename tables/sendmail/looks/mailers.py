"""Files of other mail programs, which bear the names of sendmail's and say other things."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tables.sendmail.looks.base import Head, Look, first_of, on_line
from tables.sendmail.spec import Kind, TableSpec

_OTHER = "Write its rules as sendmail has them and import those."

#: The first words of Postfix's manual pages, which stand as comments in the files that it ships.
_MANUAL = re.compile(
    r"Postfix (?:SMTP server (?P<access>access) table|(?P<aliases>local alias database)|(?P<table>\w+)(?: \w+)* format|"
    r"built-in content inspection|CIDR table)|\bpostmap\b.*/postfix/(?P<named>\w+)"
)
_DUNNO = re.compile(r"^\S+\s+DUNNO\s*$", re.IGNORECASE)
_ACTIONS = re.compile(
    r"^\S+\s+(?:DUNNO|PERMIT|HOLD|FILTER\s+\S+:\S*|REDIRECT\s+\S+@\S+|PREPEND\s.+|WARN(?:\s.*)?|INFO(?:\s.*)?|BCC\s+\S+|"
    r"DEFER(?:_IF_(?:PERMIT|REJECT))?(?:\s.*)?|permit_\w+.*|reject_\w+.*|check_\w+.*)\s*$",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"^[A-Za-z_]+:\S*\s+\S")
_PCRE = re.compile(r"^!?/(?=.*[\^$\\*+?|(\[]).+/[imsxADEX]*\s+\S|^(?:if|IF)\s+!?/.+/|^(?:endif|ENDIF)\s*$")
_MAIN = re.compile(
    r"^(?:smtpd?_|my(?:hostname|origin|destination|networks|domain)|alias_(?:maps|database)|virtual_|relay(?:host|_)|"
    r"inet_(?:interfaces|protocols)|mailbox_|home_mailbox|queue_directory|command_directory|daemon_directory|"
    r"mail_owner|transport_maps|canonical_|local_|lmtp_|milter_|message_size|recipient_delimiter|biff|append_dot)"
    r"\w*\s*=",
)
_LOOKUP = re.compile(r"(?:^|[\s=,])(?:hash|btree|lmdb|cdb|regexp|pcre|cidr|texthash|proxy|inline):[/{%$\w]")
_MASTER = re.compile(r"^\S+\s+(?:inet|unix|fifo|pass)\s+[yn-]\s+[yn-]\s+[yn-]\s+")
_TRANSPORT = re.compile(r"^\*\s+\S|^\S+\s+(?:lmtp|virtual|retry|slow|discard|dovecot)\s*:")
#: An alias may be written so too.
_NEXT_HOP = re.compile(r"^\S+(?<!:)\s+:(?:\[|[\w.-]|\s*$)")
_PORT = re.compile(r"^\S+\s+(?:smtp|relay):\[?[\w.:-]+\]?:\d+\s*$")
_VIRTUAL = re.compile(
    r"^(?P<domain>[\w-]+(?:\.[\w-]+)+)\s+(?:anything|domain|virtual|ok|x|ignored?|dummy|not-important|whatever|"
    r"placeholder)\s*$",
    re.IGNORECASE,
)
_EXIM = re.compile(
    r"^\s*begin\s+(?:acl|routers|transports|retry|rewrite|authenticators)\s*$|"
    r"^\s*driver\s*=\s*\w+|^(?:domain|host|address|local_part)list\s+\w+\s*=|^\.(?:ifn?def|include(?:_if_exists)?|endif)\b"
)
_QMAIL = re.compile(
    r"^[=+]\S*:[^:\s]+:\d+:\d+:|^[\d\w.@=-]*:(?:allow|deny)(?:,|\s*$)|^&\S+@\S+\s*$|^\.{1,2}/Maildir/\s*$"
)
_QMAIL_DOMAIN = re.compile(r"^[\w-]*(?:\.[\w-]+)+:[\w.-]+\s*$")
_PASSWD = re.compile(r"^[^:\s]+:[^:\s]*:\d+:\d+:[^:]*:/|^[\w-]+:[x*!]?:\d+:[\w,.-]*$")


def other_mailer(spec: TableSpec, head: Head) -> Look | None:
    return first_of(_looks(spec, head))


def _looks(spec: TableSpec, head: Head) -> Iterator[Look]:
    for find in (_main_cf, _master_cf, _pcre, _manual, _actions, _transport, _virtual, _exim, _qmail, _passwd):
        if look := find(spec, head):
            yield look


def _main_cf(_spec: TableSpec, head: Head) -> Look | None:
    found = head.found(_MAIN)
    if len(found) > 1 or (found and _LOOKUP.search(found[0][1])):
        return Look(
            "Postfix’s main.cf", on_line(f"“{found[0][1].split('=')[0].strip()} =”", found), _OTHER, found[0][0]
        )
    return None


def _master_cf(_spec: TableSpec, head: Head) -> Look | None:
    if found := head.found(_MASTER):
        return Look("Postfix’s master.cf", on_line("a service", found), _OTHER, found[0][0])
    return None


def _pcre(_spec: TableSpec, head: Head) -> Look | None:
    if found := head.found(_PCRE):
        return Look("a table of regular expressions (Postfix)", on_line("/…/", found), _OTHER, found[0][0])
    return None


def _manual(spec: TableSpec, head: Head) -> Look | None:
    """A file as Postfix ships it, its manual in comments. Its aliases are aliases as sendmail has them."""
    pages = [(number, line, found) for number, line in head.comments if (found := _MANUAL.search(line))]
    if not pages or any(_TAGGED.match(line) for _number, line in head.entries):
        return None
    number, line, found = pages[0]
    page = "aliases" if found["aliases"] else found["access"] or found["table"] or found["named"] or "tables"
    if page == spec.name == "aliases" or (head.entries and page in _LIKE.get(spec.name, ())):
        return None
    return Look(f"Postfix’s {page}", on_line("Postfix’s manual", [(number, line)]), _OTHER, number)


#: Pages of Postfix's whose entries, where there are any, read like those of a table.
_LIKE = {
    "virtusertable": ("virtual", "alias"),
    "genericstable": ("generic", "canonical"),
    "mailertable": ("transport",),
}


def _actions(_spec: TableSpec, head: Head) -> Look | None:
    entries = head.entries
    found = [(number, line) for number, line in entries if _ACTIONS.match(line)]
    if not found or any(_TAGGED.match(line) for _number, line in entries):
        return None
    named = any("postfix" in line.lower() or "postmap" in line.lower() for _number, line in head.comments)
    dunno = len(entries) > 1 and any(_DUNNO.match(line) for _number, line in found)
    if len(found) > 1 or dunno or named:
        action = found[0][1].split()[1]
        return Look("Postfix’s access", on_line(f"the action {action[:20]}", found), _OTHER, found[0][0])
    return None


def _transport(spec: TableSpec, head: Head) -> Look | None:
    patterns = [_TRANSPORT] if spec.kind is Kind.ALIASES else [_TRANSPORT, _NEXT_HOP]
    found = [(number, line) for number, line in head.entries if any(pattern.match(line) for pattern in patterns)]
    ports = [(number, line) for number, line in head.entries if _PORT.match(line)]
    if (found and len(head.entries) > 1) or len(ports) > 1:
        either = found or ports
        return Look("Postfix’s transport", on_line("a transport", either), _OTHER, either[0][0])
    return None


def _virtual(_spec: TableSpec, head: Head) -> Look | None:
    """A domain of its own line, and addresses in it."""
    for number, line in head.entries:
        found = _VIRTUAL.match(line)
        if found and any(f"@{found['domain']}" in other.split()[0] for _number, other in head.entries):
            because = on_line("a line for the domain itself", [(number, line)])
            return Look("Postfix’s virtual", because, "Leave out the lines of domains alone.", number)
    return None


def _exim(_spec: TableSpec, head: Head) -> Look | None:
    if found := head.found(_EXIM):
        return Look("exim’s configuration", on_line(f"“{found[0][1].strip()[:30]}”", found), _OTHER, found[0][0])
    return None


def _qmail(spec: TableSpec, head: Head) -> Look | None:
    if found := head.found(_QMAIL):
        return Look("a file of qmail", on_line("qmail’s form", found), _OTHER, found[0][0])
    domains = [(number, line) for number, line in head.entries if _QMAIL_DOMAIN.match(line)]
    if spec.kind is not Kind.ALIASES and len(domains) > 1 and len(domains) == len(head.entries):
        return Look("qmail’s virtualdomains", on_line("domain:user", domains), _OTHER, domains[0][0])
    return None


def _passwd(_spec: TableSpec, head: Head) -> Look | None:
    found = head.found(_PASSWD)
    if len(found) > 1:
        return Look("a passwd or group file", on_line("fields between colons", found), _OTHER, found[0][0])
    return None
