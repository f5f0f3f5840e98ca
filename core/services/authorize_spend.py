"""Authorize spend before it happens, settle it after: holds, leases and their expiry, grouped into few transactions.

What is asked while a transaction runs shares the next one. An answer leaves only after its commit, so a process that dies
has promised nothing that the books do not know. All processes draw on one counter row per envelope and cycle.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from core.errors import BudgetError, OutOfRange, Overloaded, UnknownName
from core.guard import Used
from core.period import Cycle
from core.rates import Rate
from core.services.alert_signals import AlertSignals
from core.services.expire_holds import MAX_CLOSED, close_holds
from core.services.grant_holds import Draw, Granter
from core.services.group_commits import GroupCommit
from core.services.guard_memory import GuardMemory
from core.services.guard_orders import (
    MAX_HOLD_SECONDS,
    Answered,
    Authorization,
    Done,
    Leased,
    LeaseOrder,
    Order,
    Policy,
    Settled,
    Settlement,
)
from core.services.record_usage import Bookkeeper
from core.services.settle_holds import Claim, Settler
from core.services.waiting_room import WaitingRoom
from core.store.guard_rows import CounterKey
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 2
_POLL_SECONDS: Final = 0.5
_ATTEMPTS: Final = 8
_RETRIED_SQLSTATES: Final = ("40001", "40P01")
"""Two processes met on PostgreSQL: a serialization failure or a deadlock."""

Result = TypeVar("Result")
Answer = TypeVar("Answer", bound=Done)


class Guard:
    """The guard of one process."""

    def __init__(
        self,
        uow: UnitOfWork,
        bookkeeper: Bookkeeper,
        policy: Policy | None = None,
        *,
        signals: AlertSignals | None = None,
    ) -> None:
        """`signals` hears of requests that were refused because an envelope is used up."""
        self._uow = uow
        self._signals = signals
        self._bookkeeper = bookkeeper
        policy = policy or Policy()
        self._memory = GuardMemory(uow, policy)
        self._granter = Granter(self._memory, policy)
        self._settler = Settler(self._memory, bookkeeper, policy)
        self._group: GroupCommit[Order, Done] = GroupCommit(self._carry_out)
        self._room = WaitingRoom()

    async def authorize(
        self, source_id: int, what: Authorization, *, now: datetime, wait_seconds: float = 0.0
    ) -> Answered:
        """Answer a request; with `wait_seconds`, wait that long for money that others only hold before denying.

        Raises UnknownName for the workload, OutOfRange for counts that cannot be, Overloaded.
        """
        clock = asyncio.get_running_loop().time
        ends = clock() + wait_seconds
        while True:
            answer = await self._submit(Order(source_id, what, now), Answered)
            left = ends - clock()
            if self._signals is not None and _is_used_up(answer):
                self._signals.refuse(answer.workload_id)
            if answer.retry_seconds is None or answer.is_throttled or left <= 0:
                return answer
            if not await self._room.wait(answer.workload_id, answer.need_nanos, min(left, _POLL_SECONDS)):
                return answer

    async def lease(self, source_id: int, what: LeaseOrder, *, now: datetime) -> Leased:
        """Set money aside for a while; less than asked for when less is left. Raises UnknownName, OutOfRange, Overloaded."""
        if not 0 < what.seconds <= MAX_HOLD_SECONDS or what.nanos <= 0:
            raise OutOfRange(f"A lease takes more than $0 for 1 to {MAX_HOLD_SECONDS:,} seconds.")
        return await self._submit(Order(source_id, what, now), Leased)

    async def settle(self, source_id: int, what: Settlement, *, now: datetime) -> Settled:
        """Record what a hold or a lease was used for and give back the rest.

        Raises UnknownName for a hold that this source does not have, Unreadable for usage that cannot be booked, Overloaded.
        """
        return await self._submit(Order(source_id, what, now), Settled)

    async def rate(self, provider: str, model: str, *, now: datetime) -> Rate | None:
        """The price that a lessee has to reckon with, or None where such models are denied."""
        await self._memory.use(*await self._bookkeeper.rules())
        offer = self._memory.offer(0, provider, model, "standard", now)
        return offer.rate if offer else None

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Close what has expired, again and again, until cancelled."""
        while True:
            try:
                while await self.sweep(clock()) >= MAX_CLOSED:
                    pass
            except (SQLAlchemyError, BudgetError, OSError):
                log.exception("guard_sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, now: datetime) -> int:
        """Close what has expired (see `close_holds`), and save what was learned; how many holds were closed."""
        if unsaved := self._memory.take_unsaved():
            async with self._uow.write_briefly() as tx:
                await tx.guard.save_learned(unsaved)
        closed, used = await self._retried(lambda is_first: close_holds(self._uow, now=now))
        self._tell(used)
        return closed

    async def finish(self) -> None:
        """Wait for what was taken on."""
        await self._group.finish()

    async def _submit(self, order: Order, kind: type[Answer]) -> Answer:
        done = await self._group.submit(order)
        assert isinstance(done, kind)
        return done

    async def _carry_out(self, orders: Sequence[Order]) -> Sequence[Done | Exception]:
        results: dict[int, Done | Exception] = {}
        for part in self._parts(orders):
            results |= await self._retried(partial(self._transact, part))
        return [results[place] for place in range(len(orders))]

    def _parts(self, orders: Sequence[Order]) -> list[list[tuple[int, Order]]]:
        """What shares a transaction. Several writers lock journal rows in one order only within one source."""
        placed = list(enumerate(orders))
        if self._uow.is_sqlite:
            return [placed]
        by_source: dict[int, list[tuple[int, Order]]] = defaultdict(list)
        draws = [item for item in placed if not isinstance(item[1].what, Settlement)]
        for item in placed:
            if isinstance(item[1].what, Settlement):
                by_source[item[1].source_id].append(item)
        parts = list(by_source.values()) or [[]]
        parts[-1] = [*parts[-1], *draws]
        return parts

    async def _transact(self, orders: Sequence[tuple[int, Order]], *, is_first: bool) -> dict[int, Done | Exception]:
        """One transaction: settlements first, because they free what requests beside them may need.

        Args:
          is_first: take request ids for new; one that is known then breaks the transaction, which is done again with care.
        """
        now = max(order.now for _, order in orders)
        cycle = Cycle.of(now, self._uow.zone)
        while True:
            version, attribution, prices = await self._bookkeeper.rules()
            await self._memory.use(version, attribution, prices)
            results: dict[int, Done | Exception] = {}
            claims = await self._claims(orders, results)
            draws = self._draws(orders, results)
            ready = []
            for source_claims in claims.values():
                laid, refused = await self._settler.prepare(source_claims[0].order.source_id, source_claims, now)
                ready.append(laid)
                results |= refused
            async with self._uow.write_briefly() as tx:
                # What is recorded must fit the rules until the commit; a decision alone may be older than a change by a moment.
                present = await (tx.meta.held_version() if ready else tx.meta.version())
                if present == version and all(part.prepared.version == version for part in ready):
                    held = (
                        await tx.guard.holds({c.hold.id for part in ready for c in part.claims}, lock=True)
                        if ready
                        else {}
                    )
                    settled = [await self._settler.book(tx, part, held) for part in ready]
                    for draw in draws:
                        tx.guard.change((draw.workload_id, str(cycle)))
                    used = await tx.guard.counters()
                    await self._memory.load_learned(tx, {draw.workload_id for draw in draws})
                    for part in settled:
                        self._memory.learn(part.learned)
                    grants = await self._granter.grant(tx, draws, cycle, used, asks_first=not is_first)
                    break
            self._bookkeeper.forget()
        self._memory.keep(grants.holds)
        self._tell(used)
        for part in settled:
            results |= part.answers
        return results | dict(grants.answers)

    async def _claims(
        self, orders: Sequence[tuple[int, Order]], results: dict[int, Done | Exception]
    ) -> dict[int, list[Claim]]:
        """The settlements by source, each with its hold; refusals go into `results`."""
        wanted = {order.what.hold_id for _, order in orders if isinstance(order.what, Settlement)}
        holds = await self._memory.holds(wanted) if wanted else {}
        claims: dict[int, list[Claim]] = defaultdict(list)
        for place, order in orders:
            if not isinstance(order.what, Settlement):
                continue
            hold = holds.get(order.what.hold_id)
            kind = "lease" if order.what.is_lease else "hold"
            if hold is None or hold.source_id != order.source_id or hold.is_lease != order.what.is_lease:
                results[place] = UnknownName(f"There is no {kind} {order.what.hold_id[:60]} of this token.")
                continue
            try:
                claim = self._settler.claim(place, order, hold)
            except BudgetError as refused:
                results[place] = refused
            else:
                claims[order.source_id].append(claim)
        return claims

    def _draws(self, orders: Sequence[tuple[int, Order]], results: dict[int, Done | Exception]) -> list[Draw]:
        draws = []
        for place, order in orders:
            what = order.what
            try:
                if isinstance(what, Authorization):
                    draws.append(Draw(place, order, self._memory.workload_of(what)))
                elif isinstance(what, LeaseOrder):
                    draws.append(Draw(place, order, self._memory.id_of(what.workload)))
            except BudgetError as refused:
                results[place] = refused
        return draws

    async def _retried(self, act: Callable[..., Awaitable[Result]]) -> Result:
        """Run a transaction again when it met another one or a request id that is known. Raises Overloaded when it stays so."""
        for attempt in range(_ATTEMPTS):
            try:
                return await act(is_first=attempt == 0)
            except IntegrityError:
                continue
            except OperationalError as locked:
                if "locked" not in str(locked.orig):
                    raise
                break
            except DBAPIError as failed:
                if getattr(failed.orig, "sqlstate", None) not in _RETRIED_SQLSTATES:
                    raise
                await asyncio.sleep(0.005 * 2**attempt)
        raise Overloaded("The guard's books are busy; ask again in a moment.")

    def _tell(self, used: Mapping[CounterKey, Used]) -> None:
        """Wake who waits for money of these envelopes."""
        for (workload_id, _), now_used in used.items():
            self._room.tell(workload_id, self._memory.limit_of(workload_id), now_used)


def _is_used_up(answer: Answered) -> bool:
    """Whether it was refused for want of money, and not only because that is held for others or a throttle is busy."""
    return answer.hold_id is None and answer.retry_seconds is None and answer.need_nanos > 0
