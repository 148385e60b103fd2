"""A host comes to have the newest release of its cluster, whoever queued it, and what failed waits for a person."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tables import changes, publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import Alias, AuditEvent, Cluster, Host, Publication
from tables.publishing.hosts import cluster_named
from tables.sendmail.spec import Entry
from tables.sendmail.tables import TABLES
from tests.publisher.conftest import Load, Publish
from tests.publisher.test_commands import called
from tests.services.editing import save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

State = Publication.State


def cut(cluster: Cluster | None = None) -> int:
    return releases.cut(cluster=cluster or get_cluster(), actor=Actor.command()).number


def states() -> list[tuple[int, str]]:
    found = Publication.objects.order_by("id").select_related("release")
    return [(publication.release.number, publication.state) for publication in found]


def test_a_host_that_came_after_the_cut_gets_the_newest_release(mail_dir: Path, load: Load) -> None:
    load({"aliases": "postmaster: root\n"})
    cut()
    save(None, "aliases", "sales", "root")
    cut()
    host = publishing.register_host()
    done = publishing.converge(host=host)
    assert done
    assert (done.release.number, done.state, done.requested_by_name) == (
        2,
        State.SUCCEEDED,
        "publisher:mx.test.example",
    )
    assert "sales: root" in (mail_dir / "aliases").read_text()
    assert publishing.converge(host=Host.objects.get()) is None
    assert states() == [(2, State.SUCCEEDED)]


def test_a_host_that_was_down_goes_straight_to_the_newest(host: Host, load: Load) -> None:
    load({"aliases": "postmaster: root\n"})
    for number in range(10):
        save(None, "aliases", f"name{number}", "root")
        cut()
    publishing.converge(host=host)
    assert states() == [*((number, State.SUPERSEDED) for number in range(1, 10)), (10, State.SUCCEEDED)]


def test_what_failed_is_not_tried_again_until_there_is_something_newer(
    host: Host, load: Load, mail_dir: Path, publish: Publish
) -> None:
    load({"aliases": "postmaster: root\n"})
    (mail_dir / "aliases").write_text("postmaster: somebody\n")
    assert publish().state == State.FAILED
    assert publishing.converge(host=Host.objects.get()) is None
    assert states() == [(1, State.FAILED)]
    Publication.objects.all().delete()
    (mail_dir / "aliases").unlink()
    done = publishing.converge(host=Host.objects.get())
    assert done
    assert done.state == State.SUCCEEDED


def test_without_a_release_there_is_nothing_to_catch_up_with(host: Host) -> None:
    assert publishing.converge(host=host) is None
    assert states() == []


# --- clusters ---------------------------------------------------------------------------------------------------------


def test_a_publisher_of_a_new_cluster_makes_it(mail_dir: Path) -> None:
    status, said = called("publisher", "--once", "--cluster", "branch")
    assert (status, said) == (0, "Nothing to publish on mx.test.example.\n")
    host = Host.objects.get()
    assert host.cluster.name == "branch"
    made, registered = AuditEvent.objects.exclude(action="host-reported").order_by("number")
    assert (made.action, made.key, made.actor_name) == ("cluster-made", "branch", "publisher:mx.test.example")
    assert (registered.action, registered.cluster) == ("host-registered", "branch")
    assert called("publisher", "--once")[0] == 0
    assert Host.objects.get().cluster.name == "branch"


@pytest.mark.parametrize("name", ["a b", "ä", "x" * 51, "a/b"])
def test_a_name_that_no_address_takes_is_refused(mail_dir: Path, name: str) -> None:
    status, said = called("publisher", "--once", "--cluster", name)
    assert status == 1
    assert "is no name for a cluster. Take up to 50 letters, digits, hyphens and underscores." in said
    assert not Host.objects.exists()
    with pytest.raises(ChangeError):
        publishing.register_host(cluster=name)


def test_the_setting_says_the_same_to_every_command(mail_dir: Path, settings: Any, tmp_path: Path) -> None:
    settings.CLUSTER = "branch"
    (tmp_path / "aliases").write_text("postmaster: root\n")
    assert called("import_tables", str(tmp_path / "aliases"), "--table", "aliases")[0] == 0
    assert Alias.objects.get().cluster.name == "branch"
    assert publishing.register_host().cluster.name == "branch"
    assert not Cluster.objects.filter(name="default").exists()


def test_each_host_gets_the_releases_of_its_own_cluster(mail_dir: Path, load: Load) -> None:
    load({"aliases": "postmaster: root\n"})
    branch = publishing.register_host(cluster="branch")
    cut()
    assert publishing.converge(host=branch) is None
    cut(branch.cluster)
    done = publishing.converge(host=branch)
    assert done
    assert (done.release.cluster.name, done.state) == ("branch", State.SUCCEEDED)
    assert not (mail_dir / "aliases").exists()


def test_ten_hosts_of_three_clusters_converge_in_any_order(mail_dir: Path, settings: Any) -> None:
    """Some are down at each cut, some get up late, and in the end each has its cluster's newest release."""
    chance = random.Random(5)
    clusters = [cluster_named(name, Actor.command()) for name in ("default", "branch", "lab")]
    names = {f"mx{number}": clusters[number % 3].name for number in range(10)}
    for number in range(4):
        cut_everywhere(clusters, number)
        for name in chance.sample(sorted(names), 3):
            look(name, names[name], mail_dir.parent, settings)
    for name in chance.sample(sorted(names), 10):
        look(name, names[name], mail_dir.parent, settings)
    for name, cluster in names.items():
        host = Host.objects.select_related("release", "cluster").get(name=name)
        assert (host.cluster.name, host.release) == (cluster, releases.newest(host.cluster))
        assert f"3@{cluster}.example" in (mail_dir.parent / name / "genericstable").read_text()
        assert look(name, cluster, mail_dir.parent, settings) is None
    assert not Publication.objects.exclude(state__in=[State.SUCCEEDED, State.SUPERSEDED]).exists()


def cut_everywhere(clusters: list[Cluster], number: int) -> None:
    for cluster in clusters:
        changes.save_entry(
            cluster=cluster,
            actor=Actor.command(),
            table=TABLES["genericstable"],
            original_key=None,
            typed=Entry(f"name{number}", f"{number}@{cluster.name}.example"),
            seen=changes.entry_checksum(None),
            reason="",
            confirmed=True,
        )
        cut(cluster)


def look(name: str, cluster: str, above: Path, settings: Any) -> Publication | None:
    """A publisher that starts, looks once, and ends."""
    settings.MAIL_DIR = above / name
    settings.MAIL_DIR.mkdir(exist_ok=True)
    return publishing.converge(host=publishing.register_host(name=name, cluster=cluster))


def test_a_host_that_changes_its_cluster_starts_afresh(host: Host, load: Load, publish: Publish) -> None:
    load({"aliases": "postmaster: root\n"})
    publish()
    cut()
    moved = publishing.register_host(cluster="branch")
    assert (moved.pk, moved.release, moved.cluster.name) == (host.pk, None, "branch")
    assert states() == [(1, State.SUCCEEDED), (1, State.SUPERSEDED)]
    event = AuditEvent.objects.get(action="host-changed")
    assert (event.before, event.after["cluster"]) == ({"cluster": "default"}, "branch")
    cut(moved.cluster)
    done = publishing.converge(host=moved)
    assert done
    assert "would be empty" in done.error or "was there before the first publication" in done.error
