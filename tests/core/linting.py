"""Lint over texts of files, as the tests of its rules ask for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tables.sendmail.lint import Context, Finding, lint
from tables.sendmail.spec import Entry
from tests.core.reading import entries

#: Nothing is known but that aliases need not be complete.
QUIET = Context(aliases_required=False)
#: The users of a small host are known too.
USERS = replace(QUIET, users=frozenset(("root", "alice")))
TODAY = replace(QUIET, today=date(2026, 11, 25))


def local(*names: str, context: Context = QUIET) -> Context:
    return replace(context, local_domains=frozenset(names))


def virtual(*names: str, context: Context = QUIET) -> Context:
    return replace(context, virtual_domains=frozenset(names))


def features(*names: str, context: Context = QUIET) -> Context:
    return replace(context, features=frozenset(names))


def findings(context: Context, **texts: str) -> list[Finding]:
    """``relay_domains="com\\n"`` is a text of relay-domains; tables without a text are empty."""
    tables = {name.replace("_", "-"): text for name, text in texts.items()}
    read: dict[str, list[Entry]] = {name: entries(name, text) for name, text in tables.items()}
    return list(lint(lambda name: read.get(name, []), context))


def found(rule: str, context: Context = QUIET, **texts: str) -> list[str]:
    """The keys at which a rule speaks."""
    return [finding.key for finding in findings(context, **texts) if finding.problem.rule == rule]


def the(rule: str, context: Context = QUIET, **texts: str) -> Finding:
    """The one finding of a rule."""
    (one,) = (finding for finding in findings(context, **texts) if finding.problem.rule == rule)
    return one
