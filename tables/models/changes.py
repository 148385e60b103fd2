"""Change requests, the changes in them and the reviews of them: together the change log."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tables.models.clusters import Cluster
from tables.models.fields import ByteOrderField


class ChangeRequest(models.Model):
    """A set of changes by one author with a reason."""

    class State(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"
        APPROVED = "approved"
        APPLIED = "applied"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"
        CONFLICTED = "conflicted"
        EXPIRED = "expired"

    class Kind(models.TextChoices):
        EDIT = "edit"
        IMPORT = "import"
        BASELINE = "baseline"
        POLICY = "policy"
        REVERT = "revert"
        ROLLBACK = "rollback"
        #: Of a file that somebody changed by hand.
        TAKE_OVER = "take over"
        #: Of many entries at once, and of every place where somebody or something stands.
        BULK = "bulk"
        SWEEP = "sweep"
        #: Of entries whose time has come, made by nobody in person.
        SCHEDULE = "schedule"

    #: States in which a request waits: for approvals, or, approved, for what holds it back.
    WAITING = (State.SUBMITTED, State.APPROVED)

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.EDIT)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    #: Empty when the operating system's user acts by a command; the name is then all there is.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="change_requests"
    )
    author_name = models.CharField(max_length=255)
    #: Whoever submitted this version; counts as an author too, so that nobody takes over a request to approve it.
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    #: The request whose changes this one takes back.
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by")
    reason = models.TextField(blank=True)
    #: Where the wish is kept elsewhere, e.g. ``HELP-4711``.
    ticket = models.CharField(max_length=200, blank=True)
    #: Of what a reviewer looks at: operations, the state they start from, the lines they write, authors and reason.
    checksum = models.CharField(max_length=64, blank=True)
    #: As found at submit, for lists. What counts is found again when the request is applied.
    risks = models.JSONField(default=list)
    #: The same by table, as far as the policy tells tables apart: what asked for reviews when it was last looked at.
    asked = models.JSONField(default=dict)
    #: Number of the policy that it was submitted under; the stricter of that and the one in force counts.
    policy_version = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    #: Why it was rejected, withdrawn or found conflicted.
    outcome = models.TextField(blank=True)

    class Meta:
        permissions: ClassVar = [
            ("view_tables", "Can see the tables and the change requests"),
            ("edit_tables", "Can propose changes to the tables"),
            ("review_changes", "Can approve and reject what others propose"),
            ("change_policy", "Can propose changes to the policy"),
            ("publish_releases", "Can publish what is applied"),
            ("view_audit", "Can see the audit history"),
            ("break_glass", "Can apply a request at once in an emergency"),
            ("see_secrets", "Can see the passwords in the tables"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(kind="policy", state__in=["draft", "submitted", "approved"]),
                name="changerequest_one_policy",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cluster", "state", "-id"], name="changerequest_list"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.SUBMITTED, self.State.APPROVED}


class Change(models.Model):
    """Create, update or delete of one entry. ``before`` and ``after`` are whole entries or nothing."""

    class Action(models.TextChoices):
        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="changes")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=32)
    key = ByteOrderField()
    #: As the entry's: who may see the change.
    zone = ByteOrderField(blank=True, default="")
    action = models.CharField(max_length=8, choices=Action)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    #: Whoever added or last edited this line. All who ever did are in :class:`Contributor`.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author_name = models.CharField(max_length=255)
    #: Place in the cluster's change log; empty until applied.
    number = models.BigIntegerField(null=True, blank=True)
    #: Whether the request holds the key against others: submitted and not yet closed.
    holds = models.BooleanField(default=False)
    #: Whether it puts something at risk, as found at submit: what a reviewer must look at line by line.
    risky = models.BooleanField(default=False)
    #: Whether it was applied without anybody's approval and did not merely tighten: what size thresholds count.
    alone = models.BooleanField(default=False)
    #: Where the entry stood before the change, so that an old state streams in the order of its file.
    before_position = models.BigIntegerField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "table", "key"], name="change_once_in_a_request"),
            models.UniqueConstraint(fields=["cluster", "number"], name="change_number"),
            models.UniqueConstraint(
                fields=["cluster", "table", "key"], condition=Q(holds=True), name="change_holds_key"
            ),
        ]
        indexes: ClassVar = [
            # An entry's history, and the first change of a key after a given number.
            models.Index(fields=["cluster", "table", "key", "number"], name="change_of_key"),
            # What a person who may see some domains only finds of requests, releases and what is not live yet.
            models.Index(fields=["table", "zone"], name="change_of_zone"),
            # What one author changed in a table lately without anybody's approval.
            models.Index(
                fields=["cluster", "table", "author", "applied_at"], condition=Q(alone=True), name="change_alone"
            ),
            # What stood at a place in the file before it changed: a page of an old state.
            models.Index(
                fields=["cluster", "table", "before_position", "key", "number"],
                condition=Q(number__isnull=False, before_position__isnull=False),
                name="change_of_place",
            ),
            # The last change before a moment: the state at a time, and a search by date.
            models.Index(
                fields=["cluster", "applied_at", "number"], condition=Q(number__isnull=False), name="change_of_time"
            ),
            # What one person changed, and what was changed in one table, the newest first: searches in the history.
            models.Index(
                fields=["cluster", "author_name", "number"], condition=Q(number__isnull=False), name="change_of_person"
            ),
            models.Index(
                fields=["cluster", "table", "number"], condition=Q(number__isnull=False), name="change_of_table"
            ),
            # What is or was only proposed, the newest first: a search by the state of the request.
            models.Index(fields=["cluster", "id"], condition=Q(number__isnull=True), name="change_not_applied"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table} {self.key}"


class Contributor(models.Model):
    """Somebody who made, edited, rebased or submitted any of a request: an author of it for good, whatever became of
    their lines. Never changed, never deleted."""

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="contributors")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "person"], name="contributor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.request}"


class Viewing(models.Model):
    """Somebody was shown exactly this version of a request: without it they cannot approve."""

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="viewings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checksum = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "person", "checksum"], name="viewing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} saw {self.request}"


class Review(models.Model):
    """One person's decision, bound to the checksum of what they looked at. Never changed, never deleted."""

    class Decision(models.TextChoices):
        APPROVE = "approve"
        REJECT = "reject"
        WITHDRAW = "withdraw"

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="reviews")
    #: The request's author, repeated here so that the database itself can refuse an author as reviewer.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    reviewer_name = models.CharField(max_length=255)
    decision = models.CharField(max_length=8, choices=Decision)
    checksum = models.CharField(max_length=64)
    #: One person's decisions on one version in their order: a later one takes the place of the earlier.
    turn = models.PositiveSmallIntegerField(default=1)
    #: Whether each risky line of a long request was ticked. If not, another approver must look as well.
    complete = models.BooleanField(default=True)
    comment = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "reviewer", "checksum", "turn"], name="review_once"),
            models.CheckConstraint(
                condition=Q(author__isnull=True) | ~Q(reviewer=F("author")), name="review_not_by_author"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_name}: {self.decision} {self.request}"


class Remark(models.Model):
    """A question or an answer about a request. One without ``parent`` opens a thread, which is open until resolved."""

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="remarks")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=255)
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_by_name = models.CharField(max_length=255, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.author_name} about {self.request}"
