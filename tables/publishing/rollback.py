"""Going back to an earlier generation by hand, for the night when all else is down: nothing here asks the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path

from django.conf import settings

from tables.publishing.carrying import bring_back
from tables.publishing.errors import EXPECTED, PublishError, explain
from tables.publishing.recovery import end_rollback, mend, set_aside
from tables.publishing.site import Site, here
from tables.sendmail import commands, generations, journal, manifest, wayback
from tables.sendmail.daemon import Daemon, Mark, NotAlive, Probe, answered, askable, greeting, look_up
from tables.sendmail.held import Held, Release, load_live
from tables.sendmail.journal import Journal, Phase
from tables.sendmail.maildir import locked
from tables.sendmail.manifest import Live, Manifest
from tables.sendmail.parse import parse
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tables.sendmail.wayback import Step, WayBack
from tables.sendmail.whereabouts import Whereabouts

#: Seconds in which a daemon greets that is well.
GREETS = 5.0
#: Bytes and entries at the beginning of a text in which an entry to ask for is looked for.
BEGINNING, LOOKED_AT = 65_536, 50


@dataclass(slots=True)
class Work:
    site: Site
    way: WayBack
    journal: Journal
    held: Held
    live: Live | None
    checkpoint: generations.Checkpoint
    daemon: Daemon | None = None
    #: What held before and must hold after, or the rollback is taken back.
    greeted: bool = False
    probes: list[Probe] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def listed(*, run: commands.Run = commands.run) -> list[Manifest]:
    """The generations that can be gone back to, the newest first."""
    directory = here(run).directory
    return list(manifest.usable(generations.numbered(directory))) if directory.generations.is_dir() else []


def roll_back(
    *,
    wanted: str,
    by: str,
    reason: str = "",
    run: commands.Run = commands.run,
    checkpoint: generations.Checkpoint = generations.nowhere,
) -> list[str]:
    """Make live again what the generation ``wanted`` kept (the newest if empty), and hold the host.

    Returns what was done, in sentences. Whole or not at all: whatever goes wrong, what was live before is put back and
    the error says so. Raises :class:`~tables.sendmail.maildir.Locked` while a publisher is at work.
    """
    site = here(run)
    site.directory.prepare()
    with locked(site.directory):
        said = _mended(site, checkpoint)
        work = _begin(site, wanted, by, reason, checkpoint)
        try:
            _carry_out(work)
            end_rollback(site, work.journal, checkpoint)
        except BaseException as error:
            _take_back(work, error)
            raise
        work.said.append(_outcome(work))
        if gone := generations.prune(site.directory, settings.KEEP_GENERATIONS):
            work.said.append(gone.strip())
        return [*said, *work.said]


def release_hold(*, by: str, run: commands.Run = commands.run) -> str:
    """Let the publisher go on. The host's file says so until the publisher has told the database."""
    directory = here(run).directory
    held = Held.load(directory)
    if held is None:
        raise PublishError(f"{directory.path} is not held: there is nothing to release.")
    if held.released:
        return f"The hold was released by {held.released.by} already: the publisher goes on as soon as it runs."
    replace(held, released=Release(at=datetime.now(UTC).isoformat(), by=by)).save(directory)
    return "The hold is released: the publisher brings the newest release as soon as it runs and has the database."


def _mended(site: Site, checkpoint: generations.Checkpoint) -> list[str]:
    """First whole files; what became of the interrupted publication the database is told later."""
    if not site.directory.journal.exists():
        return []
    found = mend(site, checkpoint)
    if found is None:
        return ["An earlier rollback had been stopped half-way: its files were put in order first."]
    set_aside(site, found)
    return [f"A publication of release {found.release} had been stopped half-way: its files were put in order first."]


def _begin(site: Site, wanted: str, by: str, reason: str, checkpoint: generations.Checkpoint) -> Work:
    way, live = wayback.find(site.directory, wanted), load_live(site.directory)
    target = way.target.before
    held = Held(
        since=datetime.now(UTC).isoformat(),
        by=by,
        reason=reason,
        from_release=live.release if live else None,
        to_release=target.release,
        generation="",
    )
    record = Journal(
        publication=0,
        release=target.release or 0,
        before=asdict(live or Live()),
        rolls_back_to=way.target.generation,
    )
    record.save(site.directory.journal)
    return Work(site, way, record, held, live, checkpoint)


# --- the steps --------------------------------------------------------------------------------------------------------


def _carry_out(work: Work) -> None:
    directory, checkpoint = work.site.directory, work.checkpoint
    work.said.append(_intent(work))
    checkpoint("rollback begun")
    generations.clear_staging(directory)
    swaps = list(wayback.stage(directory, work.way))
    _look_before(work)
    checkpoint("rollback staged")
    generations.swap(directory, work.journal, swaps, checkpoint)
    work.said += _done(work)
    _signal_and_prove(work)
    _note_proved(work)


