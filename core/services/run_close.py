"""The hourly step of the close: turn, freeze, adjust, propose, tell. Each part is idempotent, so a missed hour is caught up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from core.close import CloseTerms
from core.period import Cycle
from core.services.close_month import adjust_months, freeze_months, turn_months
from core.services.propose_envelopes import overtake, propose_envelopes
from core.services.tell_close import is_due, show_again, tell_close
from core.store.unit_of_work import UnitOfWork


async def run_close(
    uow: UnitOfWork, terms: CloseTerms, *, finance: Collection[str], now: datetime, learns: bool = True
) -> bool:
    """Do whatever of the close is due; whether something may have to be told.

    Proposals need the new cycle's forecasts, so it runs after those are made.
    """
    cycle = Cycle.of(now, uow.zone)
    await turn_months(uow, terms, now=now)
    frozen = await freeze_months(uow, terms, now=now)
    booked = await adjust_months(uow, now=now)
    told = 0
    if is_due(cycle.previous, now, uow.zone):
        await propose_envelopes(uow, cycle, now=now, learns=learns)
        told = await tell_close(uow, cycle.previous, finance=finance, now=now)
    overtaken = await overtake(uow, cycle, now=now)
    changed = dict.fromkeys(frozen, "frozen") | {one.cycle: f"adjusted/{now.isoformat()}" for one in booked}
    for closed, because in changed.items():
        async with uow.write() as tx:
            await show_again(tx, closed, because=because, now=now)
    return bool(told or overtaken or changed)
