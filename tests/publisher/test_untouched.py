"""What did not change is not touched; what is rewritten says where it comes from."""

from pathlib import Path

import pytest

from tables.models import Publication
from tables.sendmail.parse import read_table
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.publisher.conftest import Load, Publish, message
from tests.services.editing import save, switch

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FILES = {
    "aliases": "# Head\n\npostmaster: root\nsales:   alice, bob\n",
    "access": "From:a@bad.example\tREJECT\n",
    "relay-domains": "one.example\n",
}


def states(mail_dir: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in mail_dir.iterdir() if path.is_file())
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_one_edit_rewrites_one_text_and_its_map(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    before = states(mail_dir)
    save(None, "access", "From:b@bad.example", "REJECT")
    publish()
    after = states(mail_dir)
    assert {name for name in after if after[name] != before[name]} == {"access", "access.db"}


def test_publishing_the_same_again_touches_nothing(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    before = states(mail_dir)
    again = publish()
    assert again.state == Publication.State.SUCCEEDED
    assert message(again, "plan") == "Nothing to change: what is live is this release."
    assert states(mail_dir) == before


def test_files_that_are_as_imported_keep_their_bytes_and_get_their_maps(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    for name, text in FILES.items():
        (mail_dir / name).write_text(text)
    before = states(mail_dir)
    assert publish().state == Publication.State.SUCCEEDED
    after = states(mail_dir)
    assert {name: after[name] for name in FILES} == before
    assert set(after) - set(before) == {"aliases.db", "access.db"}


def test_a_missing_map_is_built_again(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    (mail_dir / "access.db").unlink()
    publication = publish()
    assert message(publication, "plan") == "access: access.db is missing. No signal needed."
    assert (mail_dir / "access.db").exists()


def test_a_map_that_somebody_else_built_is_built_again(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    (mail_dir / "access.db").write_bytes(b"not what we built")
    publication = publish()
    assert "access.db was not built by the last publication" in message(publication, "plan")


def test_a_rewritten_file_says_where_it_comes_from(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publication = publish()
    first, _, rest = (mail_dir / "aliases").read_text().partition("\n")
    assert first.startswith("# mailadmin: release 1, change checksum ")
    assert publication.release.checksum[:16] in first
    assert len(first) < 200
    assert rest == FILES["aliases"]


def test_the_stamp_is_not_read_back(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    items = [parsed.item for parsed in read_table(TABLES["aliases"], lambda: (mail_dir / "aliases").open("rb"))]
    assert "mailadmin" not in "".join(getattr(item, "text", "") for item in items)
    assert [item.key for item in items if isinstance(item, Entry)] == ["postmaster", "sales"]


def test_a_rewritten_file_keeps_its_owner_and_mode(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    for name in ("access", "access.db"):
        (mail_dir / name).chmod(0o600)
    save(None, "access", "From:b@bad.example", "REJECT")
    publish()
    assert {(mail_dir / name).stat().st_mode & 0o777 for name in ("access", "access.db")} == {0o600}


def test_new_files_are_readable_as_debian_has_them(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    modes = {path.name: path.stat().st_mode & 0o777 for path in mail_dir.iterdir() if path.is_file()}
    assert modes == {
        "access": 0o640,
        "access.db": 0o640,
        "aliases": 0o644,
        "aliases.db": 0o640,
        "relay-domains": 0o644,
    }


def test_a_linked_text_is_replaced_where_the_link_leads(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    real = mail_dir.parent / "aliases"
    real.write_text(FILES["aliases"])
    (mail_dir / "aliases").symlink_to("../aliases")
    save(None, "aliases", "info", "root")
    assert publish(override=True).state == Publication.State.SUCCEEDED
    assert (mail_dir / "aliases").is_symlink()
    assert "info: root" in real.read_text()


def test_a_comment_alone_rewrites_the_text(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    save(None, "access", "from:a@bad.example", "REJECT", comment="the worst of them")
    publication = publish()
    assert message(publication, "plan").startswith("access: text only")
    assert "# the worst of them\nFrom:a@bad.example\tREJECT" in (mail_dir / "access").read_text()


def test_a_disabled_entry_leaves_the_map(mail_dir: Path, load: Load, publish: Publish) -> None:
    load(FILES | {"access": "From:a@bad.example\tREJECT\nFrom:b@ok.example\tOK\n"})
    publish()
    switch(None, "access", "from:b@ok.example", enabled=False)
    publication = publish()
    assert message(publication, "build") == "Wrote access. Built access (1 entry)."
    assert message(publication, "plan").startswith("access: 1 deleted")


def test_only_the_newest_generations_are_kept(mail_dir: Path, load: Load, publish: Publish, settings: object) -> None:
    settings.KEEP_GENERATIONS = 2  # type: ignore[attr-defined]
    load(FILES)
    for number in range(4):
        save(None, "aliases", f"user{number}", "root")
        publish()
    kept = sorted(path.name for path in (mail_dir / ".mailadmin/generations").iterdir())
    assert kept == ["0003", "0004"]
    assert "user2" in (mail_dir / ".mailadmin/generations/0004/aliases").read_text()
