"""Every night single events that are old enough are let go."""

from __future__ import annotations

import logging
from datetime import datetime

from core.services.release_events import release_events, sweep_released
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


class Retention:
    """`keep_days` after the end of their month events go; 0 keeps them for good."""

    def __init__(self, uow: UnitOfWork, *, keep_days: int) -> None:
        self._uow = uow
        self._keep_days = keep_days

    async def run(self, *, now: datetime) -> None:
        """A job of the schedule: safe in any number of processes, and picked up again by the next night."""
        for one in await release_events(self._uow, keep_days=self._keep_days, by="outlay", now=now):
            fields = {"month": str(one.month), "requests": one.came_to[0]}
            if one.kept_because:
                log.error("events_not_released", extra={**fields, "because": one.kept_because})
            else:
                log.info("events_released", extra=fields)
        if swept := await sweep_released(self._uow):
            log.info("released_events_swept", extra={"rows": swept})
