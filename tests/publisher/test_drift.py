"""A file that somebody changed by hand is never overwritten unless a person says so."""

from pathlib import Path

import pytest

from tables.models import AuditEvent, Publication
from tests.publisher.conftest import Load, Publish, message, output
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FAILED, SUCCEEDED = Publication.State.FAILED, Publication.State.SUCCEEDED

FILES = {"aliases": "postmaster: root\nsales: alice\n", "access": "From:a@bad.example\tREJECT\n"}


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def test_a_change_by_hand_stops_the_publication_and_is_shown(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    append(mail_dir / "aliases", "info: bob\n")
    before = (mail_dir / "aliases").read_bytes()

    publication = publish()

    assert publication.state == FAILED
    said = f"{mail_dir}/aliases was changed by hand since the last publication. Take it over, or import it, "
    assert publication.error.startswith(said)
    assert message(publication, "plan") == publication.error
    assert "\n+info: bob\n" in output(publication, "plan")
    assert (mail_dir / "aliases").read_bytes() == before
    assert AuditEvent.objects.get(action="drift-found").detail["tables"] == ["aliases"]


def test_who_overrides_is_kept_and_the_file_is_overwritten(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    append(mail_dir / "aliases", "info: bob\n")
    publication = publish(override=True)
    assert publication.state == SUCCEEDED
    assert "info" not in (mail_dir / "aliases").read_text()
    said = AuditEvent.objects.filter(action="unsafe-override").first()
    assert said
    assert said.detail["overridden_by"] == publication.override_by_name
    assert "changed by hand" in said.reason


def test_a_file_removed_by_hand_is_not_written_again_unasked(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    (mail_dir / "access").unlink()
    publication = publish()
    assert publication.state == FAILED
    assert "was removed by hand" in publication.error
    assert publish(override=True).state == SUCCEEDED
    assert (mail_dir / "access").exists()


def test_the_same_change_made_by_hand_and_in_the_panel_is_no_drift(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    publish()
    append(mail_dir / "aliases", "info: bob\n")
    save(None, "aliases", "info", "bob")
    assert publish().state == SUCCEEDED


def test_files_that_were_there_first_and_say_something_else_stop_the_first_publication(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    (mail_dir / "access").write_text("From:a@bad.example\tREJECT\nConnect:10\tRELAY\n")
    publication = publish()
    assert publication.state == FAILED
    assert publication.error.startswith(
        f"{mail_dir}/access was there before the first publication and says something else (1 deleted)."
    )
    assert "+Connect:10\tRELAY" in output(publication, "plan")


def test_files_that_were_there_first_and_mean_the_same_are_taken_over(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    (mail_dir / "access").write_text("# other words\nfrom:A@bad.example      REJECT\n")
    assert publish().state == SUCCEEDED
    assert "other words" not in (mail_dir / "access").read_text()


def test_a_drifted_file_does_not_keep_the_others_from_being_compared(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    publish()
    append(mail_dir / "aliases", "info: bob\n")
    append(mail_dir / "access", "Connect:10\tRELAY\n")
    publication = publish()
    assert f"{mail_dir}/aliases was changed" in publication.error
    assert f"{mail_dir}/access was changed" in publication.error
