"""The plan that a person looked at is the plan that runs; whatever differs on the host stops it before it builds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailadmin.accounts.models import User
from tables import publishing, releases, seen_plans
from tables.actors import Actor
from tables.entries import get_cluster
from tables.errors import ChangeError
from tables.models import AuditEvent, Host, Publication
from tables.seen_plans import SeenPlan
from tables.sendmail import seen
from tables.sendmail.plan import Plan
from tests.publisher.conftest import Load, Publish, message
from tests.publisher.test_commands import called
from tests.services.editing import approve, delete, save

pytestmark = [pytest.mark.django_db, pytest.mark.sendmail]

FILES = {
    "aliases": "# people\npostmaster: root\n# people\nsales: alice\nMAILER-DAEMON: postmaster\n",
    "access": "".join(f"From:{name}@bad.example\tREJECT\n" for name in "abcdef"),
    "relay-domains": "one.example\n",
}
SUCCEEDED, FAILED = Publication.State.SUCCEEDED, Publication.State.FAILED


def plan_now() -> Plan:
    return publishing.make_plan(host=Host.objects.get())


def plan_from_afar(settings: Any) -> Plan:
    """As the panel on another machine makes it."""
    here, directory = settings.HOST_NAME, settings.MAIL_DIR
    settings.HOST_NAME, settings.MAIL_DIR = "web.test.example", Path("/nonexistent")
    try:
        plan = plan_now()
    finally:
        settings.HOST_NAME, settings.MAIL_DIR = here, directory
    assert not plan.from_disk
    return plan


def publish_seen(plan: SeenPlan, *, override: bool = False) -> Publication:
    host = Host.objects.get()
    releases.cut(cluster=get_cluster(), actor=Actor.command(), override=override, plans={host.pk: plan})
    done = publishing.converge(host=host)
    assert done
    return done


def test_a_plan_made_elsewhere_is_the_one_that_the_host_makes(
    load: Load, publish: Publish, host: Host, settings: Any, bob: User
) -> None:
    """From the first publication on, for few changes (which the host compares in another way) and for many."""
    load(FILES)
    assert publish_seen(SeenPlan.of(plan_from_afar(settings))).state == SUCCEEDED
    save(None, "aliases", "sales", "bob", comment="people")
    save(None, "aliases", "info", "root", comment="people")
    approve(bob, delete(None, "access", "from:b@bad.example", reason="better"))
    approve(bob, save(None, "relay-domains", "two.example", reason="ours"))
    assert seen.checksum(plan_now()) == seen.checksum(plan_from_afar(settings))
    assert publish_seen(SeenPlan.of(plan_from_afar(settings))).state == SUCCEEDED
    assert seen.checksum(plan_now()) == seen.checksum(plan_from_afar(settings))
    settings.FULL_EVERY = 0
    for number in range(20):
        save(None, "aliases", f"user{number}", "root")
    done = publish_seen(SeenPlan.of(plan_from_afar(settings)))
    assert (done.state, done.error) == (SUCCEEDED, "")


def test_a_plan_that_deletes_more_than_was_seen_is_not_carried_out(
    mail_dir: Path, load: Load, publish: Publish, bob: User
) -> None:
    load(FILES)
    publish()
    approve(bob, delete(None, "access", "from:a@bad.example", reason="better"))
    looked_at = SeenPlan.of(plan_now())
    for name in "bc":
        approve(bob, delete(None, "access", f"from:{name}@bad.example", reason="better"))
    before = (mail_dir / "access").read_bytes()

    done = publish_seen(looked_at)

    assert done.state == FAILED
    assert done.error == (
        "The plan here deletes 3 entries of access, the one that was looked at deletes 1. "
        "Look at the plan again, then publish."
    )
    assert message(done, "plan") == done.error
    assert [step["step"] for step in done.steps] == ["lock", "read", "plan"]
    assert (mail_dir / "access").read_bytes() == before
    found = SeenPlan(**(done.plan_found or {}))
    assert publish_seen(found).state == SUCCEEDED


def test_as_many_but_other_changes_are_told_apart(load: Load, publish: Publish) -> None:
    load(FILES)
    publish()
    save(None, "aliases", "sales", "bob")
    looked_at = SeenPlan.of(plan_now())
    save(None, "aliases", "sales", "carol")
    assert publish_seen(looked_at).error.startswith(
        "The plan here has as many changes as the one that was looked at, but other lines (aliases)."
    )


def test_where_no_plan_was_seen_nothing_is_compared(load: Load, publish: Publish) -> None:
    load(FILES)
    assert publish().state == SUCCEEDED
    assert Publication.objects.get().plan_checksum == ""


# --- overrides --------------------------------------------------------------------------------------------------------


def test_an_override_covers_the_findings_that_were_seen_and_no_others(
    mail_dir: Path, load: Load, publish: Publish
) -> None:
    load(FILES)
    publish()
    with (mail_dir / "aliases").open("a") as stream:
        stream.write("info: bob\n")
    looked_at = SeenPlan.of(plan_now())
    assert looked_at.findings
    with (mail_dir / "access").open("a") as stream:
        stream.write("Connect:10\tRELAY\n")

    refused = publish_seen(looked_at, override=True)
    assert (refused.state, "aliases was changed" in refused.error) == (FAILED, False)
    assert "access was changed by hand" in refused.error

    done = publish_seen(SeenPlan.of(plan_now()), override=True)
    assert done.state == SUCCEEDED
    assert "Overridden by cli:" in message(done, "plan")
    said = AuditEvent.objects.filter(action="unsafe-override", actor_name__startswith="cli:").first()
    assert said
    assert [text.rsplit("/", 1)[1][:6] for text in said.detail["findings"]] == ["aliase", "access"]


def test_on_a_host_whose_plan_was_not_seen_an_override_covers_nothing(load: Load, host: Host) -> None:
    load(FILES)
    (Path(host.mail_dir) / "access").write_text("Connect:10\tRELAY\n")
    other = Host.objects.create(cluster=host.cluster, name="mx2.test.example", mail_dir="/etc/mail")
    releases.cut(
        cluster=host.cluster, actor=Actor.command(), override=True, plans={other.pk: SeenPlan("0" * 64, findings=[])}
    )
    done = publishing.converge(host=host)
    assert done
    assert (done.state, "something else" in done.error) == (FAILED, True)


# --- what was applied since -------------------------------------------------------------------------------------------


def test_what_was_applied_since_the_page_was_made_refuses_it(load: Load, host: Host) -> None:
    load(FILES)
    number = get_cluster().last_change
    save(None, "aliases", "sales", "bob")
    with pytest.raises(ChangeError, match=r"^1 more change was applied since you looked at the plan\. Look at it"):
        releases.cut(cluster=get_cluster(), actor=Actor.command(), seen_change=number)
    save(None, "aliases", "sales", "carol")
    with pytest.raises(ChangeError, match=r"^2 more changes were applied"):
        releases.cut(cluster=get_cluster(), actor=Actor.command(), seen_change=number)
    assert not Publication.objects.exists()


def test_a_forged_plan_is_refused(host: Host) -> None:
    token = seen_plans.sealed(host.pk, SeenPlan("0" * 64, {"access": [0, 0, 1]}, []))
    assert seen_plans.read_tokens([token]) == {host.pk: SeenPlan("0" * 64, {"access": [0, 0, 1]}, [])}
    with pytest.raises(ChangeError, match="not one that this panel made"):
        seen_plans.read_tokens([f"{token}x"])


# --- by command -------------------------------------------------------------------------------------------------------


def test_the_command_publishes_only_the_plan_whose_checksum_it_is_given(mail_dir: Path, load: Load) -> None:
    load(FILES)
    found = json.loads(called("plan", "--json")[1])["checksum"]
    assert f"Checksum of this plan: {found}" in called("plan")[1]
    save(None, "aliases", "sales", "bob")
    status, said = called("publish", "--plan-checksum", found)
    assert (status, f", not {found}. Look at the plan again" in said) == (1, True)
    found = json.loads(called("plan", "--json")[1])["checksum"]
    assert called("publish", "--plan-checksum", found)[0] == 0
    assert "it is no checksum of a plan" in called("publish", "--plan-checksum", "abc")[1]
