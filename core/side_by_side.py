"""An estimate and an invoice side by side: by model and by UTC day, for the table and the file that people read; pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Final, NamedTuple

from core.estimate import Estimate
from core.invoice import Invoice, InvoiceLine
from core.line_kind import LineKind

MOST_MODELS: Final = 40
NOT_SPLIT: Final = "not split by model"
THE_REST: Final = "the rest"
NO_DAY: Final = "not split by day"


class Beside(NamedTuple):
    """What both sides say of one label, in USD nanos."""

    label: str
    estimate_nanos: int
    invoice_nanos: int

    @property
    def gap_nanos(self) -> int:
        return self.invoice_nanos - self.estimate_nanos


def by_model(estimate: Estimate, invoice: Invoice) -> tuple[Beside, ...]:
    """The largest first; beyond `MOST_MODELS` the rest is one. Adds up to both totals. What no model caused has its kind."""
    ours: dict[str, int] = defaultdict(int)
    theirs: dict[str, int] = defaultdict(int)
    for row in estimate.rows:
        ours[row.model] += row.cost_nanos
    for line in invoice.lines:
        theirs[_label(line)] += line.nanos
    found = sorted(
        (Beside(label, ours[label], theirs[label]) for label in {*ours, *theirs}),
        key=lambda one: (-max(abs(one.estimate_nanos), abs(one.invoice_nanos)), one.label),
    )
    if len(found) <= MOST_MODELS:
        return tuple(found)
    rest = found[MOST_MODELS - 1 :]
    return (*found[: MOST_MODELS - 1], _added(THE_REST, rest))


def by_day(estimate: Estimate, invoice: Invoice) -> tuple[Beside, ...]:
    """Every UTC day with an amount, then what the bill does not tell the day of. Adds up to both totals."""
    ours: dict[str, int] = defaultdict(int)
    theirs: dict[str, int] = defaultdict(int)
    for row in estimate.rows:
        ours[datetime.fromtimestamp(row.starts_at, UTC).date().isoformat()] += row.cost_nanos
    for line in invoice.lines:
        theirs[line.on.isoformat() if line.on else NO_DAY] += line.nanos
    return tuple(Beside(label, ours[label], theirs[label]) for label in sorted({*ours, *theirs}))


def _label(line: InvoiceLine) -> str:
    if line.kind is not LineKind.USAGE:
        return line.kind.value
    return line.model or line.description[:80] or NOT_SPLIT


def _added(label: str, parts: list[Beside]) -> Beside:
    return Beside(label, sum(one.estimate_nanos for one in parts), sum(one.invoice_nanos for one in parts))
