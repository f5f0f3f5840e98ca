"""Settling in a transaction: usage goes into the books, its hold is given back, and what it used is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from core.errors import Unreadable
from core.holds import Learned, ceiling_rate, overrun_of, worst_cost
from core.intake.native import reason
from core.services.guard_memory import GuardMemory
from core.services.guard_orders import Order, Policy, Settled, Settlement
from core.services.lay_out_usage import labels_of
from core.services.record_usage import Bookkeeper, Prepared
from core.store.guard_rows import EXPIRED, OPEN, SETTLED, Hold, LearnedKey
from core.store.unit_of_work import Transaction
from core.usage import TokenClasses, UsageEvent


@dataclass(slots=True)
class Claim:
    """A settlement with its hold, as the hold was made, and its events."""

    place: int
    order: Order
    hold: Hold
    events: list[UsageEvent]
    rejected: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Settlements:
    """What came of them: answers by place, and what was learned."""

    answers: dict[int, Settled | Exception] = field(default_factory=dict)
    learned: dict[LearnedKey, Learned] = field(default_factory=dict)


@dataclass(slots=True)
class Ready:
    """Claims of one source with their events laid out."""

    claims: list[Claim]
    prepared: Prepared


class Settler:
    def __init__(self, memory: GuardMemory, bookkeeper: Bookkeeper, policy: Policy) -> None:
        self._memory = memory
        self._bookkeeper = bookkeeper
        self._ceiling = ceiling_rate(*policy.ceiling) if policy.ceiling else None

    def claim(self, place: int, order: Order, hold: Hold) -> Claim:
        """Read a settlement's usage. Raises Unreadable when a request's event is none; a lease lists what it refuses."""
        what = order.what
        assert isinstance(what, Settlement)
        claim = Claim(place, order, hold, [])
        for index, raw in enumerate(what.usage):
            try:
                claim.events.append(self._event(raw, hold, order.now))
            except msgspec.ValidationError as wrong:
                if not hold.is_lease:
                    raise Unreadable(f"The usage cannot be booked: {reason(wrong)}. The hold stays.") from wrong
                claim.rejected.append((index, reason(wrong)))
        return claim

    def _event(self, raw: Mapping[str, Any], hold: Hold, now: datetime) -> UsageEvent:
        """The event, with what its hold knows where it says nothing, and counting to the envelope that held for it."""
        known = {"at": now, "provider": hold.provider, "model": hold.model, "id": hold.request_id}
        given = {name: value for name, value in raw.items() if value is not None}
        if hold.is_lease:
            known = {"at": now}
        event = msgspec.convert({**known, **given}, UsageEvent)
        if self._memory.workload_for(labels_of(event)) == hold.workload_id:
            return event
        # A workload without a name here is younger than the rules at hand; the transaction notices and starts over.
        return msgspec.structs.replace(event, workload=self._memory.name_of(hold.workload_id))

    async def prepare(
        self, source_id: int, claims: Sequence[Claim], now: datetime
    ) -> tuple[Ready, dict[int, Exception]]:
        """Lay out the events of these claims; single requests whose event cannot be booked are refused, by place."""
        indexed = [(number, event) for number, event in enumerate(event for claim in claims for event in claim.events)]
        prepared = await self._bookkeeper.prepare(source_id, indexed, now=now)
        refused: dict[int, Exception] = {}
        if prepared.rejected:
            owners = [(claim, index) for claim in claims for index in range(len(claim.events))]
            for number, why in prepared.rejected:
                claim, index = owners[number]
                if claim.hold.is_lease:
                    claim.rejected.append((index, why))
                else:
                    refused[claim.place] = Unreadable(f"The usage cannot be booked: {why}. The hold stays.")
        return Ready([claim for claim in claims if claim.place not in refused], prepared), refused

    async def book(self, tx: Transaction, ready: Ready, held: dict[str, Hold]) -> Settlements:
        """Record the events and close the holds; `held` are these holds, locked, and are brought up to date.

        The counters' change is gathered, not yet written.
        """
        costs, seen = ready.prepared.costs, set[str]()
        if costs:
            receipt = await self._bookkeeper.book(tx, ready.prepared)
            if receipt.known_ids:
                # What was recorded first counts, at the price it had then.
                costs |= await tx.guard.costs(ready.prepared.source_id, sorted(receipt.known_ids))
                seen |= receipt.known_ids
        await self._memory.load_learned(tx, {claim.hold.workload_id for claim in ready.claims})
        done = Settlements()
        closed: dict[str, tuple[str, int, int]] = {}
        for claim in ready.claims:
            # One that was forgotten since it was made has long been settled; its usage is recorded all the same.
            hold = held.get(claim.hold.id) or msgspec.structs.replace(claim.hold, state=SETTLED)
            settled, extra = self._account(claim, hold, costs, seen)
            done.answers[claim.place] = settled
            key = (hold.workload_id, hold.cycle)
            if hold.state == OPEN:
                tx.guard.change(key, held=-hold.held_nanos, charged=extra)
            else:
                tx.guard.change(key, charged=extra - (hold.charged_nanos if hold.state == EXPIRED else 0))
            if hold.state != SETTLED:
                self._learn(claim, hold, settled.charged_nanos, done.learned)
                closed[hold.id] = (hold.id, SETTLED, settled.charged_nanos)
                held[hold.id] = msgspec.structs.replace(hold, state=SETTLED, charged_nanos=settled.charged_nanos)
        await tx.guard.close(list(closed.values()))
        await tx.guard.save_learned(self._memory.worth_saving(done.learned))
        return done

    def _account(
        self, claim: Claim, hold: Hold, costs: Mapping[str, int | None], seen: set[str]
    ) -> tuple[Settled, int]:
        """What a claim comes to, and how much of it has no place in the books because no price is known. Marks its events as seen."""
        charged = extra = recorded = duplicates = 0
        for event in claim.events:
            if event.id not in costs:
                continue  # refused
            is_new = event.id not in seen
            seen.add(event.id)
            recorded, duplicates = recorded + is_new, duplicates + (not is_new)
            cost = costs[event.id]
            if cost is None:
                cost = self._ceiling.cost(event.classes(), event.requests) if self._ceiling else hold.held_nanos
                extra += cost if is_new or hold.state != SETTLED else 0
            charged += cost
        returned = max(0, hold.held_nanos - charged) if hold.state == OPEN else 0
        return Settled(charged, returned, recorded, duplicates, tuple(sorted(claim.rejected))), extra

    def _learn(self, claim: Claim, hold: Hold, charged: int, learned: dict[LearnedKey, Learned]) -> None:
        """From single requests only: an aggregate or a lease says nothing about one."""
        if hold.is_lease or len(claim.events) != 1 or claim.events[0].requests != 1:
            return
        event = claim.events[0]
        if not event.output_tokens and not event.input_tokens:
            return  # a request that failed
        worst: int | None = hold.worst_nanos
        if not hold.is_output_stated:
            rate = self._memory.rate(hold.provider, hold.model, "standard", claim.order.now) or self._ceiling
            asked = TokenClasses(input_uncached=hold.input_tokens)
            worst = worst_cost(rate, asked, event.output_tokens) if rate else None
        key = (hold.workload_id, hold.provider.lower(), hold.model)
        learned[key] = (learned.get(key) or self._memory.learned_of(key)).with_request(
            output_tokens=event.output_tokens,
            was_cut_off=not hold.is_output_stated and event.output_tokens >= hold.max_output_tokens,
            overrun=overrun_of(worst, charged) if worst is not None else None,
        )
