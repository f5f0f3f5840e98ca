"""How each source fares: when it was last heard, how late it is, and how far its numbers can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from core.posting import QUALITIES, QUALITY, Row
from core.store.columns import instant
from core.store.source_days import Arrivals


class Counted(Protocol):
    """The part of a receipt that a source's record needs."""

    @property
    def duplicates(self) -> int: ...

    @property
    def rejected(self) -> Sequence[tuple[int, str]]: ...


def arrivals_of(receipt: Counted, counted: Sequence[Row], *, refused: int, folded: int) -> Arrivals:
    """One batch as its source's record keeps it.

    `refused` items were no events at all; `folded` ones are duplicates because another source reported them first.
    """
    qualities = Counter(row[QUALITY] for row in counted)
    named = {QUALITIES[place].value: count for place, count in qualities.items()}
    return Arrivals(
        accepted=len(counted), duplicates=receipt.duplicates - folded, folded=folded, rejected=len(receipt.rejected) + refused,
        partial=named.get("partial", 0), guessed=named.get("guessed", 0), missing=named.get("missing", 0),
        repaired=named.get("repaired", 0), unpriced=sum(row[15] is None for row in counted),
        latest_event_at=instant(max(row[2] for row in counted)) if counted else None,
    )  # fmt: skip
