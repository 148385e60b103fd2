"""Where the tables lie, as the environment may say it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from mailadmin import environment as env
from tables.sendmail.whereabouts import Override


def test_a_word_of_few_is_taken_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.choice("MAILADMIN_MAP_TYPE", "", ("hash", "btree")) == ""
    monkeypatch.setenv("MAILADMIN_MAP_TYPE", "btree")
    assert env.choice("MAILADMIN_MAP_TYPE", "", ("hash", "btree")) == "btree"
    monkeypatch.setenv("MAILADMIN_MAP_TYPE", "dbm")
    with pytest.raises(ImproperlyConfigured, match=r"^MAILADMIN_MAP_TYPE is 'dbm'\. Set it to hash or btree\.$"):
        env.choice("MAILADMIN_MAP_TYPE", "", ("hash", "btree"))


def test_files_are_words_with_blanks_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILADMIN_FILES", " access=/x/a  aliases=btree:/y ")
    assert env.files("MAILADMIN_FILES") == {"access": Override(Path("/x/a")), "aliases": Override(Path("/y"), "btree")}
    monkeypatch.setenv("MAILADMIN_FILES", "access=/x nothing")
    with pytest.raises(
        ImproperlyConfigured, match=r"^MAILADMIN_FILES: 'nothing' names no table and file\. Write TABLE="
    ):
        env.files("MAILADMIN_FILES")
