"""The month turn: an ended cycle is turned, frozen after its days of grace, and from then on changed by adjustments only.

Every step is decided by a row that only one process can write, so any number of replicas may try, as often as they like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.close import (
    MOST_BEHIND,
    Adjustment,
    Because,
    CloseTerms,
    CycleClosing,
    Figure,
    FrozenLine,
    Place,
    completed,
    moved,
    reasons,
    sums,
    to_turn,
    unspent,
)
from core.envelope import Entry, EntryKind
from core.money import usd
from core.period import Cycle
from core.store.unit_of_work import Transaction, UnitOfWork

OUTLAY: Final = "outlay"
"""Who did what nobody ordered: an actor in the audit log and the author of entries."""


async def turn_months(uow: UnitOfWork, terms: CloseTerms, *, now: datetime) -> tuple[CycleClosing, ...]:
    """Turn every cycle that is over; those that this call turned, oldest first. Envelopes keep their size into the next one."""
    async with uow.read() as tx:
        last = await tx.closings.latest()
    turned = []
    for cycle in to_turn(now, uow.zone, last.cycle if last else None):
        closing = CycleClosing(cycle, cycle.ends_at(uow.zone), terms.frozen_from(cycle, uow.zone), now)
        async with uow.write() as tx:
            if await tx.closings.turn(closing):
                await tx.audit.append(
                    at=now, actor=OUTLAY, act="turned the month", subject=str(cycle),
                    detail={"frozen_from": closing.frozen_from.isoformat()},
                )  # fmt: skip
                turned.append(closing)
    return tuple(turned)


async def freeze_months(uow: UnitOfWork, terms: CloseTerms, *, now: datetime) -> tuple[Cycle, ...]:
    """Freeze the estimate of every turned cycle whose grace is over; those that this call froze, oldest first."""
    async with uow.read() as tx:
        due = [closing for closing in await tx.closings.recent(MOST_BEHIND + 1) if closing.is_due(now)]
    frozen = []
    for closing in due:
        cycle = closing.cycle
        async with uow.read() as tx:
            # Outside the write: a month's journal takes seconds to read, and usage has to be recorded meanwhile. What comes
            # between the two is an adjustment.
            lines = await tx.closings.to_freeze(cycle.starts_at(uow.zone), closing.ended_at)
            lines = completed(lines, await tx.closings.live(cycle))
        async with uow.write() as tx:
            if not await tx.closings.freeze(cycle, lines, at=now):
                continue
            total = sum(line.nanos for line in lines)
            await tx.audit.append(
                at=now, actor=OUTLAY, act="froze the estimate", subject=str(cycle),
                detail={"usd": usd(total), "nanos": total, "rates": len({line.rate_id for line in lines})},
            )  # fmt: skip
            if terms.carries_unspent:
                await _carry(tx, closing, lines, now=now)
        frozen.append(cycle)
    return tuple(frozen)


async def _carry(tx: Transaction, closing: CycleClosing, lines: list[FrozenLine], *, now: datetime) -> None:
    """What each envelope did not use is added to the cycle that runs now, and leaves it again with that cycle."""
    into = closing.cycle.next
    spent = sums([(line.workload_id, Figure(line.nanos, line.requests)) for line in lines])
    for number in sorted(await tx.envelopes.all()):
        envelope = await tx.envelopes.of(number, lock=True)
        assert envelope is not None
        left = unspent(envelope.lasting(closing.cycle), spent.get(number, Figure(0, 0)).nanos)
        if left:
            carried = Entry(into, EntryKind.CARRIED, left, OUTLAY, now)
            ends = Entry(into.next, EntryKind.REVERTED, -left, OUTLAY, now)
            await tx.envelopes.enter(number, carried, ends, revision=envelope.revision + 1)
            await tx.audit.append(
                at=now, actor=OUTLAY, act="carried what was left", subject=envelope.workload,
                detail={"usd": usd(left), "nanos": left, "from": str(closing.cycle), "into": str(into)},
            )  # fmt: skip


async def adjust_months(uow: UnitOfWork, *, now: datetime) -> tuple[Adjustment, ...]:
    """Book what changed frozen months since they were last looked at; what this call booked."""
    async with uow.read() as tx:
        frozen = [closing.cycle for closing in await tx.closings.recent(MOST_BEHIND + 1) if closing.frozen_at]
    booked: list[Adjustment] = []
    for cycle in frozen:
        async with uow.read() as tx:
            if not await _moved(tx, cycle):
                continue
        async with uow.write() as tx:
            # Read again under the lock: two replicas must not book the same difference twice.
            await tx.closings.of(cycle, lock=True)
            differences = await _moved(tx, cycle)
            why = reasons(differences)
            found = [
                adjustment(cycle, place, figure, why[place], uow=uow, by=OUTLAY, now=now)
                for place, figure in differences.items()
            ]
            await record_adjustments(tx, found, now=now)
        booked += found
    return tuple(booked)


def adjustment(
    cycle: Cycle, place: Place, figure: Figure, because: Because, *, uow: UnitOfWork, by: str, now: datetime
) -> Adjustment:
    """An adjustment of today, in the books' zone."""
    return Adjustment(cycle, place, figure, because, now.astimezone(uow.zone).date(), now, by)


