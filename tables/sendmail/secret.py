"""Passwords in the tables: AuthInfo of access holds them as ``"P:password"`` or, in base64, ``"P=cGFzc3dvcmQ="``.

cf/README, "Providing SMTP AUTH Data when sendmail acts as Client".
"""

from __future__ import annotations

import re

MASK = "••••"

_PASSWORD = re.compile(r'("P[:=])([^"]*)', re.IGNORECASE)


def masked(text: str) -> str:
    """``text`` with every password in it hidden, whatever else it says."""
    return _PASSWORD.sub(rf"\1{MASK}", text) if '"' in text else text


def unmasked(typed: str, original: str) -> str:
    """``typed`` with each hidden password taken from the same place of ``original``: it was shown, not changed."""
    if MASK not in typed:
        return typed
    passwords = iter([found[2] for found in _PASSWORD.finditer(original)])
    return _PASSWORD.sub(lambda found: found[1] + (_of(found[2], next(passwords, None))), typed)


def _of(typed: str, password: str | None) -> str:
    return password if typed == MASK and password is not None else typed
