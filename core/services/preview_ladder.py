"""Before a ladder is enabled: refuse a cheaper model without a price, and say what it would do to the last days' usage."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.degradation import Degradation, Room, room_of
from core.envelope import Change
from core.errors import OutOfRange
from core.ladder_effect import LadderEffect, ModelDay, effect_of
from core.list_prices import providers_of, similar_models
from core.money import usd
from core.rates import Rate
from core.services.price_usage import PriceBook
from core.store.unit_of_work import Transaction

DAYS = 7


async def require_priced(tx: Transaction, ladder: Degradation, name: str, *, now: datetime) -> Rate | None:
    """The price of the ladder's cheaper model; None where it names none. Raises OutOfRange: the guard would never use it."""
    rate = await price_of(tx, ladder, now=now)
    if rate is not None or ladder.model is None:
        return rate
    close = next(iter(similar_models("", ladder.model)), None)
    hint = f" Did you mean {close}?" if close else " Finance sets one with `/budget price`."
    raise OutOfRange(
        f"No price is known for {ladder.model[:60]}, so the guard would never swap to it.{hint}",
        correction=f"/budget set {name} degrade={close or 'gpt-4.1-mini'}",
    )


async def price_of(tx: Transaction, ladder: Degradation, *, now: datetime) -> Rate | None:
    """The price of the ladder's cheaper model; None where it names none, or one without a price."""
    if ladder.model is None:
        return None
    used = {labels.provider for labels in (await tx.series.all()).values()}
    book = PriceBook(await tx.prices.negotiated())
    for provider in (*providers_of(ladder.model), *sorted(used)):
        if rate := book.current(provider, ladder.model, "standard", now.date()):
            return rate
    return None


async def ladder_note(
    tx: Transaction, name: str, workload_id: int | None, change: Change, *, now: datetime
) -> tuple[str, ...]:
    """What the ladder of a proposed envelope would have done lately, as sentences. Raises OutOfRange for a model without a price."""
    ladder = change.terms.degrade
    if ladder is None:
        return ()
    rate = await require_priced(tx, ladder, name, now=now)
    if workload_id is None or not ladder.has_steps:
        return ()
    room = room_of(change.nanos, change.terms.hard_share, ladder)
    effect = await preview_ladder(tx, workload_id, ladder, rate, room, now=now)
    return () if effect is None else (effect_words(ladder, effect, has_room=room.limit > room.hard),)


async def preview_ladder(
    tx: Transaction, workload_id: int, ladder: Degradation, rate: Rate | None, room: Room, *, now: datetime
) -> LadderEffect | None:
    """The ladder held against the last seven complete days, its cheaper model at `rate`; None without usage."""
    today = now.astimezone(tx.zone).date()
    found = await tx.drivers.between(
        today - timedelta(days=DAYS), today - timedelta(days=1), workload_ids=[workload_id]
    )
    drivers = found.get(workload_id)
    if drivers is None:
        return None
    usage = [
        ModelDay(drivers.models[day.model].model, day.requests, day.tokens, day.cost_nanos) for day in drivers.days
    ]
    days = len({day.on for day in drivers.days})
    return effect_of(usage, days, ladder, room, rate)


def effect_words(ladder: Degradation, effect: LadderEffect, *, has_room: bool) -> str:
    """One or two sentences for who sets it."""
    did = []
    if ladder.model:
        every = round(effect.swapped) == round(effect.requests)
        swapped = "all" if every else f"{effect.swapped:,.0f} of"
        did.append(f"swap {swapped} {effect.requests:,.0f} requests a day to {ladder.model}")
    if ladder.requests_per_minute and (held := round(effect.held_back)):
        did.append(f"hold back at least {held:,} requests a day")
    did.append(f"save {usd(round(effect.saved_nanos))} a day")
    first = ", ".join(did[:-1])
    said = f"On the last days' usage the ladder would {f'{first} and {did[-1]}' if first else did[-1]}."
    if not has_room:
        return f"{said} With the hard threshold at the whole envelope it has no room to work in; hard=90% gives it a tenth."
    if effect.days_with is None or effect.days_without is None:
        return said
    return f"{said} What lies past hard then lasts {effect.days_with:.1f} days instead of {effect.days_without:.1f}."