async def record_adjustments(tx: Transaction, adjustments: list[Adjustment], *, now: datetime) -> None:
    """Keep adjustments of one frozen cycle and put their sum into the audit log.

    For whoever changes a frozen month knowingly (repricing, re-attribution): in the transaction of that change, so that it
    has its true reason and is not found later as late usage.
    """
    if not adjustments:
        return
    await tx.closings.adjust(adjustments)
    total = sum(one.figure.nanos for one in adjustments)
    await tx.audit.append(
        at=now, actor=adjustments[0].by, act="adjusted a closed month", subject=str(adjustments[0].cycle),
        detail={"usd": usd(total), "nanos": total, "because": sorted({one.because.value for one in adjustments})},
    )  # fmt: skip


async def _moved(tx: Transaction, cycle: Cycle) -> Mapping[Place, Figure]:
    parts = [(line.place, Figure(line.nanos, line.requests)) for line in await tx.closings.frozen(cycle)]
    parts += [(one.place, one.figure) for one in await tx.closings.adjustments(cycle)]
    return moved(sums(parts), await tx.closings.live(cycle))


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A closed month: the frozen estimate stays as it was, adjustments stand beside it. Nanos.

    Attributes:
      closing: None while the month runs; then `estimate_nanos` is what the books say so far.
      by_provider: estimate by provider as it was frozen (or is so far), most first.
    """

    cycle: Cycle
    closing: CycleClosing | None
    estimate_nanos: int
    adjustments: tuple[Adjustment, ...]
    by_provider: tuple[tuple[str, int], ...]

    @property
    def adjusted_nanos(self) -> int:
        """Estimate and adjustments together: what the books say."""
        return self.estimate_nanos + sum(one.figure.nanos for one in self.adjustments)


async def month_figures(tx: Transaction, cycle: Cycle) -> MonthFigures:
    """Where a month's estimate stands."""
    closing = await tx.closings.of(cycle)
    if closing is not None and closing.frozen_at is not None:
        parts = [(line.provider, Figure(line.nanos, line.requests)) for line in await tx.closings.frozen(cycle)]
        adjustments = tuple(await tx.closings.adjustments(cycle))
    else:
        parts = [(place.provider, figure) for place, figure in (await tx.closings.live(cycle)).items()]
        adjustments = ()
    by_provider = sorted(
        ((name, figure.nanos) for name, figure in sums(parts).items()), key=lambda one: (-one[1], one[0])
    )
    return MonthFigures(cycle, closing, sum(nanos for _, nanos in by_provider), adjustments, tuple(by_provider))
