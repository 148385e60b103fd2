"""allauth's pages of the second factor, of which each act is in the history."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from mailadmin.accounts.models import User
from tables import audit
from tables.actors import Actor


def _record(request: HttpRequest, user: User, action: str, **detail: Any) -> None:
    address = get_adapter().get_client_ip(request)
    audit.record(actor=Actor.of(user), action=action, detail={"address": address, **detail})


# --- giving a code ----------------------------------------------------------------------------------------------------


class _Recorded:
    """A form that asks for a code. The code is used up, and told of, in one transaction."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        try:
            with transaction.atomic():
                code: str = super().clean_code()  # type: ignore[misc]  # of the form beside
                if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
                    self.authenticator.refresh_from_db()  # the check worked on a row of its own
                    left = len(self.authenticator.wrap().get_unused_codes())
                    _record(context.request, self.user, "recovery-code-used", left=left)
                return code
        except ValidationError:
            _record(context.request, self.user, "second-factor-failed")
            raise


class AuthenticateForm(_Recorded, forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """At the log-in."""


class ReauthenticateForm(_Recorded, forms.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Where somebody says once more who they are."""


# --- one's own second factor ------------------------------------------------------------------------------------------


class _Changing:
    """A form that changes something of one's own account, and tells of it in one transaction."""

    action = ""
    request: HttpRequest

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        person = self.request.user
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # of the view beside
        _record(self.request, person, self.action)  # type: ignore[arg-type]  # allauth lets no stranger here
        return response


class ActivateTOTPView(_Changing, totp.ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    action = "second-factor-added"


class DeactivateTOTPView(_Changing, totp.DeactivateTOTPView):  # type: ignore[misc]  # allauth has no types
    action = "second-factor-removed"


class GenerateRecoveryCodesView(_Changing, recovery_codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    action = "recovery-codes-made"


class _Showing:
    """A page with the codes on it: told of before anybody sees them."""

    request: HttpRequest

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        data: dict[str, Any] = super().get_context_data(**more)  # type: ignore[misc]  # of the view beside
        if data.get("unused_codes"):
            _record(self.request, self.request.user, "recovery-codes-shown")  # type: ignore[arg-type]
        return data


class ViewRecoveryCodesView(_Showing, recovery_codes.ViewRecoveryCodesView):  # type: ignore[misc]
    pass


class DownloadRecoveryCodesView(_Showing, recovery_codes.DownloadRecoveryCodesView):  # type: ignore[misc]
    pass
