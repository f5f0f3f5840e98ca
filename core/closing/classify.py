"""From an estimate and an invoice to causes: what the bill names itself, then the search, then rounding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from core.closing.apart import at_list, named_causes
from core.closing.bill_lines import sorted_lines
from core.closing.catalogue import RateOf
from core.closing.causes import Cause, CauseName
from core.closing.compare import grid_of
from core.closing.search import Ranked, search
from core.estimate import Estimate
from core.invoice import Invoice
from core.money import usd

_LEAST: Final = 100_000
"""A hundred-thousandth of the invoice: causes below it are dust of fitting and stay in what is unexplained."""


def classify(estimate: Estimate, invoice: Invoice, rate_of: RateOf) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """(causes, the largest first, and what both sides were split by). What they leave of the gap is unexplained."""
    bill = sorted_lines(invoice)
    tokens, discount = at_list(bill.tokens)
    causes = [*named_causes(bill), *([discount] if discount else [])]
    grid = grid_of(estimate, replace(bill, tokens=tokens), invoice.rounded_to, rate_of)
    found, _ = search(grid)
    causes = _merged([*causes, *(_cause(one, nanos) for one, nanos in found)])
    least = abs(invoice.total_nanos) // _LEAST
    causes = [cause for cause in causes if abs(cause.nanos) > least or cause.name is CauseName.ROUNDING]
    rest = invoice.total_nanos - estimate.total_nanos - sum(cause.nanos for cause in causes)
    if rounding := _rounding(rest, invoice):
        causes = _merged([*causes, rounding])
    return tuple(sorted(causes, key=lambda cause: (-abs(cause.nanos), cause.name))), grid.split_by


def _cause(one: Ranked, nanos: float) -> Cause:
    """A finding as it is reported: sure where it explains what it touches and no other name would explain as much."""
    explained = min(1.0, one.score / one.touched) if one.touched > 0 else 0.5
    doubt = min(1.0, one.rival / one.score) if one.score > 0 else 1.0
    confidence = min(0.99, max(0.05, (0.55 + 0.44 * explained) * (1 - 0.5 * doubt**3)))
    return Cause(one.finding.cause, round(nanos), confidence, one.finding.evidence, one.finding.details)


def _merged(causes: Iterable[Cause]) -> list[Cause]:
    """One cause a name: amounts added, evidence of the largest part first, confidence by amount."""
    by_name: dict[CauseName, list[Cause]] = {}
    for cause in causes:
        by_name.setdefault(cause.name, []).append(cause)
    return [_one(parts) for parts in by_name.values()]


def _one(parts: list[Cause]) -> Cause:
    parts = sorted(parts, key=lambda part: -abs(part.nanos))
    size = sum(abs(part.nanos) for part in parts) or 1
    sure = sum(part.confidence * abs(part.nanos) for part in parts) / size
    said = "; ".join(part.evidence for part in parts[:3]) + (f"; and {len(parts) - 3} more" if len(parts) > 3 else "")
    details = dict(parts[0].details)
    if len(parts) > 1:
        details["parts"] = [{"nanos": part.nanos, **part.details} for part in parts]
    return Cause(parts[0].name, sum(part.nanos for part in parts), sure or parts[0].confidence, said, details)


def _rounding(rest: int, invoice: Invoice) -> Cause | None:
    """What is left, where rounding every line of the bill can make that much."""
    lines, unit = invoice.line_count, invoice.rounded_to
    if not rest or unit <= 1 or abs(rest) > lines * unit:
        return None
    # Rounding to the nearest goes both ways; far more than that is rounding up, or no rounding.
    usual = 3 * unit * lines**0.5
    sure = 0.9 if abs(rest) <= max(usual, unit) else 0.6
    evidence = f"{usd(abs(rest))} over {lines:,} lines that are rounded to {usd(unit)} each"
    return Cause(CauseName.ROUNDING, rest, sure, evidence, {"rounded_to_nanos": unit, "lines": lines})
