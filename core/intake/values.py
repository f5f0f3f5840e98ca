"""Values as sources write them: numbers as text, truths as words, times in several units."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from core.money import NANOS, nanos_from_decimal
from core.usage import MAX_TOKENS

_EARLIEST_SECONDS: Final = 1_577_836_800
_LATEST_SECONDS: Final = 4_102_444_800
_FINER: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""(a Unix time of at least this, is in that many parts of a second): seconds get there in the year 5138."""
_MAX_COST: Final = Decimal(1_000_000)
MAX_MONEY: Final = Decimal(1_000_000_000)
"""A billion dollars in one line is a mistake in units."""


def text(value: object) -> str:
    """The stripped text, or an empty one for anything that is no text."""
    return value.strip() if isinstance(value, str) else ""


def is_true(value: object) -> bool:
    """True, "true" and "True"."""
    return value is True or text(value).lower() == "true"


def whole(value: object) -> int | None:
    """A count out of whatever a source sends: 2006, 2006.0, "2006", "10.0". None when it is no number at all.

    Negative, broken and absurdly large numbers come back as -1, so that the caller can say so.
    """
    if type(value) is int:
        return value if 0 <= value <= MAX_TOKENS else -1
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= 40 and "_" not in value else math.nan
        except ValueError:
            return None
    if not isinstance(value, float | Decimal) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= MAX_TOKENS and value == int(value) else -1


def number(value: object) -> Decimal | None:
    """A finite decimal out of a JSON number or a text such as `0.8958740000000000` or `1E-7`; None when it is none."""
    if type(value) is str and len(value) <= 40 and value.isascii() and value.replace(".", "", 1).isdigit():
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    shown = value.strip() if isinstance(value, str) else str(value)
    if not shown or len(shown) > 60 or "_" in shown:
        return None
    try:
        found = Decimal(shown)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < Decimal("1e30") and found.as_tuple().exponent >= -60 else None  # type: ignore[operator]


def money_nanos(value: object, *, per_unit: int = 1) -> int | None:
    """Nanos of an amount that counts `per_unit` to the dollar (100 for cents). None when it is no amount or absurd."""
    if per_unit == 1 and type(value) is str and (quick := _plain_nanos(value)) is not None:
        return quick
    amount = number(value)
    if amount is None or abs(amount) > MAX_MONEY * per_unit:
        return None
    return nanos_from_decimal(amount / per_unit)


def _plain_nanos(shown: str) -> int | None:
    """The same for `0.23861375` and the like, up to nine digits and nine decimals, without a Decimal; None for anything else.

    Bills have millions of such cells, and most of the time of reading one was spent on them.
    """
    whole_part, _, part = shown.partition(".")
    if (
        len(shown) > 18
        or len(whole_part) > 9
        or len(part) > 9
        or not shown.isascii()
        or not whole_part.isdigit()
        or not (part or "0").isdigit()
    ):
        return None
    return int(whole_part) * NANOS + int(part.ljust(9, "0"))


def reported_dollars(value: object) -> str | None:
    """A cost that a sender claims, in dollars to the nano. None for zero too, which senders write for unknown."""
    amount = number(value)
    return f"{amount:.9f}" if amount is not None and 0 < amount <= _MAX_COST else None


def digest(*said: object) -> str:
    """A key for a call that has none of its own: the same call sent again gets the same."""
    return "digest/" + hashlib.sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()[:40]


def from_unix(seconds: float) -> datetime | None:
    """The instant of a Unix time in seconds, aware UTC; None before 2020 and after 2099."""
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST_SECONDS <= seconds < _LATEST_SECONDS else None


def moment(value: object) -> datetime | None:
    """An instant from RFC 3339 text (UTC where it names no zone) or a Unix time; None when it is neither.

    A Unix time may be in seconds, or in milliseconds, microseconds or nanoseconds: its size says which.
    """
    if isinstance(value, str):
        # BigQuery writes the zone as a word.
        shown = value.strip().removesuffix(" UTC")
        try:
            if not shown.isdigit():
                parsed = datetime.fromisoformat(shown)
                return from_unix((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
            value = int(shown[:20])
        except (ValueError, OverflowError):
            return None
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for least, per_second in _FINER:
        if value >= least:
            return from_unix(value / per_second)
    return from_unix(value)
