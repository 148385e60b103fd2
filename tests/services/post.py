"""Short ways for a test to have letters sent and to read them."""

from __future__ import annotations

import smtplib
from email.message import Message
from typing import Any

from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from tables.letters import outbox


def post() -> dict[str, Message]:
    """Send what waits; the letters that went out by now, by address, the last one of each."""
    outbox.send()
    return {letter.to[0]: letter.message() for letter in mail.outbox}


def letter_to(name: str) -> str:
    """Head and text of the last letter to somebody, as it goes over the wire; the lines of the head unfolded."""
    head, _blank, text = post()[f"{name}@example.com"].as_bytes().decode().partition("\n\n")
    return head.replace("\n ", " ") + "\n\n" + text


class Refusing(EmailBackend):
    """A mail server that answers as ``answers`` says, per address; others are taken."""

    answers: dict[str, Exception] = {}

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if error := self.answers.get(message.to[0]):
                raise error
        return super().send_messages(messages)


class Dead(EmailBackend):
    """None at all."""

    def open(self) -> None:
        raise ConnectionRefusedError(111, "Connection refused")


def unknown(address: str) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({address: (550, b"5.1.1 User unknown")})
