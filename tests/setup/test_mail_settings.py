"""What the settings about letters take, and how they refuse nonsense."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from mailadmin import environment


@pytest.mark.parametrize("given", ["mailadmin@example.org", "post+panel@mx1"])
def test_an_address_is_taken(monkeypatch, given):
    monkeypatch.setenv("MAILADMIN_EMAIL_FROM", f" {given} ")
    assert environment.address("MAILADMIN_EMAIL_FROM", "x@y") == given


@pytest.mark.parametrize(
    "given", ["panel", "Panel <panel@example.org>", "a@b@c", "a@b, c@d", "a@b\nBcc: c@d", "é@example.org"]
)
def test_what_is_no_address_alone_is_refused(monkeypatch, given):
    monkeypatch.setenv("MAILADMIN_EMAIL_FROM", given)
    with pytest.raises(ImproperlyConfigured, match=r"MAILADMIN_EMAIL_FROM is .* for instance mailadmin@example\.org"):
        environment.address("MAILADMIN_EMAIL_FROM", "x@y")


@pytest.mark.parametrize("given", ["https://panel.example.org/", "http://[::1]:81", "https://example.org/mail"])
def test_a_site_is_taken_without_its_last_slash(monkeypatch, given):
    monkeypatch.setenv("MAILADMIN_BASE_URL", given)
    assert environment.url("MAILADMIN_BASE_URL", "") == given.rstrip("/")


@pytest.mark.parametrize(
    "given", ["panel.example.org", "ftp://x", "https://user:secret@x", "https://x/?a", "https://x y", "javascript:1"]
)
def test_what_is_no_site_is_refused(monkeypatch, given):
    monkeypatch.setenv("MAILADMIN_BASE_URL", given)
    with pytest.raises(ImproperlyConfigured, match=r"MAILADMIN_BASE_URL is .* such as https://"):
        environment.url("MAILADMIN_BASE_URL", "")


def test_a_day_has_so_many_hours(monkeypatch):
    monkeypatch.setenv("MAILADMIN_DIGEST_HOUR", "24")
    with pytest.raises(ImproperlyConfigured, match="at most 23"):
        environment.number("MAILADMIN_DIGEST_HOUR", 7, most=23)
