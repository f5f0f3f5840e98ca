"""Money as whole nano-dollars: 1 USD is 1 000 000 000 nanos. `Decimal` only to read and to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from core.errors import OutOfRange, Unreadable

NANOS: Final = 1_000_000_000
MAX_TYPED: Final = 40
"""Longer text is no amount; looked at first, because matching separators backtracks."""
MAX_NANOS: Final = 1_000_000_000 * NANOS
"""One billion dollars: above any envelope, and far below 2**63 when summed."""

_MULTIPLES: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_AMOUNT: Final = re.compile(
    r"(?P<sign>-?)\s*(?P<symbol>\$|usd|us\$)?\s*"
    r"(?P<digits>[0-9][0-9.,_'\u2019 \u00a0\u202f]*?)\s*(?P<multiple>[km]?)\s*"
    r"(?P<currency>\$|usd|dollars?)?",
    re.IGNORECASE,
)
_OTHER_CURRENCY: Final = re.compile(r"[€£¥₹]|\b(eur|gbp|chf|jpy|cad|aud|inr|sek|nok|dkk|pln|cny)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of one currency.

    Attributes:
      nanos: billionths of the unit; negative for reductions.
      currency: ISO 4217 code; amounts of different currencies do not add up and raise ValueError.
    """

    nanos: int
    currency: str = "USD"

    def __add__(self, other: Money) -> Money:
        return Money(self.nanos + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.nanos - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.nanos, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.nanos

    def __str__(self) -> str:
        return usd(self.nanos) if self.currency == "USD" else f"{decimal_string(self.nanos)} {self.currency}"


def divide_half_even(amount: int, divisor: int) -> int:
    """`amount / divisor` as a whole number, halves to the even neighbour. `divisor` > 0; `amount` of any sign."""
    whole, rest = divmod(amount, divisor)
    twice = rest * 2
    return whole + (twice > divisor or (twice == divisor and whole & 1))


def nanos_from_decimal(dollars: Decimal) -> int:
    """Whole nanos of an exact amount in dollars, halves to even; exact up to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        return int((dollars * NANOS).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def decimal_string(nanos: int) -> str:
    """Dollars with all nine digits, as the HTTP API writes them: `"0.010000000"`."""
    sign = "-" if nanos < 0 else ""
    whole, rest = divmod(abs(nanos), NANOS)
    return f"{sign}{whole}.{rest:09d}"


def usd(nanos: int) -> str:
    """Dollars for a person to read: `$4,000`, `$12.34`, `$0.0042`; never more digits than help. See `as_shown`."""
    sign, size, shown = "-" if nanos < 0 else "", abs(nanos), abs(as_shown(nanos))
    if size >= 1_000 * NANOS or size % NANOS == 0:
        return f"{sign}${shown // NANOS:,}"
    if size >= NANOS // 100:
        return f"{sign}${shown // NANOS:,}.{shown % NANOS // 10_000_000:02d}"
    return f"{sign}${decimal_string(shown).rstrip('0')}"


def as_shown(nanos: int) -> int:
    """The amount that `usd` writes: whole dollars from 1 000 up, cents below, two significant digits under a cent.

    Rounded half to even. A difference is taken between amounts as shown, so that a reader who subtracts agrees.
    """
    size = abs(nanos)
    if size >= 1_000 * NANOS:
        unit = NANOS
    elif size >= NANOS // 100:
        unit = NANOS // 100
    else:
        unit = 10 ** max(len(str(size)) - 2, 0)
    shown = divide_half_even(size, unit) * unit
    return -shown if nanos < 0 else shown


def apart(one: int, other: int) -> str:
    """How far two amounts lie apart as they are shown: `$1,205` between `$13,650` and `$12,445`.

    Where both are shown alike but differ, the difference itself.
    """
    return usd(abs(as_shown(one) - as_shown(other)) or abs(one - other))


def parse_amount(text: str) -> int:
    """Nanos of an amount as people write it: `4000`, `$4k`, `4,000.50 USD`, `1.5m`, `4 000`.

    Raises:
      Unreadable: not an amount, another currency, or a separator that could mean two things (`4,00`).
      OutOfRange: negative, zero, or above one billion dollars.
    """
    shown = text.strip()
    if len(shown) > MAX_TYPED:
        raise Unreadable(
            f"“{shown[:MAX_TYPED]}…” is not an amount I can read. Write it like 4000, $4k or 4,000.50 USD."
        )
    if other := _OTHER_CURRENCY.search(shown):
        raise Unreadable(
            f"“{shown}” is in {other.group(0).upper()}; envelopes are kept in USD. Give the amount in dollars."
        )
    match = _AMOUNT.fullmatch(shown)
    if not match:
        raise Unreadable(f"“{shown}” is not an amount I can read. Write it like 4000, $4k or 4,000.50 USD.")
    dollars = (
        _plain_number(match["digits"], shown, has_multiple=bool(match["multiple"]))
        * _MULTIPLES[match["multiple"].lower()]
    )
    nanos = nanos_from_decimal(dollars)
    if match["sign"] or nanos == 0:
        raise OutOfRange(f"“{shown}” is not above zero. An amount has to be more than $0.")
    if nanos > MAX_NANOS:
        raise OutOfRange(f"“{shown}” is more than $1 billion. Check the number of zeros.")
    return nanos


def _plain_number(digits: str, shown: str, *, has_multiple: bool) -> Decimal:
    """The number behind digits with separators. `4,000` groups thousands; `4.000` is four in one country and four thousand in
    another, so it is refused."""
    compact = re.sub(r"[_'\u2019 \u00a0\u202f]", "", digits)
    if not has_multiple and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", compact):
        raise Unreadable(
            f"“{shown}” can be read in two ways. Write {compact.replace('.', '')}, or {compact[:-4]} for the small amount."
        )
    if re.fullmatch(r"\d+(\.\d+)?", compact) or re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", compact):
        return Decimal(compact.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", compact):
        return Decimal(compact.replace(".", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d{1,2}", compact):
        return Decimal(compact.replace(".", "").replace(",", "."))
    whole, _, part = compact.replace(",", ".").partition(".")
    raise Unreadable(
        f"“{shown}” can be read in two ways. Write {whole}.{part.replace('.', '')} or {whole}{part.replace('.', '')}."
    )


def parse_share(text: str) -> float:
    """A share from 0 to 1 as people write it: `80`, `80%`, `0.8`; 1 and below is a share, above 1 is percent.

    `1` is therefore 100 %, and `1%` is 0.01. Raises Unreadable.
    """
    shown = text.strip()
    match = re.fullmatch(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*(%|percent)?", shown, re.IGNORECASE)
    if not match:
        raise Unreadable(f"“{shown[:40]}” is not a share I can read. Write it like 80%, 80 or 0.8.")
    value = Decimal(match[1].replace(",", "."))
    return float(value / 100 if match[2] or value > 1 else value)
