"""Before anything is built: is the plan the one that a person looked at, and what is unsafe in it wanted?"""

from __future__ import annotations

from collections.abc import Sequence

from tables.models import Publication
from tables.publishing.errors import PublishError
from tables.publishing.outcome import note_override
from tables.seen_plans import SeenPlan, uncovered
from tables.sendmail import seen
from tables.sendmail.plan import Finding, Plan, UnsafePlan


def confirm(publication: Publication, plan: Plan, *, unanswered: Sequence[Finding]) -> str:
    """What there is to say of an override. Raises UnsafePlan or PublishError.

    ``unanswered``: the findings of the plan that nobody answered already, as files that may be overwritten are.
    """
    found = SeenPlan.of(plan)
    publication.plan_found = found.as_json()
    Publication.objects.filter(pk=publication.pk).update(plan_found=publication.plan_found)
    by_name = publication.override_by_name
    left = uncovered(unanswered, publication.override_findings) if by_name else unanswered
    if left:
        raise UnsafePlan(left)
    if publication.plan_checksum not in {"", found.checksum}:
        raise PublishError(_differs(publication, found))
    if not (by_name and plan.findings):
        return ""
    message = str(UnsafePlan(plan.findings))
    note_override(publication, message)
    return f" Overridden by {by_name}: {message}"


def _differs(publication: Publication, found: SeenPlan) -> str:
    if publication.plan_counts:
        what = seen.difference(found.counts, publication.plan_counts)
    else:
        what = f"The plan here has the checksum {found.checksum}, not {publication.plan_checksum}."
    return f"{what} Look at the plan again, then publish."
