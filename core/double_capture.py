"""Two sources that report the same calls: how much they share, and the rule that one of them counts and the other checks; pure.

Calls of two sources are taken for one where model and counts agree and they end within seconds of each other. Reports that
share a provider's response id are one call already (`core.services.fold_reports`) and are not looked for here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

NEAR_SECONDS: Final = 10
"""How far apart two sources may book one call: their clocks differ, and one takes its start where the other takes its end."""
CHECKS: Final = 2
"""What `superseded` of a journal row says where its source only checks: it is in no sum."""


@dataclass(frozen=True, slots=True)
class SourceUse:
    """What one source has in the books of a provider and span, in requests and nanos.

    Attributes:
      shared_requests, shared_nanos: the part that the other source of the pair reports too.
    """

    source_id: int
    name: str
    requests: int
    nanos: int
    shared_requests: int
    shared_nanos: int

    @property
    def alone_nanos(self) -> int:
        """What only this source reports."""
        return self.nanos - self.shared_nanos


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sources that report the same calls of a provider; the one with more dollars first: it probably sees more."""

    provider: str
    fuller: SourceUse
    other: SourceUse


@dataclass(frozen=True, slots=True)
class SourceRule:
    """A rule that holds: usage of `provider` from `from_at` on counts by what `counts` reports; what `checks` reports of it is in no sum.

    Attributes:
      counts, checks: numbers of sources; the names beside them.
    """

    id: int
    provider: str
    counts: int
    counts_name: str
    checks: int
    checks_name: str
    from_at: datetime
    set_by: str
    set_at: datetime

    def sets_aside(self, source_id: int, provider: str, at: datetime) -> bool:
        """Whether an event of a source at an aware instant only checks."""
        return source_id == self.checks and provider == self.provider and at >= self.from_at


def overlap_of(provider: str, one: SourceUse, other: SourceUse) -> Overlap:
    """The pair with the fuller source first; of equals the older one."""
    fuller, lesser = sorted((one, other), key=lambda use: (-use.nanos, use.source_id))
    return Overlap(provider, fuller, lesser)
