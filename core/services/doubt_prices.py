"""Which prices in use finance has to look at: from the books, the dated prices and the comparisons that stand."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.list_prices import newest_price_on
from core.period import Cycle
from core.price_doubt import OLD_AFTER, PricedModel, PriceDoubt, contradicted, old_prices
from core.services.price_usage import PriceBook
from core.store.unit_of_work import Transaction, UnitOfWork

_STANDARD = "standard"


async def doubted_prices(uow: UnitOfWork, *, now: datetime, oldest: timedelta = OLD_AFTER) -> tuple[PriceDoubt, ...]:
    """Prices of models in use this month that are older than `oldest`, and those that last months' invoices contradict.

    An invoice counts from its comparison on, signed or not; a price set since then answers it.
    """
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        book, confirmed = PriceBook(await tx.prices.negotiated()), await tx.prices.confirmed_at()
        found = old_prices(
            await _in_use(tx, book, confirmed, cycle, now), list_on=newest_price_on(now.date()), today=now.date(),
            oldest=oldest,
        )  # fmt: skip
        for kept in await tx.reconciliations.standing(since=cycle.previous.previous):
            mended = [
                model for (provider, model, _), at in confirmed.items()
                if provider == kept.provider and at >= kept.made_at
            ]  # fmt: skip
            models = {str(cause["details"]["model"]) for cause in kept.result["causes"] if "model" in cause["details"]}
            rates = {model: book.current(kept.provider, model, _STANDARD, now.date()) for model in models}
            found += contradicted(kept.result, {model: rate for model, rate in rates.items() if rate}, mended=mended)
    return tuple({one.key: one for one in reversed(found)}.values())[::-1]


async def _in_use(
    tx: Transaction, book: PriceBook, confirmed: dict[tuple[str, str, str], datetime], cycle: Cycle, now: datetime
) -> list[PricedModel]:
    spent: dict[tuple[str, str], int] = {}
    labels = await tx.series.all()
    for _, series, nanos, _ in await tx.spend.by_series(cycle.first_on, cycle.last_on):
        key = labels[series].provider, labels[series].model
        spent[key] = spent.get(key, 0) + nanos
    used = []
    for (provider, model), nanos in spent.items():
        rate = book.current(provider, model, _STANDARD, now.date())
        if rate is None:
            continue
        agreed = book.negotiated_on(provider, model, _STANDARD, now.date())
        # Names that stand for others are no prices; the age of what they stand for is told under its own name.
        agreed = None if agreed and agreed.means else agreed
        at = confirmed.get((provider.lower(), model.lower(), _STANDARD)) if agreed else None
        # Entered long before it begins, a price is as old as its first day.
        on = max(agreed.from_on, at.date()) if agreed and at else None
        used.append(PricedModel(provider, model, nanos, rate, on, agreed.prices if agreed else ()))
    return used
