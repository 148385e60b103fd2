"""One look of the publisher: is there something for this host, and then all of it, from lock to record."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tables import audit
from tables.models import Host, Publication, Release
from tables.publishing import drift, holding
from tables.publishing.carrying import Work, build, make_live, verify
from tables.publishing.catching_up import catch_up
from tables.publishing.comparing import Comparison
from tables.publishing.confirming import confirm
from tables.publishing.errors import EXPECTED, PublishError, Stopping, explain
from tables.publishing.outcome import (
    fail,
    note_drift,
    note_interruption,
    note_start,
    roll_back,
    succeed,
)
from tables.publishing.planning import compare, live_of, plan_of
from tables.publishing.progress import INTERRUPTED, Progress, Report
from tables.publishing.recovery import recover, unsettled
from tables.publishing.site import Site, here
from tables.releases import release_checksum
from tables.sendmail import commands, generations, journal, stamp
from tables.sendmail.held import note_live
from tables.sendmail.journal import Journal, Phase
from tables.sendmail.maildir import DirectoryProblem, locked
from tables.sendmail.manifest import Live
from tables.sendmail.plan import Plan, UnsafePlan
from tables.sendmail.tables import TABLES

State = Publication.State

#: Changes up to which a release is compared with its checksum before it goes out.
CHECKED = 20_000


def converge(
    *,
    host: Host,
    run: commands.Run = commands.run,
    report: Report | None = None,
    checkpoint: generations.Checkpoint = generations.nowhere,
) -> Publication | None:
    """Carry out the newest queued publication of this host, after finishing or undoing what was left half-way.

    Returns it when it ended, whatever its end, and ``None`` when there was nothing to do or the host is held. Raises
    :class:`~tables.sendmail.maildir.Locked` while another publisher is at work in the directory.
    """
    site = here(run)
    catch_up(host=host)
    left = unsettled(site)
    if not left and (holding.stands(host, site.directory) or not _something(host, site)):
        return None
    try:
        site.directory.prepare()
    except DirectoryProblem as error:
        return _refuse(host, str(error), report)
    with locked(site.directory):
        recover(host=host, site=site, checkpoint=checkpoint)
        if holding.settle(host=host, directory=site.directory):
            return None
        publication = _take(host)
        if publication is None:
            return None
        return _carry_out(publication, site, Progress(publication, report=report, checkpoint=checkpoint))


def _something(host: Host, site: Site) -> bool:
    return holding.unsettled(host, site.directory) or _waiting(host)


def _waiting(host: Host) -> bool:
    return Publication.objects.filter(host=host, state__in=[State.QUEUED, State.RUNNING]).exists()


def _take(host: Host) -> Publication | None:
    """The newest queued publication, now running; older ones, and those of older releases, are superseded."""
    with transaction.atomic():
        waiting = Publication.objects.select_for_update(of=("self",))
        queued = waiting.filter(host=host, state=State.QUEUED).order_by("-id")
        newest = queued.select_related("release", "host__cluster", "host__release").first()
        if newest is None:
            return None
        live = newest.host.release
        outdated = queued if live and newest.release.number < live.number else queued.exclude(pk=newest.pk)
        outdated.update(state=State.SUPERSEDED, finished_at=timezone.now())
        newest.steps = [step for step in newest.steps if step["state"] == INTERRUPTED]
        newest.started_at = timezone.now()
        taken = Publication.objects.filter(pk=newest.pk, state=State.QUEUED).update(
            state=State.RUNNING, started_at=newest.started_at, steps=newest.steps
        )
        if not taken:
            return None
        note_start(newest)
        return newest


def _refuse(host: Host, message: str, report: Report | None) -> Publication | None:
    publication = _take(host)
    if publication is None:
        return None
    step = {"step": "lock", "state": "failed", "seconds": 0.0, "message": message, "output": ""}
    publication.steps = [*publication.steps, step]
    fail(publication, error=message)
    if report:
        report(publication)
    return publication


def _carry_out(publication: Publication, site: Site, progress: Progress) -> Publication:
    record = Journal(publication=publication.pk, release=publication.release.number)
    record.save(site.directory.journal)
    try:
        _steps(publication, site, progress, record)
    except Stopping:
        _give_back(publication, site)
        raise
    except EXPECTED as error:
        _end_badly(publication, site, record, error)
    journal.remove(site.directory.journal)
    generations.clear_staging(site.directory)
    if progress.report:
        progress.report(publication)
    return publication


def _steps(publication: Publication, site: Site, progress: Progress, record: Journal) -> None:
    with progress.step("lock") as step:
        generations.clear_staging(site.directory)
        step.say(f"{site.directory.path} is ours.")
    # What cannot be removed must not hide what went wrong; the next publisher clears all of the staging directory.
    with tempfile.TemporaryDirectory(
        dir=site.directory.staging, prefix="plan-", ignore_cleanup_errors=True
    ) as directory:
        work = _prepare(publication, site, progress, record, Path(directory))
        build(work)
        verify(work)
        make_live(work)
    with progress.step("record") as step:
        note_live(site.directory, Live(record.release, record.publication, record.files))
        step.say(f"Release {publication.release.number} is live on {publication.host.name}.")
        step.add(generations.prune(site.directory, settings.KEEP_GENERATIONS))
    succeed(publication, files=record.files)
    progress.checkpoint("recorded")


def _prepare(publication: Publication, site: Site, progress: Progress, record: Journal, directory: Path) -> Work:
    release, host = publication.release, publication.host
    with progress.step("read") as step:
        _check_release(release)
        daemon = site.daemon()
        comparison = compare(host, site, directory, release=release, building=True)
        record.before = asdict(live_of(host, comparison.recorded))
        found = [table.name for table in TABLES.values() if comparison.look(table).exists]
        step.say(f"{len(found)} of {len(TABLES)} files are there." if found else "The directory has no tables yet.")
    with progress.step("plan") as step:
        plan = plan_of(comparison, host, release)
        plan.daemon = daemon is not None
        step.say(_describe(plan))
        step.add(_diffs(plan))
        progress.note_plan(plan.as_json())
        site.directory.check_targets([file.table for file in plan.files if file.touched])
        step.say(_describe(plan) + _confirm(publication, site, comparison, plan))
    line = stamp.line(release=release.number, checksum=release.checksum, audit=audit.head_hash())
    return Work(publication, site, progress, record, comparison, plan, daemon, line)


def _check_release(release: Release) -> None:
    """What was approved is what goes out: the change log still has the checksum that the release was cut with.

    A huge import is left to ``manage.py audit_verify``: the checksum holds all of its changes in memory.
    """
    before = Release.objects.filter(cluster=release.cluster, number__lt=release.number).order_by("-number").first()
    after = before.change_number if before else 0
    if release.change_number - after > CHECKED:
        return
    if release_checksum(release.cluster, after, release.change_number) != release.checksum:
        raise PublishError(
            f"The changes of release {release.number} are not those that it was cut with. "
            "Run manage.py audit_verify to see which were altered."
        )


def _describe(plan: Plan) -> str:
    if plan.empty:
        return "Nothing to change: what is live is this release."
    said = [_described(file.table.name, file.summary, file.build_reason) for file in plan.files if file.touched]
    return f"{'; '.join(said)}. {'sendmail will be told.' if plan.signal else 'No signal needed.'}"


def _described(name: str, summary: str, reason: str) -> str:
    return f"{name}: {summary or reason or 'text only'}"


def _diffs(plan: Plan) -> str:
    return "".join(_diff_text(file.drift, file.drift_cut) + _diff_text(file.diff, file.diff_cut) for file in plan.files)


def _diff_text(diff: str, cut: int) -> str:
    return f"{diff}… {cut} more lines\n" if cut else diff


def _confirm(publication: Publication, site: Site, comparison: Comparison, plan: Plan) -> str:
    """Stop at what is unsafe or was changed by hand, unless somebody said by name that it shall be so."""
    if before_us := drift.note(publication, site, plan):
        note_drift(publication, before_us, str(UnsafePlan(plan.findings)))
    return confirm(publication, plan, unanswered=drift.unanswered(publication, comparison, plan))


# --- ends -------------------------------------------------------------------------------------------------------------


def _give_back(publication: Publication, site: Site) -> None:
    """Asked to stop before anything live was touched: the next publisher starts it afresh."""
    generations.clear_staging(site.directory)
    with transaction.atomic():
        Publication.objects.filter(pk=publication.pk, state=State.RUNNING).update(
            state=State.QUEUED, started_at=None, steps=[]
        )
        note_interruption(publication, "The publisher was asked to end before it touched anything live.")
    journal.remove(site.directory.journal)


def _end_badly(publication: Publication, site: Site, record: Journal, error: BaseException) -> None:
    message = explain(error, site.directory.path)
    if record.phase in {Phase.SWAPPING, Phase.PROVED}:
        # Not even putting back, or recording, was possible: the journal stays, and each further look tries again.
        raise PublishError(f"The publication is not ended yet: {message}") from error
    if record.phase is Phase.RESTORED:
        roll_back(publication, error=message)
    else:
        generations.forget(site.directory, record)
        fail(publication, error=message)
