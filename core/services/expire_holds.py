"""Expiry: a hold whose usage never came is charged in full, and corrected when the usage turns up after all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.guard import Used
from core.store.columns import micros
from core.store.guard_rows import EXPIRED, OPEN, SETTLED, CounterKey
from core.store.unit_of_work import UnitOfWork

MAX_CLOSED: Final = 500
"""Holds that one transaction closes of a kind, so that nobody waits long behind it."""
_KEPT_SETTLED: Final = timedelta(days=3)
"""How long a settled request is remembered, so that its id gets the same answer."""
_KEPT_EXPIRED: Final = timedelta(days=62)
"""How long a settlement may come late and still correct what was charged for its hold."""


async def close_holds(uow: UnitOfWork, *, now: datetime) -> tuple[int, dict[CounterKey, Used]]:
    """Close what is over: (how many holds, the counters that changed). At most `MAX_CLOSED` of either kind.

    A hold whose request has its usage in the journal, recorded by the same token under the request's id, is settled with it;
    one that has expired is charged in full. Settled holds are forgotten after a few days.
    """
    since, at = micros(now - _KEPT_SETTLED), micros(now)
    async with uow.read() as tx:
        if not await tx.guard.is_due(at) and not await tx.guard.recorded(since, limit=1, lock=False):
            return 0, {}
    async with uow.write() as tx:
        closed = []
        for hold, cost in await tx.guard.recorded(since, limit=MAX_CLOSED, lock=True):
            # Usage without a price keeps what was held for it: it is never free.
            extra = hold.held_nanos if cost is None else 0
            if hold.state == OPEN:
                tx.guard.change((hold.workload_id, hold.cycle), held=-hold.held_nanos, charged=extra)
            else:
                tx.guard.change((hold.workload_id, hold.cycle), charged=extra - hold.charged_nanos)
            closed.append((hold.id, SETTLED, extra if cost is None else cost))
        await tx.guard.close(closed)
        due = await tx.guard.due(at, limit=MAX_CLOSED)
        for hold in due:
            tx.guard.change((hold.workload_id, hold.cycle), held=-hold.held_nanos, charged=hold.held_nanos)
        await tx.guard.close([(hold.id, EXPIRED, hold.held_nanos) for hold in due])
        used = await tx.guard.counters()
        await tx.guard.forget(SETTLED, since, limit=MAX_CLOSED)
        await tx.guard.forget(EXPIRED, micros(now - _KEPT_EXPIRED), limit=MAX_CLOSED)
    return len(closed) + len(due), used
