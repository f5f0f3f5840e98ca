"""One envelope at one moment, as alerts are decided by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.breach import Closing
from core.period import Cycle
from core.velocity import Surge

WHOLE_BP: Final = 10_000
"""The whole of an envelope in the unit of its thresholds."""


class Doubt(StrEnum):
    """Why a number cannot be trusted far enough to enforce anything."""

    UNPRICED = "unpriced"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Reading:
    """One envelope at one moment; nanos.

    Attributes:
      size_nanos: above 0.
      soft_bp, hard_bp: the thresholds in ten-thousandths of the size.
      p50_nanos: where the cycle is expected to end; None without a forecast.
      hour: of the cycle, counted from 0.
      surge: the evidence of a runaway, None when there is none; `is_paced` says whether there is a pace to judge by.
      changed_by: how breaches of earlier revisions ended: the envelope was changed, or more was granted.
      refused: requests that the guard refused under this revision because the envelope was used up.
      doubts: why the amounts cannot be trusted; empty when they can.
    """

    cycle: Cycle
    revision: int
    size_nanos: int
    soft_bp: int
    hard_bp: int
    spent_nanos: int
    p50_nanos: int | None = None
    hour: int = 0
    surge: Surge | None = None
    is_paced: bool = True
    changed_by: Closing = Closing.ENVELOPE_CHANGED
    refused: int = 0
    doubts: tuple[Doubt, ...] = ()

    def is_past(self, nanos: int, threshold_bp: int) -> bool:
        """Exact, without floats."""
        return nanos * WHOLE_BP >= self.size_nanos * threshold_bp

    def step(self, bp: int) -> int:
        """So many ten-thousandths of the envelope, in nanos."""
        return self.size_nanos * bp // WHOLE_BP
