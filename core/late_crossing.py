"""A threshold that a month passes after its end, because usage came late and its days of grace still took it. Pure.

It is told once and starts nothing: the money is spent, the new month has its whole envelope, and the close will show the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.alert_reading import WHOLE_BP
from core.breach import Breach, BreachKind


def late_crossing(
    *, spent_nanos: int, known_nanos: int, size_nanos: int, soft_bp: int, hard_bp: int, notices: Sequence[Breach]
) -> tuple[BreachKind, int] | None:
    """The highest threshold by actual spend that the ended month has passed since it was looked at last; None without one.

    Args:
      spent_nanos: what the month has cost by now; `known_nanos` what was known when its alerts were decided last. A threshold
        that lies below that was decided on then, whatever became of it.
      size_nanos: of its envelope, above 0; the thresholds are shares of it in ten-thousandths, as they are set now.
      notices: all breaches of that month. One as high, or higher, of no smaller an envelope has told it already.
    """
    for kind, threshold_bp in ((BreachKind.HARD, hard_bp), (BreachKind.SOFT, soft_bp)):
        line = size_nanos * threshold_bp
        if spent_nanos * WHOLE_BP < line:
            continue
        is_new = known_nanos * WHOLE_BP < line
        is_told = any(one.kind.rank >= kind.rank and int(one.facts.get("size", 0)) >= size_nanos for one in notices)
        return (kind, threshold_bp) if is_new and not is_told else None
    return None
