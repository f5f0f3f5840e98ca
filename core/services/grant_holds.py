"""Deciding in a transaction: which requests of a group get a hold, which leases are granted, in the order they came."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.errors import BudgetError, OutOfRange
from core.guard import Answer, Offer, Posture, Used, Verdict, decide, in_turn
from core.money import usd
from core.period import Cycle
from core.services.guard_memory import GuardMemory
from core.services.guard_orders import (
    RETRY_SECONDS,
    Answered,
    Authorization,
    Leased,
    LeaseOrder,
    Order,
    Policy,
    expiry,
)
from core.store.columns import instant, micros
from core.store.guard_rows import CounterKey, Hold
from core.store.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class Draw:
    """An order that draws on an envelope: its place in the group, and the envelope's workload."""

    place: int
    order: Order
    workload_id: int

    @property
    def request_id(self) -> str | None:
        what = self.order.what
        return what.request_id if isinstance(what, Authorization | LeaseOrder) else None


@dataclass(slots=True)
class Grants:
    """What was decided: answers by place, and the holds to store."""

    answers: dict[int, Answered | Leased | Exception] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)


@dataclass(slots=True)
class Turns:
    """The turns of throttled workloads that were asked for in one transaction: (minute, taken) by workload."""

    taken: dict[int, tuple[int, int]] = field(default_factory=dict)

    async def of(self, tx: Transaction, draw: Draw) -> int:
        """Requests let through in this minute, those of this transaction included."""
        minute = int(draw.order.now.timestamp()) // 60
        known = self.taken.get(draw.workload_id)
        if known is None or known[0] != minute:
            known = (minute, await tx.turns.taken(draw.workload_id, minute))
            self.taken[draw.workload_id] = known
        return known[1]

    def take(self, draw: Draw) -> None:
        minute, taken = self.taken[draw.workload_id]
        self.taken[draw.workload_id] = (minute, taken + 1)

    async def save(self, tx: Transaction) -> None:
        for workload_id, (minute, taken) in sorted(self.taken.items()):
            await tx.turns.save(workload_id, minute, taken)


