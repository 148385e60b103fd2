"""What people are told, in the panel and by letter, and the letters that still have to go out."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from tables.models.changes import ChangeRequest
from tables.models.releases import Publication


class How(models.TextChoices):
    """How somebody wants to hear of a kind of thing. Every notice is in the panel as well."""

    NOW = "now", "At once by e-mail"
    DIGEST = "digest", "In the daily digest"
    PANEL = "panel", "Only in the panel"


class Notice(models.Model):
    """One thing told to one person, once: ``key`` names the thing."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=128)
    request = models.ForeignKey(ChangeRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    publication = models.ForeignKey(Publication, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    #: One line, and the sentences below it; passwords are hidden in both.
    subject = models.CharField(max_length=250)
    text = models.TextField(blank=True)
    #: Numbers that the letter needs to find again what it is about.
    detail = models.JSONField(default=dict)
    #: As the person wanted it when it happened.
    how = models.CharField(max_length=8, choices=How)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    #: When what it asks for was done, by whomever: its letter need not go out any more.
    settled_at = models.DateTimeField(null=True, blank=True)
    #: The daily digest that tells of it.
    digest = models.ForeignKey(
        "Letter", null=True, blank=True, on_delete=models.SET_NULL, related_name="digested_notices"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "key"], name="notice_once"),
        ]
        indexes: ClassVar = [
            # The page of notices.
            models.Index(fields=["person", "-id"], name="notice_of_person"),
            # How many are unread: asked on every page.
            models.Index(fields=["person", "-id"], condition=Q(read_at__isnull=True), name="notice_unread"),
            # What the next digest has to tell.
            models.Index(fields=["person"], condition=Q(how="digest", digest__isnull=True), name="notice_for_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.person}"


class Letter(models.Model):
    """An e-mail that has to go out: about one notice, or the digest of one day. Its text is written when it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        #: What it was to ask is answered, or the person may no longer be told.
        DROPPED = "dropped"
        #: Tried for MAILADMIN_EMAIL_DAYS days.
        GIVEN_UP = "given up"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters")
    notice = models.OneToOneField(Notice, null=True, blank=True, on_delete=models.PROTECT, related_name="letter")
    day = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    tries = models.PositiveIntegerField(default=0)
    #: Also the end of a sender's claim: one that was killed meanwhile does not keep the letter back.
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "day"], name="letter_once_a_day"),
            models.CheckConstraint(
                condition=Q(notice__isnull=True, day__isnull=False) | Q(notice__isnull=False, day__isnull=True),
                name="letter_about_one_thing",
            ),
        ]
        indexes: ClassVar = [
            # Which letter goes next: asked every few seconds.
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="letter_waiting"),
            # Those that never arrived, newest first.
            models.Index(fields=["-ended_at"], condition=Q(state="given up"), name="letter_given_up"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk} to {self.person}"


class NoticeSettings(models.Model):
    """What one person chose, and the last day whose digest was thought of for them."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notice_settings")
    #: {kind: How}; a kind that is missing has its default.
    choices = models.JSONField(default=dict)
    digest_day = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"notice settings of {self.person}"


class MailRoute(models.Model):
    """Whether the mail server took the last letter: one row, shared by all who send."""

    #: Since when it takes none. Empty: it works.
    failing_since = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.error or "works"
