"""Whether an invoice is in another unit than dollars: cents, prices per thousand, millionths."""

from __future__ import annotations

from core.money import usd


def units_problem(invoice_nanos: int, estimate_nanos: int) -> str | None:
    """Why an invoice looks as if it were in another unit than dollars, or None.

    A ratio within 5 % of a power of ten from 10 on says so (usage-formats §8, cause 24); to be refused before it is stored.
    """
    power = power_of_ten(invoice_nanos, estimate_nanos)
    if power is None:
        return None
    unit = {2: "cents", 3: "a price per 1,000", 6: "millionths, or a price per million"}.get(abs(power), "another unit")
    direction = "more" if power > 0 else "less"
    return (
        f"The invoice says {usd(invoice_nanos)}, the books {usd(estimate_nanos)}: about {10 ** abs(power):,} times {direction}. "
        f"It looks like {unit}; nothing was stored. Check the unit of its amounts."
    )


def power_of_ten(invoice_nanos: int, estimate_nanos: int) -> int | None:
    """k ≠ 0 when the invoice is 10^k times the estimate, within 5 %; else None."""
    if invoice_nanos <= 0 or estimate_nanos <= 0:
        return None
    for power in (1, 2, 3, 4, 5, 6, 9):
        size = 10**power
        for sign, large, small in ((1, invoice_nanos, estimate_nanos), (-1, estimate_nanos, invoice_nanos)):
            if abs(large - small * size) * 20 <= small * size:
                return sign * power
    return None