class Granter:
    def __init__(self, memory: GuardMemory, policy: Policy) -> None:
        self._memory = memory
        self._policy = policy

    async def grant(
        self,
        tx: Transaction,
        draws: Sequence[Draw],
        cycle: Cycle,
        used: Mapping[CounterKey, Used],
        *,
        asks_first: bool,
    ) -> Grants:
        """Decide one after the other; the counters are locked, and each sees what the one before it took.

        What is granted is stored, and the counters' change is written before this returns.

        Args:
          asks_first: look whether requests were let through before; without it, one that was and is again raises IntegrityError.
        """
        grants = Grants()
        if not draws:
            return grants
        before = await self._asked_before(tx, draws) if asks_first else {}
        postures = await self._memory.postures(tx, (draw.workload_id for draw in draws), cycle)
        now_used = {draw.workload_id: used[draw.workload_id, str(cycle)] for draw in draws}
        granted: set[int] = set()
        turns = Turns()
        for draw in draws:
            key = (draw.order.source_id, draw.request_id or "")
            if known := before.get(key):
                grants.answers[draw.place] = _again(known, draw.order)
                granted.add(draw.place)
                continue
            posture, left = postures[draw.workload_id], now_used[draw.workload_id]
            try:
                answer, hold = await self._decided(tx, draw, posture, left, cycle, turns)
            except BudgetError as refused:
                grants.answers[draw.place] = refused
                continue
            grants.answers[draw.place] = answer
            if hold:
                granted.add(draw.place)
                grants.holds.append(hold)
                before[hold.source_id, hold.request_id] = hold
                now_used[draw.workload_id] = left.holding(hold.held_nanos)
        if not asks_first and (denied := [draw for draw in draws if draw.place not in granted]):
            # That the money is gone is no answer to a request that had its yes before.
            before |= await self._asked_before(tx, denied)
            for draw in denied:
                if known := before.get((draw.order.source_id, draw.request_id or "")):
                    grants.answers[draw.place] = _again(known, draw.order)
        await tx.guard.add(grants.holds)
        await turns.save(tx)
        return grants

    async def _decided(
        self, tx: Transaction, draw: Draw, posture: Posture, used: Used, cycle: Cycle, turns: Turns
    ) -> tuple[Answered | Leased, Hold | None]:
        """The answer, and the hold to store if it is a yes. Raises OutOfRange for a cost that cannot be."""
        if isinstance(draw.order.what, LeaseOrder):
            return self._lease(draw, posture, used, cycle)
        verdict, what = self._verdict(draw, posture, used), draw.order.what
        assert isinstance(what, Authorization)
        if verdict.takes_turn:
            verdict, wait = in_turn(posture, verdict, await turns.of(tx, draw), draw.order.now)
            if wait is not None:
                return replace(_denial(verdict, what, draw.workload_id), retry_seconds=wait, is_throttled=True), None
            turns.take(draw)
        if verdict.size is None or verdict.offer is None:
            return _denial(verdict, what, draw.workload_id), None
        hold = self._hold(draw, what, verdict, verdict.offer, cycle)
        return _again_answered(hold), hold

    async def _asked_before(self, tx: Transaction, draws: Sequence[Draw]) -> dict[tuple[int, str], Hold]:
        ids: dict[int, list[str]] = defaultdict(list)
        for draw in draws:
            if draw.request_id:
                ids[draw.order.source_id].append(draw.request_id)
        return {
            (source_id, request_id): hold
            for source_id, wanted in ids.items()
            for request_id, hold in (await tx.guard.asked_before(source_id, wanted)).items()
        }

    def _verdict(self, draw: Draw, posture: Posture, used: Used) -> Verdict:
        order, what = draw.order, draw.order.what
        assert isinstance(what, Authorization)
        asked = self._memory.offer(draw.workload_id, what.provider, what.model, what.tier, order.now)
        fallback = (
            self._memory.fallback(draw.workload_id, what, posture.fallback, order.now) if posture.fallback else None
        )
        return decide(what.ask, posture, used, asked, fallback)

    def _hold(self, draw: Draw, what: Authorization, verdict: Verdict, offer: Offer, cycle: Cycle) -> Hold:
        assert verdict.size is not None
        now = draw.order.now
        return Hold(
            id=f"h-{secrets.token_hex(12)}", source_id=draw.order.source_id, request_id=what.request_id,
            workload_id=draw.workload_id, cycle=str(cycle), is_lease=False, provider=offer.provider, model=verdict.model,
            decision=verdict.answer.value, reason=verdict.reason, held_nanos=verdict.size.held_nanos,
            worst_nanos=verdict.size.worst_nanos, remaining_nanos=verdict.left_nanos, input_tokens=what.ask.input.input_total,
            max_output_tokens=verdict.size.max_output_tokens, is_output_stated=what.ask.max_output_tokens is not None,
            created_at=micros(now), expires_at=micros(expiry(now, what.seconds or self._policy.hold_seconds)),
        )  # fmt: skip

    def _lease(self, draw: Draw, posture: Posture, used: Used, cycle: Cycle) -> tuple[Leased, Hold | None]:
        what, now = draw.order.what, draw.order.now
        assert isinstance(what, LeaseOrder)
        # Who spends a lease asks for no model: past the hard threshold each request has to be asked for.
        left = used.left_of(posture.limit_nanos if posture.hard_nanos is None else posture.hard_nanos)
        granted = what.nanos if left is None else max(0, min(what.nanos, left))
        ends = expiry(now, what.seconds)
        if posture.is_stopped or posture.is_degraded or granted == 0:
            why = _why_not_leased(posture)
            return Leased(None, 0, left, ends, f"{posture.workload} {why}."), None
        number = f"l-{secrets.token_hex(12)}"
        after = None if left is None else left - granted
        reason = "within envelope" if granted == what.nanos else f"all that {posture.workload} has left"
        hold = Hold(
            id=number, source_id=draw.order.source_id, request_id=what.request_id or number, workload_id=draw.workload_id,
            cycle=str(cycle), is_lease=True, provider="", model="", decision=Answer.ALLOW.value, reason=reason,
            held_nanos=granted, worst_nanos=granted, remaining_nanos=after, input_tokens=0, max_output_tokens=0,
            is_output_stated=True, created_at=micros(now), expires_at=micros(ends),
        )  # fmt: skip
        return _again_leased(hold), hold


def _why_not_leased(posture: Posture) -> str:
    if posture.is_stopped:
        return "was stopped by its sponsor"
    if posture.is_degraded or posture.hard_nanos is not None:
        return "is past its hard threshold and degraded, so that each request has to be authorized"
    return f"has nothing left to lease of {usd(posture.limit_nanos or 0)}"


def _again(hold: Hold, order: Order) -> Answered | Leased | Exception:
    """The answer that was given when this hold was made; a refusal when the id was used for something else."""
    if hold.is_lease != isinstance(order.what, LeaseOrder):
        kind = "a lease" if hold.is_lease else "a request"
        return OutOfRange(f"request_id {hold.request_id[:80]} was used for {kind} before. Take another one.")
    return _again_leased(hold) if isinstance(order.what, LeaseOrder) else _again_answered(hold)


def _again_answered(hold: Hold) -> Answered:
    return Answered(
        Answer(hold.decision), hold.model, hold.max_output_tokens, hold.id, hold.held_nanos, hold.remaining_nanos,
        instant(hold.expires_at), hold.reason, workload_id=hold.workload_id,
    )  # fmt: skip


def _again_leased(hold: Hold) -> Leased:
    return Leased(hold.id, hold.held_nanos, hold.remaining_nanos, instant(hold.expires_at), hold.reason)


def _denial(verdict: Verdict, what: Authorization, workload_id: int) -> Answered:
    return Answered(
        Answer.DENY, what.model, what.ask.max_output_tokens, None, 0, verdict.left_nanos, None, verdict.reason,
        RETRY_SECONDS if verdict.is_held else None, verdict.need_nanos, workload_id,
    )  # fmt: skip
