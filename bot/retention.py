"""Every night single events that are old enough are let go."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from bot.wiring import Clock
from core.services.release_events import release_events, sweep_released
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


class Retention:
    """`keep_days` after the end of their month events go; 0 keeps them for good."""

    def __init__(self, uow: UnitOfWork, clock: Clock, *, keep_days: int) -> None:
        self._uow = uow
        self._clock = clock
        self._keep_days = keep_days

    async def run(self) -> None:
        """A scheduler's job: safe in any number of processes, and picked up again by the next night."""
        try:
            for one in await release_events(self._uow, keep_days=self._keep_days, by="outlay", now=self._clock()):
                fields = {"month": str(one.month), "requests": one.came_to[0]}
                if one.kept_because:
                    log.error("events_not_released", extra={**fields, "because": one.kept_because})
                else:
                    log.info("events_released", extra=fields)
            if swept := await sweep_released(self._uow):
                log.info("released_events_swept", extra={"rows": swept})
        except asyncio.CancelledError:
            log.info("release_stopped")
        except SQLAlchemyError:
            log.exception("release_failed")
