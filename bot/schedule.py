"""The clock's ticks. Every job is idempotent: a tick that is missed is caught up by the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot.delivery import Delivery
from bot.pulling import Pulls
from bot.wiring import Clock
from core.services.forecast_spend import refresh_forecasts
from core.services.keep_books import check_books
from core.services.post_rollout import post_rollout
from core.services.write_digest import monday_due, write_digest
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

DELIVERY_SECONDS = 5
PULL_JITTER_SECONDS = 600
"""Spreads the pulls of many installations, and of replicas, over ten minutes of the hour."""


Close = Callable[..., Awaitable[bool]]
"""`run_close` with its terms: what of the month turn is due; whether something may have to be told."""


async def look_ahead(uow: UnitOfWork, delivery: Delivery, *, now: datetime, close: Close | None = None) -> None:
    """Forecast every workload, then do what the month turn needs (proposals rest on forecasts), and on a Monday from nine
    put the digests into the outbox: once, whoever comes first."""
    made = await refresh_forecasts(uow, now=now)
    log.info("forecasts_made", extra={"workloads": made})
    if close and await close(uow, now=now):
        delivery.wake()
    if monday := monday_due(now, uow.zone):
        await write_digest(uow, monday=monday, now=now)
        delivery.wake()


def make_scheduler(
    uow: UnitOfWork, delivery: Delivery, pulls: Pulls, clock: Clock, close: Close | None = None
) -> AsyncIOScheduler:
    """A scheduler with the jobs of one process, not yet started. Ticks are UTC."""
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 300}
    )

    async def deliver() -> None:
        try:
            await delivery.deliver_due()
        except asyncio.CancelledError:
            # The process stops; what was claimed comes back when its lease ends.
            log.info("delivery_stopped")
        except SQLAlchemyError:
            log.exception("delivery_failed")

    async def compare() -> None:
        try:
            agreement = await check_books(uow)
        except SQLAlchemyError:
            log.exception("books_unreadable")
            return
        if not agreement.holds:
            log.error(
                "books_disagree",
                extra={"events": agreement.events, "hourly": agreement.hourly, "daily": agreement.daily},
            )

    async def foretell() -> None:
        try:
            await look_ahead(uow, delivery, now=clock(), close=close)
        except asyncio.CancelledError:
            log.info("forecasting_stopped")
        except SQLAlchemyError:
            log.exception("forecasting_failed")

    async def roll_out() -> None:
        try:
            if await post_rollout(uow, now=clock()):
                delivery.wake()
        except asyncio.CancelledError:
            log.info("rollout_stopped")
        except SQLAlchemyError:
            log.exception("rollout_failed")

    scheduler.add_job(deliver, "interval", seconds=DELIVERY_SECONDS, id="deliver")
    scheduler.add_job(compare, "cron", hour=3, minute=17, id="compare_books")
    # On the hour, so that Monday's digest is written at nine in zones with whole hours; others follow within the hour.
    scheduler.add_job(foretell, "cron", minute=0, id="foretell")
    # And once at the start: until then nothing newer is known than what the last process foretold.
    scheduler.add_job(foretell, "date", id="foretell_first")
    # Often, because items tick themselves soon after the books prove them; nothing is read where no rollout runs.
    scheduler.add_job(roll_out, "cron", minute="*/5", id="roll_out")
    if pulls.providers:
        scheduler.add_job(pulls.run_due, "cron", minute=20, jitter=PULL_JITTER_SECONDS, id="pull_reports")
    return scheduler
