"""Rates that priced something, and prices negotiated with a provider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.rates import NegotiatedPrice, Rate
from core.store.columns import day_number, day_of
from core.store.series_rows import digest_of, insert_ignoring
from core.store.tables import NegotiatedPriceRow, RateRow

_RATES: Any = RateRow.__table__  # type: ignore[attr-defined]
_NEGOTIATED: Any = NegotiatedPriceRow.__table__  # type: ignore[attr-defined]

RateKey: TypeAlias = tuple[str, str, str, Rate]
"""(provider, model, tier, rate)."""


class PriceRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def intern(self, wanted: Iterable[RateKey]) -> dict[RateKey, int]:
        """The number of each rate as it is kept for events to name; unknown ones get one."""
        digests = {
            digest_of(provider, model, tier, rate.source, _bands(rate), rate.per): (provider, model, tier, rate)
            for provider, model, tier, rate in wanted
        }
        found: dict[RateKey, int] = {}
        for digest, key in sorted(digests.items()):
            provider, model, tier, rate = key
            row = {
                "digest": digest, "provider": provider, "model": model, "tier": tier,
                "source": rate.source, "bands": _bands(rate), "per": _fitting(rate.per),
            }  # fmt: skip
            await self._connection.execute(insert_ignoring(self._connection, _RATES, unique=["digest"]), row)
            found[key] = (
                await self._connection.execute(select(_RATES.c.id).where(_RATES.c.digest == digest))
            ).scalar_one()
        return found

    async def negotiated(self) -> tuple[NegotiatedPrice, ...]:
        """All negotiated prices, oldest first; of several for one model the latest that has begun is in force."""
        result = await self._connection.execute(select(_NEGOTIATED).order_by(_NEGOTIATED.c.from_day, _NEGOTIATED.c.id))
        return tuple(
            NegotiatedPrice(
                row.provider,
                row.model,
                row.tier,
                day_of(row.from_day),
                tuple((name, value) for name, value in row.prices),
                row.set_by,
                row.means,
            )
            for row in result
        )

    async def confirmed_at(self) -> dict[tuple[str, str, str], datetime]:
        """When a price was last entered for each (provider, model, tier), aware UTC; the same again confirms it."""
        key = (_NEGOTIATED.c.provider, _NEGOTIATED.c.model, _NEGOTIATED.c.tier)
        last = func.max(_NEGOTIATED.c.set_at, type_=_NEGOTIATED.c.set_at.type)
        result = await self._connection.execute(select(*key, last.label("at")).group_by(*key))
        return {(row.provider, row.model, row.tier): row.at for row in result}

    async def add(self, price: NegotiatedPrice, *, at: datetime) -> None:
        await self._connection.execute(
            insert(_NEGOTIATED).values(
                provider=price.provider, model=price.model, tier=price.tier, from_day=day_number(price.from_on),
                prices=price.prices, set_by=price.set_by, set_at=at, means=price.means,
            )
        )  # fmt: skip


def _bands(rate: Rate) -> list[object]:
    # As strings: a list price with seventeen decimals has coefficients beyond 64 bits.
    return [[band.above, [str(price) for price in band.prices], str(band.per_request)] for band in rate.bands]


def _fitting(per: int) -> int:
    return min(per, 2**63 - 1)
