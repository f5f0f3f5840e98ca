"""Spending from a lease: for gateways that must not wait for a call before every request.

A lease is money that the guard has set aside for this gateway. Requests are decided here, in microseconds, against what is left of
it; what they used is reported together when the lease is over. Whatever a lease cannot answer (no maximum stated, no price known,
no money left) is asked of the guard itself, so the bound is the same.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bot.clients.guard import Decision, GuardClient, GuardRefused, GuardUnreachable, Request, now_text
from bot.clients.rates import COUNTS, Rate, classes_of

log = logging.getLogger(__name__)

NANOS: Final = 1_000_000_000
_NOT_AGAIN_SECONDS: Final = 0.5
"""After a lease was refused, single calls decide for this long."""
_MAX_EVENTS: Final = 5_000
"""Events that one settlement carries at most; a lease that has so many is given back early."""
_TRIES: Final = 8


@dataclass(eq=False, slots=True)
class Lease:
    """What is left of one lease, and what was done with it. Money in nanos.

    Attributes:
      ends: when it must no longer be drawn on, on the monotonic clock: before the guard lets it expire.
      is_retired: nothing more is drawn; it is given back when its last request is done.
    """

    id: str
    left: int
    ends: float
    in_flight: int = 0
    is_retired: bool = False
    sums: dict[tuple[object, ...], dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def usage(self) -> list[dict[str, Any]]:
        """The usage events that report it: one for all alike requests, and single ones where that would change the price."""
        alike = [{"id": f"{self.id}-{number}", **event} for number, event in enumerate(self.sums.values())]
        return [*alike, *self.events]


class LeasingGuard:
    """A guard client that spends from leases of one workload.

    Args:
      lease_usd: how much is set aside at a time, in dollars. Other gateways cannot use it meanwhile: take what a few seconds
        of traffic cost, and a small part of the envelope.
      ttl_seconds: how long a lease lasts; requests should be done by then.
      sums_up: True reports alike requests as one usage event with `requests` and sums; False reports each by itself.
    """

    def __init__(
        self,
        client: GuardClient,
        workload: str,
        *,
        lease_usd: str = "1.00",
        ttl_seconds: int = 60,
        sums_up: bool = True,
    ) -> None:
        self._client = client
        self._workload = workload
        self._usd = Decimal(lease_usd)
        self._ttl = ttl_seconds
        self._sums_up = sums_up
        self._lease: Lease | None = None
        self._rates: dict[tuple[str, str], Rate | None] = {}
        self._taking = asyncio.Lock()
        self._not_before = 0.0
        self._numbers = itertools.count()
        self._returning: set[asyncio.Task[None]] = set()

    async def authorize(self, request: Request) -> Decision:
        """May this request go out? From the lease where it can be, else by the guard. Raises GuardRefused."""
        if (decision := self.authorize_now(request)) is not None:
            return decision
        if request.workload not in (None, self._workload):
            return await self._client.authorize(request)
        if request.max_output_tokens is not None and not request.more:
            async with self._taking:
                # Whoever waited here usually finds the new lease of the one before.
                if (decision := self.authorize_now(request)) is not None:
                    return decision
                if await self._take(request) and (decision := self.authorize_now(request)) is not None:
                    return decision
        self._retire()
        return await self._client.authorize(request if request.workload else _for(request, self._workload))

    def authorize_now(self, request: Request) -> Decision | None:
        """A decision from the lease at hand, without any waiting; None when the guard has to be asked."""
        lease = self._lease
        rate = self._rates.get((request.provider, request.model))
        if (
            lease is None
            or request.workload not in (None, self._workload)
            or rate is None
            or request.max_output_tokens is None
            or request.more
            or time.monotonic() >= lease.ends
        ):
            return None
        worst = rate.worst(request.input_tokens, request.max_output_tokens)
        if worst > lease.left:
            return None
        lease.left -= worst
        lease.in_flight += 1
        return Decision(
            "allow", request.model, request.max_output_tokens, f"{lease.id}/{next(self._numbers)}", "within lease",
            lease=lease, held_nanos=worst,
        )  # fmt: skip

    def settle_later(self, decision: Decision, usage: Mapping[str, Any] | None) -> None:
        """Tell what a request used; None when it was never sent. Reported to the guard with its lease."""
        lease = decision.lease
        if lease is None:
            self._client.settle_later(decision, usage)
            return
        lease.left += decision.held_nanos
        lease.in_flight -= 1
        if usage is not None:
            lease.left -= self._note(lease, usage, decision.held_nanos)
        if len(lease.events) >= _MAX_EVENTS and lease is self._lease:
            self._retire()
        elif lease.is_retired and lease.in_flight == 0:
            self._give_back(lease)

    async def aclose(self) -> None:
        """Give back what is left and report what was used. The client itself stays open."""
        self._retire()
        while self._returning:
            await asyncio.wait(self._returning)

    def _note(self, lease: Lease, usage: Mapping[str, Any], otherwise: int) -> int:
        """Keep the usage for the report; what it cost in nanos, or `otherwise` when its model has no price here."""
        rate = self._rates.get((usage["provider"], usage["model"]))
        at = usage.get("at") or now_text()
        if not self._sums_up or rate is None or not rate.is_summable(int(usage.get("input_tokens") or 0)):
            lease.events.append({**usage, "at": at})
        else:
            tags = usage.get("tags") or {}
            key = (usage["provider"], usage["model"], usage.get("tier"), *sorted(tags.items()))
            summed = lease.sums.get(key)
            if summed is None:
                summed = lease.sums[key] = {
                    "provider": usage["provider"], "model": usage["model"], "tags": dict(tags), "requests": 0,
                    "tier": usage.get("tier") or "standard", **dict.fromkeys(COUNTS, 0),
                }  # fmt: skip
            summed["at"] = at
            summed["requests"] += 1
            for name in COUNTS:
                if amount := usage.get(name):
                    summed[name] += amount
        return otherwise if rate is None else rate.cost(classes_of(usage))

    async def _take(self, request: Request) -> bool:
        """Replace the lease by a new one that covers this request; False when the guard has to decide it."""
        self._retire()
        if time.monotonic() < self._not_before:
            return False
        known = self._rates.get((request.provider, request.model))
        worst = known.worst(request.input_tokens, request.max_output_tokens or 0) if known else 0
        usd = max(self._usd, Decimal(worst) / NANOS)
        wanted = (request.provider, request.model)
        models = [wanted, *(known for known in self._rates if known != wanted)][:50]
        begun = time.monotonic()
        try:
            told = await self._client.call(
                "lease",
                {"workload": self._workload, "usd": f"{usd:f}", "ttl_seconds": self._ttl,
                 "models": [{"provider": provider, "model": model} for provider, model in models]},
            )  # fmt: skip
        except GuardUnreachable:
            return False
        for entry in told["rates"]:
            self._rates[entry["provider"], entry["model"]] = Rate.read(entry)
        if told["lease_id"] is None:
            self._not_before = time.monotonic() + _NOT_AGAIN_SECONDS
            return False
        granted = int(Decimal(told["granted_usd"]) * NANOS)
        lease = Lease(told["lease_id"], granted, begun + self._ttl * 0.9)
        rate = self._rates[request.provider, request.model]
        if rate is None or granted < rate.worst(request.input_tokens, request.max_output_tokens or 0):
            self._not_before = time.monotonic() + (_NOT_AGAIN_SECONDS if rate else 0.0)
            await self._return(lease)
            return False
        self._lease = lease
        return True

    def _retire(self) -> None:
        """Draw no more on the present lease; give it back as soon as nothing of it is in flight."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.is_retired = True
            if lease.in_flight == 0:
                self._give_back(lease)

    def _give_back(self, lease: Lease) -> None:
        task = asyncio.get_running_loop().create_task(self._return(lease), name="guard-lease")
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _return(self, lease: Lease) -> None:
        for turn in range(_TRIES):
            try:
                told = await self._client.call(f"lease/{lease.id}/settle", {"usage": lease.usage()})
            except GuardUnreachable:
                await asyncio.sleep(0.2 * 2**turn)
                continue
            except GuardRefused as refused:
                log.error("lease_refused", extra={"lease_id": lease.id, "reason": str(refused)})
                return
            for entry in told["rejected"]:
                log.error("lease_event_rejected", extra={"lease_id": lease.id, **entry})
            return
        # The guard charges it in full when it expires.
        log.error("lease_unreported", extra={"lease_id": lease.id})


def _for(request: Request, workload: str) -> Request:
    return Request(
        request.request_id, request.provider, request.model, request.input_tokens, request.max_output_tokens, workload,
        request.tags, request.more,
    )  # fmt: skip
