"""What happened in this process that alerts should look at: workloads with new usage, and requests that were refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from core.period import Cycle
from core.store.unit_of_work import UnitOfWork


class AlertSignals:
    """Gathers between two looks, so that a thousand batches are one look. Bounded by the number of workloads."""

    def __init__(self) -> None:
        self._touched: set[int] = set()
        self._refused: Counter[int] = Counter()
        self._has_history = False
        self._woken = asyncio.Event()

    def touch(self, workload_ids: Iterable[int], *, has_history: bool = False) -> None:
        """Usage of these workloads is in the books, or will be in a moment, some of it of earlier days; does not block."""
        self._touched.update(workload_ids)
        self._has_history |= has_history
        self._woken.set()

    def take_history(self) -> bool:
        """Whether usage of earlier days came in since it was asked last: what was learnt from those days is outdated."""
        found, self._has_history = self._has_history, False
        return found

    def refuse(self, workload_id: int) -> None:
        """The guard refused a request because the envelope is used up; does not block."""
        self._refused[workload_id] += 1
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Until something happens, at most so long; whether anything did."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def take(self) -> tuple[set[int], Counter[int]]:
        """(workloads with new usage or refusals, refusals by workload) since it was asked last."""
        touched, refused = self._touched | self._refused.keys(), self._refused
        self._touched, self._refused = set(), Counter()
        self._woken.clear()
        return touched, refused


async def note_refusals(uow: UnitOfWork, refused: Mapping[int, int], *, now: datetime) -> None:
    """Count them in the books, under the revision of the envelope that is in force."""
    cycle = str(Cycle.of(now, uow.zone))
    async with uow.write() as tx:
        envelopes = await tx.envelopes.among(sorted(refused))
        counted = {
            (number, cycle, envelope.revision): refused[number]
            for number, envelope in envelopes.items()
        }  # fmt: skip
        await tx.decisions.add_refusals(counted, at=now)
