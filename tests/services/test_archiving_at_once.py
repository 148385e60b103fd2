"""Archiving while others go on, over real connections: nobody is refused, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from mailadmin.accounts.models import User
from tables import archiving
from tables.actors import Actor
from tables.models import AuditArchive, AuditEvent
from tables.verifying import verify
from tests.parallel.fixed_cast import cast  # noqa: F401
from tests.parallel.racing import race as together
from tests.services.editing import save
from tests.services.test_archiving import make_live

pytestmark = pytest.mark.django_db(transaction=True)


def test_editing_goes_on_meanwhile(
    cast: dict[str, User],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archiving, "LEAST_DAYS", -1)
    tmp_path.chmod(0o700)
    for number in range(5):
        save(cast["alice"], "aliases", f"name{number}", "alice")
    make_live()
    before = timezone.now()

    def edit(name: str) -> str:
        return [save(cast[name], "aliases", f"{name}{number}", "alice").state for number in range(5)][-1]

    def archive() -> AuditArchive | None:
        return archiving.archive(actor=Actor.command(), before=before, directory=tmp_path)

    results = together(archive, lambda: edit("alice"), lambda: edit("dora"), archive)
    assert results[1:3] == ["applied", "applied"]
    assert AuditArchive.objects.count() == 1, results
    assert any(isinstance(result, AuditArchive) for result in results)
    assert not AuditEvent.objects.filter(at__lt=before).exists()
    assert list(verify()) == []
    (file,) = tmp_path.glob("*.gz")
    assert list(verify([file])) == []
