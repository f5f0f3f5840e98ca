"""What signed invoices teach the next forecast: one bounded factor per provider, shown wherever it is used; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.period import Cycle

LOWEST, HIGHEST = 800_000, 1_250_000
"""Bounds in millionths: an invoice further off than that is a matter for a person, not for a factor."""
LEAST: Final = 2_000
"""Below two thousandths a factor says nothing that the forecast's own range does not say better."""
ONCE: Final = frozenset(
    {"tax", "credit", "rounding", "day_edges", "late_data", "units", "mock_traffic", "double_capture", "sampling"}
)
"""Causes that do not come back by themselves, or are the books' own faults, which are mended there."""
PRICED: Final = frozenset({"wrong_price", "discount"})
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Correction:
    """How a provider's invoice relates to the books for like usage.

    Attributes:
      month: of the signed comparison it comes from.
      millionths: the factor; 1 020 000 says that the invoice is two percent higher.
      is_bounded: it would have been outside `LOWEST`–`HIGHEST`.
    """

    provider: str
    month: Cycle
    millionths: int
    is_bounded: bool

    def applied(self, nanos: int) -> int:
        return nanos * self.millionths // MILLION


def correction_of(result: Mapping[str, Any], *, mended: Collection[str] = ()) -> Correction | None:
    """The factor in a signed comparison's facts; None where it says nothing.

    Args:
      mended: models whose negotiated price came into the books since: what their price caused is in them already.
    """
    estimate = int(result["estimate"])
    if estimate <= 0:
        return None
    repeats = sum(int(cause["nanos"]) for cause in result["causes"] if _repeats(cause, mended))
    exact = (estimate + repeats) * MILLION // estimate
    kept = min(HIGHEST, max(LOWEST, exact))
    if abs(kept - MILLION) < LEAST:
        return None
    year, month = result["month"].split("-")
    return Correction(result["provider"], Cycle(int(year), int(month)), kept, kept != exact)


def corrected(p50_nanos: int, shares: Mapping[str, int], known: Iterable[Correction]) -> int:
    """A forecast as the invoices would see it, each provider's part by its own factor.

    Args:
      shares: what each provider has of the spend so far, in nanos.
    """
    total = sum(shares.values())
    if total <= 0:
        return p50_nanos
    factors = {one.provider: one.millionths for one in known}
    weighted = sum(nanos * factors.get(provider, MILLION) for provider, nanos in shares.items())
    return p50_nanos * weighted // (total * MILLION)


def _repeats(cause: Mapping[str, Any], mended: Collection[str]) -> bool:
    if cause["cause"] in ONCE:
        return False
    if cause["cause"] == "alias":
        return str(cause["details"].get("model", "")).lower() not in mended
    if cause["cause"] not in PRICED:
        return True
    return cause["details"].get("model") not in mended if "model" in cause["details"] else not mended
