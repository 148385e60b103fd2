"""What an entry alone is warned of although this host's configuration has what it needs."""

from __future__ import annotations

from tables.sendmail.lint.context import Context
from tables.sendmail.spec import Problem

#: Rules about forms that work only with a feature, by the rule. The names are those of mailcf.FEATURES.
_NEEDS = {
    "access.leading-dot": "lookupdotdomain",
    "access.relay-by-sender": "relay_mail_from",
    "access.relay-to-address": "relaytofulladdress",
    "access.skip": "skip",
    "aliases.redirect": "redirect",
}


def holds_here(problem: Problem, value: str, context: Context) -> bool:
    """Whether what is said of an entry with this value holds on a host of which ``context`` is known."""
    if problem.rule == "mailertable.unknown-mailer":
        return context.mailers is None or value.strip().partition(":")[0].lower() not in context.mailers
    feature = _NEEDS.get(problem.rule)
    return feature is None or not context.has(feature)
