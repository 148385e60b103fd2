"""A dump: a tar archive of JSON Lines, in pieces of bounded size so that nothing has to fit into memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from django.db.models import Model
from django.utils import timezone

from tables import audit
from tables.actors import Actor
from tables.dumping import manifest, proving
from tables.dumping.hiding import Hider
from tables.dumping.manifest import Manifest, Part
from tables.dumping.parts import columns, models
from tables.dumping.sequences import last_id
from tables.dumping.values import outward
from tables.errors import ChangeError
from tables.exporting import replacing
from tables.models import AuditHead
from tables.snapshots import snapshot
from tables.streams import FETCH

#: Bytes of rows after which a new piece begins.
PIECE = 4 << 20


def dump(*, path: Path, actor: Actor, secrets: bool = True) -> Manifest:
    """Write everything into ``path``, which is there whole or not at all, for its owner alone.

    Without ``secrets`` the passwords in tables are hidden in it, and nobody can load it.
    """
    _refuse_no_file(path)
    # Before the first byte, and so in the dump itself: who cannot be recorded may not have it.
    audit.record(actor=actor, action="dump" if secrets else "dump-hidden", detail={"secrets": secrets})
    with replacing(path) as unfinished:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as stream, snapshot():
            os.fchmod(descriptor, 0o600)
            written = _write(stream, None if secrets else Hider())
            stream.flush()
            os.fsync(descriptor)
    return written


def _refuse_no_file(path: Path) -> None:
    """A device would be replaced by a file, and /dev/null is one that the whole machine needs."""
    if path.exists() and not path.is_file():
        raise ChangeError(f"{path} is no file. Name a new file, in a directory that only you may read.")


def _write(stream: io.BufferedRandom, hider: Hider | None) -> Manifest:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        place = _add(archive, manifest.NAME, b" " * manifest.ROOM)
        parts = [_part(archive, model, hider) for model in models()]
        head = AuditHead.objects.filter(pk=1).first() or AuditHead()
        states, releases = proving.states()
        made = Manifest(
            migrations=manifest.migrations(),
            made_at=timezone.now().isoformat(),
            audit_number=head.number,
            audit_hash=head.hash,
            parts=parts,
            states=states,
            releases=releases,
            hidden=hider.rows if hider else 0,
        )
    stream.seek(place)
    stream.write(made.as_bytes())
    return made


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> int:
    """Where its bytes begin."""
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(data), 0o600
    archive.addfile(about, io.BytesIO(data))
    return archive.offset - -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _part(archive: tarfile.TarFile, model: type[Model], hider: Hider | None) -> Part:
    digest = hashlib.sha256()
    rows = size = files = 0
    for count, piece in _pieces(_lines(model, hider)):
        files += 1
        data = gzip.compress(piece, 1, mtime=0)
        digest.update(data)
        _add(archive, f"{model._meta.label}/{files:06}.jsonl.gz", data)
        rows, size = rows + count, size + len(piece)
    names = [field.attname for field in columns(model)]
    return Part(model._meta.label, names, rows, size, files, digest.hexdigest(), last_id(model))


def _pieces(written: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """(rows, their lines)."""
    lines: list[bytes] = []
    size = 0
    for line in written:
        lines.append(line)
        size += len(line)
        if size >= PIECE:
            yield len(lines), b"".join(lines)
            lines, size = [], 0
    if lines:
        yield len(lines), b"".join(lines)


def _lines(model: type[Model], hider: Hider | None) -> Iterator[bytes]:
    fields = columns(model)
    turns = [(place, turn) for place, field in enumerate(fields) if (turn := outward(field))]
    found = model._default_manager.order_by("pk").values_list(*(field.attname for field in fields))
    encode = json.JSONEncoder(separators=(",", ":")).encode
    for row in found.iterator(chunk_size=FETCH):
        values = hider.hide(fields, row) if hider else list(row)
        for place, turn in turns:
            if values[place] is not None:
                values[place] = turn(values[place])
        yield encode(values).encode() + b"\n"
