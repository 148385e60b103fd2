"""What the checks know of the host they run on: its users and its sendmail.cf, and nothing that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tables.checking import context

CF = r"""
Cwlocalhost
Fw{mail}/local-host-names %[^\#]
Fw{other}/more-names
FR-o {mail}/relay-domains %[^\#]
CRr.example
C{{VirtHost}}v.example
FG{other}/generics
Mlocal, P=/bin/x
Mhylafax, P=/bin/y
R<SKIP> <$+> <$+> <$- $-> <$*>	$@ <$2> <$5>
"""


@pytest.fixture
def cf(tmp_path: Path, settings: Any) -> Path:
    settings.MAIL_DIR = tmp_path / "mail"
    settings.MAIL_DIR.mkdir()
    settings.SENDMAIL_CF = tmp_path / "sendmail.cf"
    settings.SENDMAIL_CF.write_text(CF.format(mail=settings.MAIL_DIR, other=tmp_path))
    (settings.MAIL_DIR / "local-host-names").write_text("old.example\n")
    (tmp_path / "more-names").write_text("more.example\n")
    (tmp_path / "generics").write_text("g.example\n")
    return settings.SENDMAIL_CF


def test_it_is_read_from_sendmail_cf_and_the_files_it_names(cf: Path) -> None:
    known = context()
    assert {"localhost", "more.example"} <= known.local_domains
    assert "old.example" not in known.local_domains  # a table, whose entries are known better
    assert known.virtual_domains == {"v.example"}
    assert known.generic_domains == {"g.example"}
    assert known.relay_domains == {"r.example"}
    assert known.mailers == {"local", "hylafax"}
    assert known.features == {"skip"}
    assert known.today is not None


def test_what_cannot_be_read_is_not_known(cf: Path) -> None:
    cf.write_text("F{VirtHost}@LDAP\nFG/nowhere/generics\n")
    known = context()
    assert (known.virtual_domains, known.generic_domains, known.mailers, known.features) == (None, None, None, None)


def test_without_a_sendmail_cf_only_the_system_speaks(cf: Path) -> None:
    cf.unlink()
    known = context()
    assert "localhost" in known.local_domains
    assert (known.virtual_domains, known.mailers, known.features) == (frozenset(), None, None)


def test_users_are_known_unless_others_count(settings: Any) -> None:
    settings.LOCAL_USERS = "system"
    users = context().users
    assert users is not None
    assert "root" in users
    settings.LOCAL_USERS = "other"
    assert context().users is None
