"""The models, one subject a file."""

from tables.models.audit import AuditArchive, AuditEvent, AuditHead, ForwardingCursor
from tables.models.broken import BrokenRow
from tables.models.changes import Change, ChangeRequest, Contributor, Remark, Review, Viewing
from tables.models.clusters import Cluster, Host
from tables.models.drifts import Drift, DriftPart
from tables.models.entries import (
    ENTRY_MODELS,
    AccessRule,
    Alias,
    EntryModel,
    GenericAddress,
    LocalHostName,
    MailerRoute,
    RelayDomain,
    VirtualUser,
)
from tables.models.findings import CheckRun, StoredFinding
from tables.models.glass import BrokenGlass
from tables.models.jobs import Job
from tables.models.notices import How, Letter, MailRoute, Notice, NoticeSettings
from tables.models.originals import OriginalFile, OriginalPart
from tables.models.passages import FilePassage, PassageChange
from tables.models.policies import PolicyChange, PolicyVersion
from tables.models.releases import Publication, Release
from tables.models.searching import IndexGap

__all__ = [
    "ENTRY_MODELS",
    "AccessRule",
    "Alias",
    "AuditArchive",
    "AuditEvent",
    "AuditHead",
    "BrokenGlass",
    "BrokenRow",
    "Change",
    "ChangeRequest",
    "CheckRun",
    "Cluster",
    "Contributor",
    "Drift",
    "DriftPart",
    "EntryModel",
    "FilePassage",
    "ForwardingCursor",
    "GenericAddress",
    "Host",
    "How",
    "IndexGap",
    "Job",
    "Letter",
    "LocalHostName",
    "MailRoute",
    "MailerRoute",
    "Notice",
    "NoticeSettings",
    "OriginalFile",
    "OriginalPart",
    "PassageChange",
    "PolicyChange",
    "PolicyVersion",
    "Publication",
    "RelayDomain",
    "Release",
    "Remark",
    "Review",
    "StoredFinding",
    "Viewing",
    "VirtualUser",
]
