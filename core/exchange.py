"""Exchange rates as people type them: dollars for one unit, the day, and by whose word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.errors import Unreadable

_RATE: Final = re.compile(
    r"(?P<rate>[0-9.,]{1,20})\s+(?:on\s+)?(?P<on>\d{4}-\d{2}-\d{2})\s+(?:by\s+|from\s+)?(?P<source>\S.{0,59})"
)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Dollars for one unit of the invoice's currency, as a decimal text, on which day and by whose word."""

    rate: str
    on: date
    source: str


def read_rate(text: str | None) -> Conversion | None:
    """`1.0832 2026-10-31 ECB`; None where nothing was typed. Raises Unreadable."""
    if not text or not text.strip():
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise Unreadable("Write the rate, its day and its source, like 1.0832 2026-10-31 ECB.")
    try:
        on = date.fromisoformat(match["on"])
    except ValueError as unreal:
        raise Unreadable(f"{match['on']} is not a day. Write it like 2026-10-31.") from unreal
    return Conversion(match["rate"].replace(",", "."), on, match["source"].strip())
