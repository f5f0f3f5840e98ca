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


def corrected(nanos: int, shares: Mapping[str, int], known: Iterable[Correction]) -> int:
    """A forecast as the invoices would see it, each provider's part by its own factor.

    Args:
      shares: what each provider has of the spend so far, in nanos.
    """
    total = sum(shares.values())
    if total <= 0:
        return nanos
    factors = {one.provider: one.millionths for one in known}
    weighted = sum(part * factors.get(provider, MILLION) for provider, part in shares.items())
    return nanos * weighted // (total * MILLION)


@dataclass(frozen=True, slots=True)
class Learned:
    """What signed invoices say of one workload: its providers' parts in nanos, and the corrections of those providers."""

    shares: Mapping[str, int]
    known: tuple[Correction, ...] = ()

    def applied(self, nanos: int) -> int:
        """A forecast as it will be billed; the same where nothing is known."""
        return corrected(nanos, self.shares, self.known)

    @property
    def words(self) -> str:
        """`×1.03, as the signed October 2026 invoice of openai came to 3.0% more than the books`; empty where it changes nothing."""
        factor = self.applied(MILLION)
        if factor == MILLION:
            return ""
        reasons = [
            f"the signed {one.month.title} invoice of {one.provider} came to {abs(one.millionths / MILLION - 1):.1%} "
            f"{'more' if one.millionths > MILLION else 'less'} than the books"
            for one in self.known
        ]
        return f"×{factor / MILLION:.2f}, as {' and '.join(reasons)}"


NOTHING_LEARNED: Final = Learned({})


def _repeats(cause: Mapping[str, Any], mended: Collection[str]) -> bool:
    if cause["cause"] in ONCE:
        return False
    if cause["cause"] == "alias":
        return str(cause["details"].get("model", "")).lower() not in mended
    if cause["cause"] not in PRICED:
        return True
    return cause["details"].get("model") not in mended if "model" in cause["details"] else not mended
