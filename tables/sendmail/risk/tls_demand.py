"""What a value of TLS_Srv, TLS_Clt, TLS_Rcpt or Try_TLS demands of a connection (cf/README, TLS; TLS_connection)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tables.sendmail.syntax.access_values import bare

_DEMAND = re.compile(
    r"(?:perm\s*\+|temp\s*\+)?\s*(?:(verify)(?:\s*:\s*(\d+))?|encr\s*:\s*(\d+))\s*(?:\+(.*))?\Z", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Demand:
    """Of a connection: a verified certificate, bits of encryption, and more to be true of the certificate."""

    verified: bool = False
    bits: int = 0
    more: frozenset[str] = frozenset()

    def covers(self, other: Demand) -> bool:
        return self.verified >= other.verified and self.bits >= other.bits and self.more >= other.more


def demand(value: str) -> Demand:
    """An unknown value demands nothing: the connection passes (seen with 8.17)."""
    found = _DEMAND.match(bare(value))
    if not found:
        return Demand()
    more = frozenset(part for part in re.split(r"\++", found[4] or "") if part)
    return Demand(bool(found[1]), int(found[2] or found[3] or 0), more)


def weaker(tag: str, now: str, was: str) -> bool:
    """Whether a connection may pass with ``now`` that may not with ``was``; Try_TLS knows only NO: no TLS at all."""
    if tag == "try_tls":
        return bare(now) == "no" != bare(was)
    return not demand(now).covers(demand(was))
