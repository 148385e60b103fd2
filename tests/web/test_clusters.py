"""With one cluster nobody hears of the word; with several each person chooses whose tables the pages are about."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts.models import User
from tables import publishing, releases
from tables.actors import Actor
from tables.entries import get_cluster
from tables.models import Alias, Cluster, Host
from tests.services.editing import save
from tests.web.reading import words
from tests.web.visits import visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(cluster: Cluster) -> Cluster:
    return Cluster.objects.create(name="branch")


def switch(browser: Client, name: str) -> str:
    return words(browser.post(reverse("cluster-switch"), {"cluster": name}, follow=True))


def side_bar(browser: Client) -> str:
    page = browser.get(reverse("home")).content.decode()
    return page.split('id="navigation"')[1].split("</nav>")[0]


def test_one_cluster_is_not_spoken_of(alice: User) -> None:
    browser = visitor(alice)
    assert "luster" not in side_bar(browser)
    Host.objects.create(cluster=get_cluster(), name="mx1", mail_dir="/etc/mail")
    assert "Cluster" not in words(browser.get(reverse("hosts")))


def test_a_second_one_brings_a_switch(alice: User, branch: Cluster) -> None:
    save(alice, "aliases", "sales", "alice")
    browser = visitor(alice)
    assert 'value="default" aria-pressed="true"' in side_bar(browser)
    assert "sales" in words(browser.get(reverse("table", args=["aliases"])))
    switch(browser, "branch")
    assert 'value="branch" aria-pressed="true"' in side_bar(browser)
    assert "sales" not in words(browser.get(reverse("table", args=["aliases"])))
    switch(browser, "default")
    assert "sales" in words(browser.get(reverse("table", args=["aliases"])))


def test_what_is_saved_is_saved_in_the_chosen_one(alice: User, branch: Cluster) -> None:
    browser = visitor(alice)
    switch(browser, "branch")
    browser.post(reverse("entry-add", args=["aliases"]), {"key": "press", "value": "alice", "enabled": "on"})
    assert Alias.objects.get(key="press").cluster == branch


def test_what_is_published_is_published_in_the_chosen_one(alice: User, branch: Cluster) -> None:
    Host.objects.create(cluster=branch, name="mx2", mail_dir="/etc/mail")
    browser = visitor(alice)
    switch(browser, "branch")
    browser.post(reverse("publish"), {"reason": "x"})
    assert releases.newest(branch)
    assert releases.newest(get_cluster()) is None


def test_the_choice_is_each_persons_own(alice: User, bob: User, branch: Cluster) -> None:
    switch(visitor(alice), "branch")
    assert 'value="default" aria-pressed="true"' in side_bar(visitor(bob))


def test_a_form_that_was_made_for_the_other_cluster_is_refused(alice: User, branch: Cluster) -> None:
    browser = visitor(alice)
    browser.handler.enforce_csrf_checks = True
    where = reverse("entry-add", args=["aliases"])
    browser.get(where)
    token = browser.cookies["csrftoken"].value
    assert (
        browser.post(reverse("cluster-switch"), {"cluster": "branch", "csrfmiddlewaretoken": token}).status_code == 302
    )
    given = {"key": "press", "value": "alice", "enabled": "on", "csrfmiddlewaretoken": token}
    assert browser.post(where, given).status_code == 403
    assert not Alias.objects.exists()
    browser.get(where)
    assert browser.post(where, {**given, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}).status_code == 302


def test_one_that_is_not_there_is_not_chosen(alice: User, branch: Cluster) -> None:
    browser = visitor(alice)
    assert "There is no such cluster. Choose one of those in the side bar." in switch(browser, "nothing")
    switch(browser, "branch")
    Cluster.objects.filter(name="branch").delete()
    assert words(browser.get(reverse("home")))


def test_where_no_cluster_is_the_default_one_the_first_is_shown(alice: User) -> None:
    Cluster.objects.create(name="other")
    Cluster.objects.create(name="main")
    assert 'value="main" aria-pressed="true"' in side_bar(visitor(alice))


def test_a_page_of_another_cluster_says_so_and_leads_there(alice: User, branch: Cluster) -> None:
    browser = visitor(alice)
    switch(browser, "branch")
    host = publishing.register_host(name="mx1")
    request = save(alice, "relay-domains", "far.example", reason="x")
    releases.cut(cluster=host.cluster, actor=Actor.command())
    publication = host.publications.get()
    pages = {"host": host.pk, "request": request.pk, "publication": publication.pk}
    for name, number in pages.items():
        where = reverse(name, args=[number])
        assert "This is of the cluster default;" in words(browser.get(where)), name
        assert "This is of the cluster" not in words(visitor(alice).get(where)), name
    answer = browser.post(reverse("cluster-switch"), {"cluster": "default", "next": where})
    assert answer["Location"] == where
    answer = browser.post(reverse("cluster-switch"), {"cluster": "default", "next": "//evil.example/"})
    assert answer["Location"] == reverse("home")


def test_the_hosts_of_all_clusters_stand_together(alice: User, branch: Cluster) -> None:
    publishing.register_host(name="mx1")
    publishing.register_host(name="mx2", cluster="branch")
    releases.cut(cluster=branch, actor=Actor.command())
    shown = words(visitor(alice).get(reverse("hosts")))
    assert "mx2 branch" in shown
    assert "mx1 default" in shown