def _look_before(work: Work) -> None:
    """What does not hold now proves nothing about the rollback: a dead daemon must not stand in its way."""
    work.daemon = _daemon(work)
    if work.daemon:
        work.greeted = greeting(work.daemon.listener, timeout=GREETS).startswith("220")
    probes = [probe for step in work.way.steps if (probe := _probe(work, step))]
    try:
        work.probes = answered(probes, cf=work.site.cf.path, run=work.site.run, timeout=work.site.timeout)
    except commands.CommandError as error:
        work.said.append(f"sendmail is not asked for what is live: {error}")


def _daemon(work: Work) -> Daemon | None:
    try:
        return work.site.daemon()
    except NotAlive as error:
        work.said.append(str(error))
        return None


def _probe(work: Work, step: Step) -> Probe | None:
    """One entry of a restored map, by the text that was kept with it."""
    if not step.is_text or step.source is None:
        return None
    table = TABLES[step.kept.name]
    maps = [other for other in work.way.steps if other.kept.name == f"{table.name}.db" and other.source]
    name = work.site.cf.map_name(maps[0].live) if maps else None
    place = work.site.directory.place(table)
    return _askable(name, place, step.source) if name and place.gives_values else None


def _askable(map_name: str, place: Whereabouts, text: Path) -> Probe | None:
    with text.open("rb") as stream:
        beginning = BytesIO(stream.read(BEGINNING))
    for parsed in islice(parse(place.table, beginning), LOOKED_AT):
        item = parsed.item
        if isinstance(item, Entry) and item.enabled and askable(item.key, item.value + place.appended):
            return Probe(map_name, item.key, item.value + place.appended)
    return None


def _signal_and_prove(work: Work) -> None:
    mark = None
    if work.daemon and any(swap.needs_signal for swap in work.journal.swaps):
        work.journal.signalled = True
        work.journal.save(work.site.directory.journal)
        mark = work.daemon.hang_up()
        work.said.append(f"Sent SIGHUP to sendmail (process {mark.pid}).")
    work.checkpoint("before proof")
    if work.daemon and (mark or work.greeted):
        _prove_alive(work, work.daemon, mark)
    if work.probes:
        look_up(work.probes, cf=work.site.cf.path, run=work.site.run, timeout=work.site.timeout)
        work.said.append(f"sendmail answers from what is live now ({', '.join(one.key for one in work.probes)}).")


def _prove_alive(work: Work, daemon: Daemon, mark: Mark | None) -> None:
    try:
        work.said.append(f"sendmail greets: {daemon.prove(since=mark)}.")
    except NotAlive as error:
        if work.greeted:
            raise
        work.said.append(f"sendmail did not greet before, and does not now: {error}")


def _note_proved(work: Work) -> None:
    files = work.way.recorded()
    work.journal.files = files
    work.journal.hold = asdict(replace(work.held, generation=work.journal.generation, files=files))
    work.journal.phase = Phase.PROVED
    try:
        work.journal.save(work.site.directory.journal)
    except OSError:
        work.journal.phase = Phase.SWAPPING
        raise
    work.checkpoint("rollback proved")


def _take_back(work: Work, error: BaseException) -> None:
    """What was live before is live again, and the error says so."""
    if work.journal.phase is Phase.PROVED:
        raise PublishError(
            f"The rollback is live, but could not be noted: {explain(error, work.site.directory.path)} "
            "The next publisher or rollback notes it."
        ) from error
    if work.journal.phase is Phase.SWAPPING:
        said = bring_back(work.site, work.journal, work.daemon, work.checkpoint)
    else:
        generations.forget(work.site.directory, work.journal)
        said = "Nothing live was touched."
    generations.clear_staging(work.site.directory)
    journal.remove(work.site.directory.journal)
    if isinstance(error, EXPECTED):
        raise PublishError(f"Not rolled back: {explain(error, work.site.directory.path)} {said}") from error


# --- words ------------------------------------------------------------------------------------------------------------


def _intent(work: Work) -> str:
    target, now = work.way.target, work.live or "what is live"
    return f"Going back from {now} to {target.before}, kept {when(target.at)} as generation {target.generation}."


def _done(work: Work) -> list[str]:
    put = [Path(swap.live).name for swap in work.journal.swaps if swap.staged]
    gone = [Path(swap.live).name for swap in work.journal.swaps if not swap.staged]
    said = [f"Put back: {', '.join(put)}."] if put else []
    if gone:
        said.append(f"Removed, because they did not exist then: {', '.join(gone)}.")
    return [*said, *(_by_hand(work, path) for path in wayback.by_hand(work.live, work.journal.swaps))]


def _by_hand(work: Work, path: Path) -> str:
    kept = work.site.directory.generations / work.journal.generation / path.name
    return f"{path} had been changed by hand since it was published. That version is kept: {kept}"


def _outcome(work: Work) -> str:
    kept = work.journal.generation
    return (
        f"{str(work.way.target.before).capitalize()} is live. What was live until now is kept as generation {kept}: "
        f"manage.py publisher --rollback {kept} goes back to it. This host is held: nothing is published here until "
        "somebody releases the hold in the panel or with manage.py publisher --release-hold."
    )


def when(at: str) -> str:
    """``2026-11-25 21:40 UTC``."""
    return f"{at[:16].replace('T', ' ')} UTC"
