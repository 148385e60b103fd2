"""How allauth behaves here: no sign-up, and every log-in leaves a trace."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import audit
from tables.actors import Actor

#: Written for a failed log-in under a name that nobody has: what was typed there may be somebody's password.
UNKNOWN = "unknown"
#: For how long one refusal to let somebody try again stands for all that follow.
LIMITED_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def login(self, request: HttpRequest, user: User) -> None:
        with transaction.atomic():
            super().login(request, user)
            self._record(request, Actor.of(user), "login")

    def logout(self, request: HttpRequest) -> None:
        with transaction.atomic():
            if isinstance(request.user, User):
                self._record(request, Actor.of(request.user), "logout")
            super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            actor = self._named(credentials)
            # Once for each, lest somebody fill the history by trying on and on.
            if cache.add(f"login-limited:{self.get_client_ip(request)}:{actor.name}", True, LIMITED_SECONDS):
                self._record(request, actor, "login-limited")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._record(request, self._named(credentials), "login-failed")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        self._record(request, Actor(name=user.get_username()), "login-failed", why="switched off")
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def _named(self, credentials: dict[str, Any]) -> Actor:
        name = User.objects.filter(username__iexact=credentials.get("username", "")).values_list("username", flat=True)
        return Actor(name=name.first() or UNKNOWN)

    def clean_password(self, password: str, user: User | None = None) -> str:
        if user is not None and user.check_password(password):
            raise ValidationError("This is the password that you have now. Choose another.")
        cleaned: str = super().clean_password(password, user=user)
        return cleaned

    def set_password(self, user: User, password: str) -> None:
        with transaction.atomic():
            user.set_password(password)
            user.must_change_password = False
            user.save(update_fields=["password", "must_change_password"])
            audit.record(actor=Actor.of(user), action="password-changed", detail={"other_sessions": "ended"})

    def _record(self, request: HttpRequest, actor: Actor, action: str, **detail: str) -> None:
        audit.record(actor=actor, action=action, detail={"address": self.get_client_ip(request), **detail})
