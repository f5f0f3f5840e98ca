"""Prices for series: negotiated ones over list prices, compiled once per label set and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from core.attribution import Labels
from core.list_prices import list_rates, providers_of
from core.rates import NegotiatedPrice, Rate
from core.store.columns import day_of
from core.store.price_rows import RateKey
from core.store.unit_of_work import Transaction

_NOON = 12 * 3600
_STANDARD = "standard"


class PriceBook:
    """Answers what a model costs on a day. Holds negotiated prices; list prices come from the library's bundled data."""

    def __init__(self, negotiated: Sequence[NegotiatedPrice]) -> None:
        self._negotiated: dict[tuple[str, str, str], list[NegotiatedPrice]] = {}
        self._numbers: dict[RateKey, int] = {}
        for price in negotiated:
            self._negotiated.setdefault((price.provider, price.model, price.tier), []).append(price)

    def in_force(self, provider: str, model: str, tier: str, on: date) -> tuple[tuple[int, Rate], ...]:
        """(second of the UTC day, rate) pairs, the first from 0; empty when the model is unpriced."""
        meant = self.meant(provider, model, on, tier)
        if meant != model:
            source = f"priced as {meant}"
            known = self._own(provider, meant, tier, on)
            return tuple((start, replace(rate, source=f"{source}: {rate.source}")) for start, rate in known)
        return self._own(provider, model, tier, on)

    def meant(self, provider: str, model: str, on: date, tier: str = "standard") -> str:
        """The model whose price holds for a name on a day: the name's own unless somebody said that it stands for another.

        A chain is followed, a circle ends where it closes.
        """
        seen = {model.lower()}
        while True:
            found = self.negotiated_on(provider, model, tier, on) or self.negotiated_on(provider, model, _STANDARD, on)
            if found is None or found.means is None or found.means.lower() in seen:
                return model
            model = found.means
            seen.add(model.lower())

    def _own(self, provider: str, model: str, tier: str, on: date) -> tuple[tuple[int, Rate], ...]:
        listed = [
            (start.hour * 3600 + start.minute * 60 + start.second, rate)
            for start, rate in list_rates(provider, model, tier, on)
        ]
        agreed = self.negotiated_on(provider, model, tier, on)
        if agreed is None or agreed.means:
            return tuple(listed)
        return tuple((start, agreed.applied_to(rate)) for start, rate in listed) or ((0, agreed.applied_to(None)),)

    def current(self, provider: str, model: str, tier: str, on: date) -> Rate | None:
        """One rate for a whole day, the one at noon where it changes by the hour; another provider's list price where the
        named one has none, since a model may be planned that this workload has not used yet."""
        rates = self.in_force(provider, model, tier, on)
        if not rates:
            rates = next(filter(None, (self.in_force(other, model, tier, on) for other in providers_of(model))), ())
        return next((rate for start, rate in reversed(rates) if start <= _NOON), None)

    def negotiated_on(self, provider: str, model: str, tier: str, on: date) -> NegotiatedPrice | None:
        """The latest negotiated price that has begun, or None. Of two from one day the one entered last."""
        begun = [
            price for price in self._negotiated.get((provider.lower(), model.lower(), tier), ()) if price.from_on <= on
        ]
        return begun[-1] if begun else None

    def rates_on(self, labels: Labels, day: int) -> list[tuple[int, RateKey]]:
        """The same for a series, with the key under which each rate is stored. `day` counts from 1970 UTC."""
        found = self.in_force(labels.provider, labels.model, labels.tier, day_of(day))
        return [(start, (labels.provider, labels.model, labels.tier, rate)) for start, rate in found]

    async def intern(self, tx: Transaction, found: Iterable[list[tuple[int, RateKey]]]) -> dict[RateKey, int]:
        """Numbers for all of these rates, stored where they are new."""
        wanted = {key for rates in found for _, key in rates}
        if fresh := wanted - self._numbers.keys():
            # Kept only for this call if the transaction fails: a number that was never committed must not be used.
            return {key: self._numbers[key] for key in wanted - fresh} | await tx.prices.intern(fresh)
        return {key: self._numbers[key] for key in wanted}

    def remember(self, numbers: Mapping[RateKey, int]) -> None:
        """Keep numbers that are committed."""
        self._numbers.update(numbers)
