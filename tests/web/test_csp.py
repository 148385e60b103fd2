"""The pages keep to the security policy that they are sent with."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from mailadmin.accounts.models import User
from tests.web.visits import visitor

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))

INLINE = {
    "a style": re.compile(r"<style|\sstyle=", re.I),
    "a script": re.compile(r"<script(?![^>]*\ssrc=)", re.I),
    "an event handler": re.compile(r"\son[a-z]+=|javascript:|hx-on", re.I),
    "another host": re.compile(r"(src|href|action)=\"(https?:)?//", re.I),
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR / "templates")))
def test_no_template_has_anything_inline(template: Path) -> None:
    text = template.read_text()
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("name", ["home", "audit", "publish"])
def test_the_policy_lets_only_our_own_files_in(alice: User, name: str) -> None:
    response = visitor(alice).get(reverse(name))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"


def test_no_style_sheet_asks_another_host() -> None:
    for sheet in (settings.BASE_DIR / "static").rglob("*.css"):
        assert not re.search(r"url\(|@import", sheet.read_text()), sheet
