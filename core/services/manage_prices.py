"""Look up the price in force, and set a negotiated one. Past cost never changes: a price holds for usage recorded from then on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.list_prices import providers_of, similar_models
from core.money import usd
from core.people import Actor
from core.rates import NegotiatedPrice, Rate
from core.services.price_usage import PriceBook
from core.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PriceInForce:
    """A model's rate today; `rate` None means unpriced, then `suggestions` are the nearest known model names."""

    provider: str
    model: str
    rate: Rate | None
    negotiated: NegotiatedPrice | None
    suggestions: tuple[str, ...]


async def price_in_force(
    uow: UnitOfWork, provider: str | None, model: str, *, now: datetime, tier: str = "standard"
) -> PriceInForce:
    """The rate of a model now. Without a provider: the one seen in the books with that model, else the list's own guess."""
    async with uow.read() as tx:
        negotiated = await tx.prices.negotiated()
        seen = {labels.provider for labels in (await tx.series.all()).values() if labels.model.lower() == model.lower()}
    candidates = [provider.lower()] if provider else sorted(seen) or list(providers_of(model)) or [""]
    book = PriceBook(negotiated)
    chosen = candidates[0]
    rates = book.in_force(chosen, model, tier, now.date())
    second = now.hour * 3600 + now.minute * 60 + now.second
    rate = next((rate for start, rate in reversed(rates) if start <= second), None)
    return PriceInForce(
        chosen,
        model,
        rate,
        book.negotiated_on(chosen, model, tier, now.date()),
        () if rate else similar_models(chosen, model),
    )


async def set_price(uow: UnitOfWork, price: NegotiatedPrice, *, by: Actor, now: datetime) -> PriceInForce:
    """Keep a negotiated price; every process uses it from its next batch on. Raises NotAllowed for anybody but finance."""
    by.require_finance("set prices")
    async with uow.write() as tx:
        await tx.prices.add(price, at=now)
        detail: dict[str, object] = {"provider": price.provider, "tier": price.tier, "from": price.from_on.isoformat()}
        if price.means:
            detail["means"] = price.means
        detail |= {name: usd(nanos) for name, nanos in price.prices}
        await tx.audit.append(at=now, actor=by.id, act="set negotiated price", subject=price.model, detail=detail)
        await tx.meta.next_version()
    return await price_in_force(uow, price.provider, price.model, now=now, tier=price.tier)
