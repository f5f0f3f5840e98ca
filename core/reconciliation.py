"""Reconciliation: an invoice against the estimate of the same provider and month, every part of the gap with its cause.

`gap = invoice − estimate = Σ causes + unexplained`, exactly, in nanos. What cannot be named is `unexplained` and never
spread over the causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.closing.catalogue import RateOf, listed
from core.closing.causes import Cause, CauseName
from core.closing.classify import classify
from core.estimate import Estimate
from core.invoice import Invoice
from core.money import NANOS
from core.period import Cycle

__all__ = ["Cause", "CauseName", "Reconciliation", "reconcile", "tolerance_nanos"]

CENT: Final = NANOS // 100
TOLERANCE_SHARE: Final = 1_000
"""A thousandth of the invoice (usage-formats §8, cause 16)."""


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


def reconcile(estimate: Estimate, invoice: Invoice, *, rate_of: RateOf = listed) -> Reconciliation:
    """Name every part of the gap between an estimate and an invoice in USD of the same provider and month.

    Pure and, for a month of a large company, done in seconds; call it off the event loop.

    Args:
      rate_of: prices for what only the bill has; list prices without it.
    """
    assert invoice.currency == "USD" and estimate.provider == invoice.provider and estimate.month == invoice.month
    causes, split_by = classify(estimate, invoice, rate_of)
    unexplained = invoice.total_nanos - estimate.total_nanos - sum(cause.nanos for cause in causes)
    return Reconciliation(
        estimate.provider, estimate.month, estimate.total_nanos, invoice.total_nanos, causes, unexplained,
        tolerance_nanos(invoice.total_nanos, invoice.line_count), invoice.line_count, split_by, invoice.remarks,
    )  # fmt: skip
