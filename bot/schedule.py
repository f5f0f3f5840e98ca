"""The clock's jobs, one line each. Every job is idempotent and done once a slot: see `core/services/run_slots.py`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.delivery import Delivery
from bot.digests import ZoneOf, post_digests
from bot.parked import retry_parked
from bot.pulling import Pulls
from bot.ticking import Ticking
from bot.wiring import Clock
from core.services.forecast_spend import refresh_forecasts
from core.services.keep_books import check_books
from core.services.keep_promises import keep_promises
from core.services.post_rollout import post_rollout
from core.services.run_slots import Job
from core.slots import every
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

DELIVERY_SECONDS: Final = 5
AT_NIGHT: Final = timedelta(hours=6)
"""Work for quiet hours is not begun later than so long after its time: the day is for people."""

Close = Callable[..., Awaitable[bool]]
"""`run_close` with its terms: what of the month turn is due; whether something may have to be told."""


async def look_ahead(
    uow: UnitOfWork, *, now: datetime, zone_of: ZoneOf | None = None, close: Close | None = None
) -> bool:
    """Forecast every workload, then do what the month turn needs (proposals rest on forecasts), then the digests of channels
    where it is Monday from nine on; whether something may have to be told."""
    made = await refresh_forecasts(uow, now=now)
    log.info("forecasts_made", extra={"workloads": made})
    has_news = close is not None and await close(uow, now=now)
    return await post_digests(uow, zone_of, now=now) or has_news


async def compare_books(uow: UnitOfWork, *, now: datetime) -> None:
    """Say it loudly where events, hours and days do not add up to the same."""
    agreement = await check_books(uow)
    if not agreement.holds:
        sums = {"events": agreement.events, "hourly": agreement.hourly, "daily": agreement.daily}
        log.error("books_disagree", extra={**sums, "at": now})


def make_scheduler(
    uow: UnitOfWork,
    delivery: Delivery,
    pulls: Pulls,
    clock: Clock,
    close: Close | None = None,
    *,
    zone_of: ZoneOf | None = None,
    more: Sequence[Job] = (),
) -> AsyncIOScheduler:
    """A scheduler with the jobs of one process, not yet started. Ticks are UTC.

    Args:
      zone_of: which clock a person reads; the books' zone without it.
      more: jobs of other parts.
    """
    jobs = [
        Job("compare_books", every(days=1, after=timedelta(hours=3, minutes=17), late_by=AT_NIGHT), partial(compare_books, uow)),
        Job("foretell", every(hours=1), partial(look_ahead, uow, zone_of=zone_of, close=close)),
        # On the hour the digests come after the forecasts; these are for zones whose hours are not whole.
        Job("digests", every(minutes=15, after=timedelta(minutes=5)), partial(post_digests, uow, zone_of)),
        # Often, because items tick themselves soon after the books prove them; nothing is read where no rollout runs.
        Job("roll_out", every(minutes=5), partial(post_rollout, uow)),
        # Each minute: a grant ends when it says, and a sponsor is reminded on time.
        Job("keep_promises", every(minutes=1), partial(keep_promises, uow)),
        Job("retry_parked", every(hours=1, after=timedelta(minutes=40)), partial(retry_parked, uow)),
        *([Job("pull_reports", every(hours=1, after=pulls.minute), pulls.run_due)] if pulls.providers else ()),
        *more,
    ]  # fmt: skip
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}
    )

    def wake() -> None:
        delivery.wake()

    # No slot: every process delivers, and each conversation in the outbox is claimed by itself.
    scheduler.add_job(wake, "interval", seconds=DELIVERY_SECONDS, id="deliver")
    ticking = Ticking(uow, clock, wake)
    for job in jobs:
        ticking.add_to(scheduler, job)
    return scheduler
