"""Looks at the alerts: soon after usage or a refusal, and every minute at everything, since time alone changes forecasts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import Counter, Histogram
from sqlalchemy.exc import SQLAlchemyError

from core.breach import Breach, BreachKind, BreachState
from core.services.alert_memory import AlertMemory
from core.services.alert_signals import AlertSignals, note_refusals
from core.services.evaluate_alerts import evaluate_alerts
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

GATHERING_SECONDS: Final = 1.0
"""What comes within a second of a signal is looked at together."""
EVERYTHING_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 5.0
"""After the books could not be read."""

LOOKS = Histogram("outlay_alert_look_seconds", "Time to look at the alerts, in seconds", ["scope"])
CHANGED = Counter("outlay_breaches_total", "Changes of breaches by the state they led to", ["kind", "state"])
for _kind in BreachKind:
    for _state in BreachState:
        # Counted from nought: what begins with its first breach has not grown.
        CHANGED.labels(_kind.value, _state.value)


class AlertWatch:
    """One a process. Several processes may look at the same time: each breach is opened once all the same."""

    def __init__(
        self, uow: UnitOfWork, signals: AlertSignals, clock: Callable[[], datetime], wake_delivery: Callable[[], None]
    ) -> None:
        self._uow = uow
        self._signals = signals
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._memory = AlertMemory()
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look until cancelled."""
        clock = asyncio.get_running_loop().time
        everything_at = clock()
        while True:
            try:
                if clock() >= everything_at:
                    everything_at = clock() + EVERYTHING_SECONDS
                    await self.look()
                elif await self._signals.wait(everything_at - clock()):
                    await asyncio.sleep(GATHERING_SECONDS)
                    await self.look_where_needed()
            except SQLAlchemyError:
                # Nothing is lost: the next look at everything sees the same books.
                log.exception("alerts_not_looked_at")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def look(self) -> tuple[Breach, ...]:
        """At everything, now."""
        _, refused = self._signals.take()
        return await self._look(None, refused)

    async def look_where_needed(self) -> tuple[Breach, ...]:
        """At what was signalled since the last look."""
        touched, refused = self._signals.take()
        return await self._look(sorted(touched), refused) if touched else ()

    async def _look(self, workload_ids: Sequence[int] | None, refused: dict[int, int]) -> tuple[Breach, ...]:
        async with self._looking:
            now = self._clock()
            if self._signals.take_history():
                self._memory.has_late_history = True
            if refused:
                await note_refusals(self._uow, refused, now=now)
            with LOOKS.labels("all" if workload_ids is None else "some").time():
                changed = await evaluate_alerts(self._uow, now=now, workload_ids=workload_ids, memory=self._memory)
        for breach in changed:
            CHANGED.labels(breach.kind.value, breach.state.value).inc()
            log.info(
                "breach_changed", extra={"breach": breach.id, "kind": breach.kind.value, "state": breach.state.value}
            )
        if changed:
            self._wake_delivery()
        return changed
