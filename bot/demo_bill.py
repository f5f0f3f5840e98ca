"""The invoice that the demo's tour ends with: last month's bill of one provider, made from the demo's own books.

Three causes are planted, as finance teams meet them: a negotiated price that nobody told Outlay, usage of a key that no
source reports, and tax.
"""

from __future__ import annotations

import asyncio
import csv
from collections import defaultdict
from datetime import UTC, datetime
from io import StringIO
from typing import Final

from core.estimate import Estimate
from core.money import decimal_string
from core.period import Cycle
from core.services.build_estimate import fold, read_books
from core.store.unit_of_work import UnitOfWork
from core.usage import CLASS_NAMES

PROVIDER: Final = "openai"
COLUMNS: Final = ("date", "model", "token_type", "tier", "project", "tokens", "cost", "category", "description")
NEGOTIATED_FROM: Final = 15
"""Day of the month from which the largest model costs less than its list price."""
_DISCOUNT: Final = 8
_PLAYGROUND: Final = 40
"""The unknown key costs one part in 40 of the bill."""
_ELSEWHERE: Final = "gpt-4.1-nano"
_TAX: Final = 5

_Key = tuple[str, str, str, str, str]
"""(day, model, class, tier, project)."""


async def demo_bill(uow: UnitOfWork, month: Cycle) -> bytes | None:
    """The bill as CSV; None where nothing was used of that provider."""
    async with uow.read() as tx:
        books = await read_books(tx, PROVIDER, month, looks_at_calls=False)
    estimate = await asyncio.to_thread(fold, books)
    return _written(estimate).encode() if estimate.total_nanos else None


def _written(estimate: Estimate) -> str:
    charges = _charges(estimate)
    largest = _largest(charges)
    days = sorted({key[0] for key in charges})
    lines: list[tuple[str, ...]] = []
    total = 0
    for (on, model, kind, tier, project), (tokens, nanos) in sorted(charges.items()):
        lowered = model == largest and int(on[-2:]) >= NEGOTIATED_FROM
        billed = nanos * (100 - _DISCOUNT) // 100 if lowered else nanos
        total += billed
        lines.append((on, model, kind, tier, project, str(tokens), decimal_string(billed), "Usage", ""))
    extra = total // _PLAYGROUND // len(days)
    for on in days:
        for kind, part in (("input_uncached", extra * 2 // 3), ("output", extra - extra * 2 // 3)):
            total += part
            # At 0.10 and 0.40 dollars a million.
            tokens = part // (100 if kind == "input_uncached" else 400)
            lines.append(
                (on, _ELSEWHERE, kind, "standard", "proj_playground", str(tokens), decimal_string(part), "Usage", "")
            )
    last = days[-1]
    tax = decimal_string(total * _TAX // 100)
    lines.append((last, "", "", "", "", "", tax, "Tax", f"Sales tax {_TAX}%"))
    out = StringIO()
    csv.writer(out).writerows([COLUMNS, *lines])
    return out.getvalue()


def _charges(estimate: Estimate) -> dict[_Key, tuple[int, int]]:
    """Tokens and nanos a day, model, class, tier and project; reasoning is billed as output."""
    sums: dict[_Key, list[int]] = defaultdict(lambda: [0, 0])
    for row in estimate.rows:
        on = datetime.fromtimestamp(row.starts_at, UTC).date().isoformat()
        parts = row.class_nanos or (0,) * len(CLASS_NAMES)
        for name, tokens, nanos in zip(CLASS_NAMES, row.tokens, parts, strict=True):
            if tokens and nanos:
                kind = "output" if name == "reasoning" else name
                found = sums[on, row.model, kind, row.tier, row.project or ""]
                found[0] += tokens
                found[1] += nanos
    return {key: (tokens, nanos) for key, (tokens, nanos) in sums.items()}


def _largest(charges: dict[_Key, tuple[int, int]]) -> str:
    by_model: dict[str, int] = defaultdict(int)
    for (_, model, *_), (_, nanos) in charges.items():
        by_model[model] += nanos
    return max(sorted(by_model), key=lambda model: by_model[model])
