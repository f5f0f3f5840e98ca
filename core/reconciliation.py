"""Reconciliation: an invoice against the estimate of the same provider and month, every part of the gap with its cause.

`gap = invoice − estimate = Σ causes + unexplained`, exactly, in nanos. What cannot be named is `unexplained` and never
spread over the causes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.estimate import Estimate
from core.invoice import Invoice
from core.money import NANOS
from core.period import Cycle

CENT: Final = NANOS // 100
TOLERANCE_SHARE: Final = 1_000
"""A thousandth of the invoice (usage-formats §8, cause 16)."""


class CauseName(StrEnum):
    """Why an invoice differs from the estimate, in the order of usage-formats §8; names of `outlay reconcile --json`."""

    CACHED_DOUBLE_COUNTED = "cached_double_counted"
    CACHE_WRITE_IGNORED = "cache_write_ignored"
    CACHE_TTL_UNKNOWN = "cache_ttl_unknown"
    REASONING_MISSED = "reasoning_missed"
    STREAM_WITHOUT_USAGE = "stream_without_usage"
    DOUBLE_CAPTURE = "double_capture"
    BATCH_DISCOUNT = "batch_discount"
    SERVICE_TIER = "service_tier"
    LONG_CONTEXT = "long_context"
    RESIDENCY = "residency"
    TOOL_FEES = "tool_fees"
    MODALITY = "modality"
    FAST_MODE = "fast_mode"
    DISCOUNT = "discount"
    CREDIT = "credit"
    TAX = "tax"
    ROUNDING = "rounding"
    DAY_EDGES = "day_edges"
    LATE_DATA = "late_data"
    RETRIES = "retries"
    WRONG_PRICE = "wrong_price"
    ALIAS = "alias"
    UNTRACKED_KEY = "untracked_key"
    MOCK_TRAFFIC = "mock_traffic"
    UNITS = "units"
    SAMPLING = "sampling"


@dataclass(frozen=True, slots=True)
class Cause:
    """One named part of the gap.

    Attributes:
      nanos: what it adds to the estimate to get to the invoice; negative where the invoice is lower.
      confidence: 0–1: how much better it explains this part than the next best cause would.
      evidence: a sentence with the numbers that speak for it.
      details: what acting on it needs: `model`, `models`, `project`, `projects`, `tier`, `ratio`, `from_on`, …; JSON-able.
    """

    name: CauseName
    nanos: int
    confidence: float
    evidence: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The gap of one provider and month, taken apart. Everything in USD nanos.

    Attributes:
      causes: the largest amount first. Together with `unexplained_nanos` they are the gap.
      tolerance_nanos: below this, what is unexplained needs nobody's attention.
      lines: lines of the bill that were compared.
      split_by: what both sides tell and were compared by: `day`, `model`, `token class`, `tier`, `project`.
      remarks: what was left out or could not be compared, in sentences.
    """

    provider: str
    month: Cycle
    estimate_nanos: int
    invoice_nanos: int
    causes: tuple[Cause, ...]
    unexplained_nanos: int
    tolerance_nanos: int
    lines: int
    split_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def gap_nanos(self) -> int:
        return self.invoice_nanos - self.estimate_nanos

    @property
    def is_explained(self) -> bool:
        """Whether what is left is within the tolerance."""
        return abs(self.unexplained_nanos) <= self.tolerance_nanos


def tolerance_nanos(invoice_nanos: int, lines: int) -> int:
    """The larger of a cent a line and a thousandth of the invoice (usage-formats §8, cause 16)."""
    return max(CENT * lines, abs(invoice_nanos) // TOLERANCE_SHARE)


def reconcile(estimate: Estimate, invoice: Invoice) -> Reconciliation:
    """Name every part of the gap between an estimate and an invoice in USD of the same provider and month.

    Pure and, for a month of a large company, done in about a second; call it off the event loop.
    """
    assert invoice.currency == "USD" and estimate.provider == invoice.provider and estimate.month == invoice.month
    return Reconciliation(
        estimate.provider, estimate.month, estimate.total_nanos, invoice.total_nanos, (),
        invoice.total_nanos - estimate.total_nanos, tolerance_nanos(invoice.total_nanos, invoice.line_count),
        invoice.line_count, (), invoice.remarks,
    )  # fmt: skip
