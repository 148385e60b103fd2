"""The steps that make a plan real: build beside what is live, verify, swap, tell sendmail, prove, or put back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from tables.models import Publication
from tables.publishing.comparing import Comparison
from tables.publishing.desired import Written
from tables.publishing.errors import EXPECTED, explain
from tables.publishing.progress import ROLLED_BACK, RUNNING, Progress, Step
from tables.publishing.site import Site
from tables.sendmail import generations, hashfile
from tables.sendmail.commands import CommandError
from tables.sendmail.daemon import Daemon, Mark, NotAlive, Probe, askable, look_up
from tables.sendmail.files import chunks, identity, sha256, sync, write
from tables.sendmail.journal import Journal, Phase, Swap
from tables.sendmail.maps import (
    ALIASES_OPTIONS,
    ALIASES_TOKEN,
    LONGEST,
    MapError,
    Tally,
    compare,
    entries,
    newaliases_possible,
    record,
)
from tables.sendmail.plan import Delete, FilePlan, Plan
from tables.sendmail.spec import Kind
from tables.sendmail.tables import TABLES

#: Pages of a changed copy that are compared; with more it is quicker to read all of it.
MOST_PAGES = 2000


@dataclass(slots=True)
class Work:
    """One publication at work."""

    publication: Publication
    site: Site
    progress: Progress
    journal: Journal
    comparison: Comparison
    plan: Plan
    daemon: Daemon | None
    stamp: bytes
    #: What each built map shall hold.
    tallies: dict[str, Tally] = field(default_factory=dict)
    #: The tables whose map is a changed copy of the live one.
    copies: set[str] = field(default_factory=set)

    def staged(self, file: FilePlan) -> Path:
        return self.site.directory.staging / file.table.name

    def staged_map(self, file: FilePlan) -> Path:
        return self.site.directory.staging / f"{file.table.name}.db"


# --- build ------------------------------------------------------------------------------------------------------------


def build(work: Work) -> None:
    with work.progress.step("build") as step:
        touched = [file for file in work.plan.files if file.touched]
        for file in touched:
            _write_text(work, file)
            if file.build:
                _build_map(work, file, step)
            work.progress.checkpoint(f"built {file.table.name}")
        sync(work.site.directory.staging)
        step.say(_built(touched))


def _built(touched: Iterable[FilePlan]) -> str:
    texts = [file.table.name for file in touched if file.changed]
    maps = [f"{file.table.name} ({entries(file.entries)})" for file in touched if file.build]
    said = [f"Wrote {', '.join(texts)}." if texts else "", f"Built {', '.join(maps)}." if maps else ""]
    return " ".join(part for part in said if part) or "Nothing to build."


def _write_text(work: Work, file: FilePlan) -> None:
    """The text as it will be live: also newaliases looks at its owner and mode."""
    directory = work.site.directory
    source = work.comparison.chunks(file.table)
    write(work.staged(file), chain([work.stamp], source), directory.ownership_of_text(file.table))


def _build_map(work: Work, file: FilePlan, step: Step) -> None:
    if not _change_copy(work, file, step):
        _build_whole(work, file, step)
    built = work.staged_map(file)
    if not built.is_file():
        raise MapError(f"No {built.name} was built, though the program ended as if all were well. Try it by hand.")
    work.site.directory.ownership_of_map(file.table, built).give(built)
    sync(built)


def _change_copy(work: Work, file: FilePlan, step: Step) -> bool:
    """Make the map of a few changes in a copy of the live one. False where that is not possible."""
    name = file.table.name
    delta, known = work.comparison.deltas.get(name), work.comparison.known_map(file.table)
    if delta is None or known is None:
        return False
    options = ALIASES_OPTIONS if file.table.kind is Kind.ALIASES else ()
    live, staged = work.site.directory.map(file.table), work.staged(file)
    try:
        for result in work.site.builder_of(file.table).change_copy(
            live, staged, put=delta.put, gone=delta.gone, options=options
        ):
            step.add(result)
        expected = work.tallies[name] = delta.expected(known)
        if pages := hashfile.difference(live, work.staged_map(file), MOST_PAGES):
            compare(name, known.changed(gone=pages.gone, come=pages.come), expected)
            work.copies.add(name)
    except (CommandError, MapError) as error:
        step.add(f"{name}: its map is built as a whole, because a changed copy of it came to nothing: {error}\n")
        return False
    return True


def _build_whole(work: Work, file: FilePlan, step: Step) -> None:
    table, comparison = file.table, work.comparison
    written = comparison.written(table)
    work.tallies[table.name] = tally = replace(written.tally)
    if table.kind is Kind.ALIASES:
        _build_aliases(work, file, written, step)
        tally.add(record(ALIASES_TOKEN))
    else:
        step.add(work.site.builder_of(table).makemap(work.staged(file), _sorted(work, file, step)))


def _build_aliases(work: Work, file: FilePlan, written: Written, step: Step) -> None:
    builder = work.site.builder_of(file.table)
    if newaliases_possible(builder.cf) or written.longest >= LONGEST:
        step.add(builder.newaliases(work.staged(file), written.entries))
    else:
        step.add(builder.aliases_by_makemap(work.staged(file), _sorted(work, file, step)))


def _sorted(work: Work, file: FilePlan, step: Step) -> Iterator[bytes]:
    lines = work.comparison.lines(file.table)
    ordered = lines.with_suffix(".sorted")
    step.add(work.site.builder.sort(lines, ordered))
    lines.unlink()
    return chunks(ordered)


def verify(work: Work) -> None:
    with work.progress.step("verify") as step:
        if not work.tallies:
            step.skip("No map was built.")
            return
        for name in work.tallies.keys() - work.copies:
            step.add(work.site.builder_of(TABLES[name]).verify(work.site.directory.staging / name, work.tallies[name]))
        for name in sorted(work.copies):
            step.add(f"{name}: the pages in which its map differs from the live one hold what was changed, no more.\n")
        step.say(f"{_counted(len(work.tallies), 'map holds', 'maps hold')} exactly the entries of the tables.")


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


# --- make live --------------------------------------------------------------------------------------------------------


def make_live(work: Work) -> None:
    """Swap, signal and prove. Whatever goes wrong from here on, the previous generation is put back."""
    work.progress.must_go_on = True
    try:
        _swap(work)
        mark = _signal(work)
        _prove(work, mark)
        _note_proved(work)
    except BaseException as error:
        known = isinstance(error, EXPECTED)
        work.journal.error = explain(error, work.site.directory.path) if known else ""
        put_back(work)
        raise


def _swap(work: Work) -> None:
    with work.progress.step("swap") as step:
        swaps = list(chain.from_iterable(_swaps(work, file) for file in work.plan.files))
        if not swaps:
            step.skip("What is live is what it should be: nothing to put in place.")
            return
        generations.swap(work.site.directory, work.journal, swaps, work.progress.checkpoint)
        step.say(
            f"{_counted(len(swaps), 'file is', 'files are')} in place; "
            f"the previous ones are kept as generation {work.journal.generation}."
        )


def _swaps(work: Work, file: FilePlan) -> Iterable[Swap]:
    """The map first: it is what sendmail reads."""
    directory, before = work.site.directory, work.comparison.look(file.table).sha256
    if file.build:
        yield Swap(live=str(directory.map(file.table)), staged=str(work.staged_map(file)))
    if file.changed:
        live, staged = str(directory.text(file.table)), str(work.staged(file))
        yield Swap(live=live, staged=staged, sha256=before, needs_signal=file.table.needs_signal)


def _signal(work: Work) -> Mark | None:
    with work.progress.step("signal") as step:
        if not work.plan.classes_changed:
            step.skip("No class file changed: sendmail sees new maps by itself.")
            return None
        if work.daemon is None:
            step.skip("No sendmail daemon is managed here: nothing to signal.")
            return None
        work.journal.signalled = True
        work.journal.save(work.site.directory.journal)
        mark = work.daemon.hang_up()
        step.say(f"Sent SIGHUP to sendmail (process {mark.pid}).")
        return mark


def _prove(work: Work, mark: Mark | None) -> None:
    with work.progress.step("prove") as step:
        said = []
        if work.daemon and not work.plan.empty:
            said.append(f"sendmail greets: {work.daemon.prove(since=mark)}.")
        probes = [probe for file in work.plan.maps if (probe := _probe(work, file))]
        if probes:
            step.add(look_up(probes, cf=work.site.cf.path, run=work.site.run, timeout=work.site.timeout))
            said.append(f"sendmail answers from the new state ({', '.join(probe.key for probe in probes)}).")
        if said:
            step.say(" ".join(said))
        elif work.plan.empty:
            step.skip("Nothing changed, so there is nothing to prove.")
        else:
            step.skip("No sendmail here reads what changed: the verified maps are the proof.")


def _probe(work: Work, file: FilePlan) -> Probe | None:
    """One changed entry of the map to ask sendmail for."""
    name = work.site.cf.map_name(work.site.directory.map(file.table))
    place = work.site.directory.place(file.table)
    if not (name and place.gives_values):
        return None
    for found in file.samples:
        entry = found.before if isinstance(found, Delete) else found.after
        value = None if isinstance(found, Delete) else entry.value + place.appended
        if askable(entry.key, value):
            return Probe(name, entry.key, value)
    return None


# --- put back ---------------------------------------------------------------------------------------------------------


def put_back(work: Work) -> None:
    """Make the previous generation live again, and have sendmail read it."""
    if work.journal.phase is not Phase.SWAPPING:
        return
    step: dict[str, Any] = {"step": "restore", "state": RUNNING, "seconds": None, "message": "", "output": ""}
    work.progress.publication.steps.append(step)
    step["message"] = bring_back(work.site, work.journal, work.daemon, work.progress.checkpoint)
    step["state"] = ROLLED_BACK
    work.progress.write()


def bring_back(site: Site, journal: Journal, daemon: Daemon | None, checkpoint: generations.Checkpoint) -> str:
    """Restore the files, and the daemon if it was told of the new ones. Returns what there is to say."""
    with suppress(OSError):  # a full disk must not keep the old files from coming back
        journal.save(site.directory.journal)
    generations.restore(site.directory, journal, checkpoint)
    said = "What was live before is live again."
    if not (journal.signalled and daemon):
        return said
    try:
        greeting = daemon.prove(since=daemon.hang_up())
    except NotAlive as error:
        return f"{said} But {error}"
    return f"{said} sendmail greets: {greeting}."


# --- record -----------------------------------------------------------------------------------------------------------


def _note_proved(work: Work) -> None:
    """From here on the new state stays, and only its record is to be written."""
    work.journal.files = _written_files(work)
    work.journal.phase, before = Phase.PROVED, work.journal.phase
    try:
        work.journal.save(work.site.directory.journal)
    except OSError:
        work.journal.phase = before
        raise
    work.progress.checkpoint("proved")


def _written_files(work: Work) -> list[dict[str, Any]]:
    """What is live now, per table that has a file: by this the next publication knows a change by hand."""
    return [_written(work, file) for file in work.plan.files if work.site.directory.text(file.table).exists()]


def _written(work: Work, file: FilePlan) -> dict[str, Any]:
    directory = work.site.directory
    return {
        "table": file.table.name,
        "path": str(file.path),
        "sha256": sha256(directory.text(file.table)),
        "entries": file.entries,
        "changed": file.changed,
        "built": file.build,
        **_map_written(work, file),
    }


def _map_written(work: Work, file: FilePlan) -> dict[str, Any]:
    """Which map it is, what it holds, and how often it was made of a copy since it was made as a whole."""
    before = work.comparison.recorded.get(file.table.name, {})
    again = file.table.name in work.comparison.deltas
    patches = before.get("patches", 0) + 1 if again else (0 if file.touched else before.get("patches", 0))
    if file.table.kind is Kind.CLASS:
        return {"map": "", "patches": patches}
    tally = work.tallies.get(file.table.name)
    holds = [tally.count, tally.crc, tally.adler] if tally else before.get("holds")
    directory = work.site.directory
    made = {"map": identity(directory.map(file.table)), "built_as": directory.place(file.table).built_as}
    return {**made, "holds": holds, "patches": patches}
