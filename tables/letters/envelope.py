"""The e-mail around a text: headers by which letters thread, and by which no machine answers them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from tables.letters.wording import Text
from tables.models import Letter
from tables.noticing import kinds


class NoAddress(Exception):
    """What stands as somebody's e-mail address cannot be one."""


def message(letter: Letter, text: Text) -> EmailMessage:
    """Nothing of it comes from a person but the address, which is checked, and the subject, which is one line."""
    return EmailMessage(
        subject=text.subject,
        body=text.body,
        from_email=settings.EMAIL_FROM,
        to=[_address(letter)],
        headers=_headers(letter),
    )


def _address(letter: Letter) -> str:
    try:
        validate_email(letter.person.email)
    except ValidationError as error:
        raise NoAddress(f"“{letter.person}” has no valid e-mail address. Correct it under People.") from error
    return letter.person.email


def _headers(letter: Letter) -> dict[str, str]:
    domain = settings.EMAIL_FROM.rpartition("@")[2]
    headers = {
        # The same at every try: should a letter go out twice, mail programs can tell.
        "Message-ID": f"<letter.{letter.pk}.{letter.created_at:%Y%m%d%H%M%S%f}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"mailadmin notices <notices.mailadmin.{domain}>",
    }
    if thread := _thread(letter):
        headers["In-Reply-To"] = headers["References"] = f"<{thread}@{domain}>"
    if letter.notice and letter.notice.kind == kinds.GLASS.name:
        headers |= {"Importance": "high", "X-Priority": "1"}
    return headers


def _thread(letter: Letter) -> str:
    """What letters about one thing refer to: a message that nobody got, as mail programs allow."""
    if letter.notice is None:
        return "digest.mailadmin"
    if letter.notice.request_id:
        return f"request.{letter.notice.request_id}.mailadmin"
    if letter.notice.publication:
        return f"release.{letter.notice.publication.release_id}.mailadmin"
    return ""
