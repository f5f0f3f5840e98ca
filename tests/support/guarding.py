"""The guard over fresh books: an envelope, a gateway's token, and requests that cost a cent each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from core.guard import Used
from core.holds import Ask
from core.period import Cycle
from core.services.authorize_spend import Guard
from core.services.guard_orders import Answered, Authorization, Leased, LeaseOrder, Policy, Settled, Settlement
from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from core.usage import TokenClasses
from tests.support.books import NOON, an_order, sets

CENT: Final = 10_000_000
USED: Final = {"provider": "openai", "model": "gpt-4.1", "input_tokens": 1000, "output_tokens": 1000}
"""A cent: 2 and 8 dollars per million tokens (OpenAI's list price, November 2026)."""
_NUMBERS = itertools.count(1)


@dataclass
class Gateway:
    """A gateway's view of the guard; what a test does not name is a one-cent request of the workload `search`."""

    uow: UnitOfWork
    source_id: int
    guard: Guard
    policy: Policy = field(default_factory=Policy)

    async def authorize(
        self, request_id: str | None = None, *, now: datetime = NOON, wait: float = 0.0, **fields: Any
    ) -> Answered:
        return await self.guard.authorize(self.source_id, a_request(request_id, **fields), now=now, wait_seconds=wait)

    async def settle(self, hold_id: str | None, *usage: Mapping[str, Any], now: datetime = NOON) -> Settled:
        assert hold_id is not None
        return await self.guard.settle(self.source_id, Settlement(hold_id, usage), now=now)

    async def lease(self, nanos: int, *, workload: str = "search", seconds: int = 60, now: datetime = NOON) -> Leased:
        return await self.guard.lease(self.source_id, LeaseOrder(workload, nanos, seconds), now=now)

    async def settle_lease(self, lease_id: str | None, *usage: Mapping[str, Any], now: datetime = NOON) -> Settled:
        assert lease_id is not None
        return await self.guard.settle(self.source_id, Settlement(lease_id, usage, is_lease=True), now=now)

    async def used(self, workload: str = "search", *, now: datetime = NOON) -> Used:
        """The counter of the cycle."""
        async with self.uow.read() as tx:
            number = (await tx.workloads.names())[workload]
            return (await tx.guard.used(str(Cycle.of(now, self.uow.zone)))).get(number, Used())

    async def remembers(self) -> Gateway:
        """At a process that was started after this one had a quiet moment."""
        await self.guard.sweep(NOON)
        return self.restarted()

    def restarted(self, policy: Policy | None = None) -> Gateway:
        """The same gateway at a process that knows nothing yet."""
        chosen = policy or self.policy
        return replace(self, guard=Guard(self.uow, Bookkeeper(self.uow), chosen), policy=chosen)


async def a_gateway(uow: UnitOfWork, dollars: float = 1.00, *, policy: Policy | None = None, **terms: Any) -> Gateway:
    """The books with an envelope of that size for `search`, and a gateway with a token."""
    await sets(uow, an_order("search", dollars, **terms))
    source = await import_source(uow, "gateway", now=NOON)
    chosen = policy or Policy(ceiling=(30_000_000_000, 180_000_000_000))
    return Gateway(uow, source.id, Guard(uow, Bookkeeper(uow), chosen), chosen)


def a_request(request_id: str | None = None, **fields: Any) -> Authorization:
    """One cent at most; `input_tokens` and `max_output_tokens` may be given, `...` for a maximum that is not stated."""
    stated = fields.pop("max_output_tokens", 1000)
    ask = Ask(TokenClasses(fields.pop("input_tokens", 1000)), None if stated is ... else stated)
    given = {"provider": "openai", "model": "gpt-4.1", "workload": "search", **fields}
    return Authorization(request_id or f"q-{next(_NUMBERS)}", ask=ask, **given)


def usage(event_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A cent's usage event as it is sent."""
    return {"id": event_id or f"u-{next(_NUMBERS)}", "at": "2026-11-24T12:00:00Z", **USED, **fields}
