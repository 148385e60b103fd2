"""A plan that takes much away is not carried out by itself."""

import pytest

from mailadmin.accounts.models import User
from tables.models import Publication
from tests.publisher.conftest import Load, Publish
from tests.services.editing import delete, save, settle

ALIASES = "postmaster: root\nMAILER-DAEMON: postmaster\n" + "".join(f"user{number}: root\n" for number in range(30))


@pytest.mark.django_db
@pytest.mark.sendmail
def test_an_unsafe_plan_is_refused_and_an_override_carries_it_out(load: Load, publish: Publish, bob: User) -> None:
    load({"aliases": ALIASES})
    publish()
    for number in range(12):
        settle(bob, delete(None, "aliases", f"user{number}", reason="wanted"))
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error.startswith("Too many deletes in aliases, 38 % is over 30 % (12/32).")
    assert publish(override=True).state == Publication.State.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.sendmail
@pytest.mark.parametrize("alias", ["postmaster", "mailer-daemon"])
def test_aliases_do_not_lose_whom_mail_servers_write_to(load: Load, publish: Publish, alias: str) -> None:
    load({"aliases": ALIASES})
    publish()
    delete(None, "aliases", alias)
    publication = publish()
    assert publication.state == Publication.State.FAILED
    assert publication.error.startswith(f"aliases would lose {alias}, to which mail servers write")


@pytest.mark.django_db
@pytest.mark.sendmail
def test_only_the_net_effect_of_many_changes_counts(load: Load, publish: Publish, bob: User) -> None:
    load({"aliases": ALIASES})
    publish()
    for number in range(12):
        settle(bob, save(None, "aliases", f"user{number}", "bob", reason="wanted"))
    for number in range(12):
        settle(bob, save(None, "aliases", f"user{number}", "root", reason="wanted"))
    assert publish().state == Publication.State.SUCCEEDED
