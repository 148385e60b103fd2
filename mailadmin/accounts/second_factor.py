"""What history keeps of second factors. allauth tells of them by its documented signals alone, after the commit."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from mailadmin.accounts.models import User
from tables import audit
from tables.actors import Actor

RECOVERY_CODES = Authenticator.Type.RECOVERY_CODES


def connect() -> None:
    handlers = {
        signals.authenticator_added: note_added,
        signals.authenticator_removed: note_removed,
        signals.authenticator_reset: note_reset,
        signals.authenticator_used: note_used,
        signals.authentication_failed: note_failed,
    }
    for signal, handler in handlers.items():
        signal.connect(handler, dispatch_uid=f"mailadmin.{handler.__name__}")


def note_added(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    made = authenticator.type == RECOVERY_CODES
    _record(request, user, action="recovery-codes-made" if made else "second-factor-added")


def note_removed(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Recovery codes go with the last second factor, of which they are a part."""
    if authenticator.type != RECOVERY_CODES:
        _record(request, user, action="second-factor-removed")


def note_reset(*, request: HttpRequest, user: User, **_: Any) -> None:
    _record(request, user, action="recovery-codes-made")


def note_used(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == RECOVERY_CODES:
        authenticator.refresh_from_db()  # the code was marked in another copy of the row
        left = len(authenticator.wrap().get_unused_codes())
        _record(request, user, action="recovery-code-used", left=left)


def note_failed(*, request: HttpRequest, user: User, **_: Any) -> None:
    _record(request, user, action="second-factor-failed")


def _record(request: HttpRequest, user: User, *, action: str, **more: Any) -> None:
    address = get_adapter(request).get_client_ip(request)
    audit.record(actor=Actor.of(user), action=action, detail={"address": address, **more})
