"""Apply the rules of now to usage that was recorded before them: first the exact sums, then the audited move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.errors import OutOfRange
from core.moves import Move, Shift, moves, shifts
from core.people import Actor
from core.period import Cycle
from core.services.rule_book import RuleBook, require_rights, rule_book
from core.store.columns import micros
from core.store.projections import rebuild
from core.store.unit_of_work import Transaction, UnitOfWork
from core.usage import CLOCK_SLACK
from core.workload import Rule, make_rule

PERIODS: Final = (1, 3)
"""How many months a re-attribution reaches back, the current one included."""
_PART: Final = 5_000
"""Series moved by one statement; both engines take some 32,000 values in one."""


@dataclass(frozen=True, slots=True)
class Reattribution:
    """What moves, or has moved, when usage from the first of `since` on is looked at again."""

    rule: Rule
    since: Cycle
    shifts: tuple[Shift, ...]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.shifts)

    @property
    def nanos(self) -> int:
        return sum(one.nanos for one in self.shifts)


def cycle_back(now_cycle: Cycle, months: int) -> Cycle:
    """The first of `months` cycles that end with the current one. Raises OutOfRange for anything but 1 to 12."""
    if not 1 <= months <= 12:
        raise OutOfRange("A re-attribution reaches back 1 to 12 months.")
    first = now_cycle
    for _ in range(months - 1):
        first = first.previous
    return first


async def preview_reattribution(uow: UnitOfWork, pairs: dict[str, str], *, now: datetime) -> tuple[Reattribution, ...]:
    """What would move of the usage that these conditions match, per period of `PERIODS`. Changes nothing."""
    rule = make_rule(pairs)
    async with uow.read() as tx:
        book = await rule_book(tx)
        found = []
        for months in PERIODS:
            since = cycle_back(Cycle.of(now, uow.zone), months)
            planned = await plan(tx, book, rule, since=since, now=now)
            found.append(Reattribution(rule, since, shifts(planned, book.names)))
    return tuple(found)


async def reattribute(
    uow: UnitOfWork, pairs: dict[str, str], *, months: int, by: Actor, now: datetime
) -> Reattribution:
    """Move usage that these conditions match to where the rules give it now, from any workload; the audit says so.

    Raises NotAllowed where somebody else answers for one of the workloads, OutOfRange, UnknownName.
    """
    rule = make_rule(pairs)
    since = cycle_back(Cycle.of(now, uow.zone), months)
    async with uow.write() as tx:
        # In the order that all keep: the chain of the audit, then the books, so that nothing is recorded meanwhile.
        await tx.audit.hold()
        await tx.meta.next_version()
        book = await rule_book(tx)
        planned = await plan(tx, book, rule, since=since, now=now)
        await require_rights(tx, book, {number for move in planned for number in (move.source, move.target)}, by)
        await carry_out(tx, planned, since=since, now=now)
        moved = shifts(planned, book.names)
        await write_down(tx, rule, moved, since=since, by=by, now=now)
    return Reattribution(rule, since, moved)


async def plan(
    tx: Transaction, book: RuleBook, rule: Rule, *, since: Cycle, now: datetime, only_from: int | None = None
) -> tuple[Move, ...]:
    """The moves of usage that `rule`'s conditions match, whichever rule decides on it."""
    attribution = book.attribution
    rows = await tx.spend.by_series(since.first_on, _latest(now).astimezone(tx.zone).date())
    return moves(
        rows, book.labels, attribution, concerns=lambda labels: attribution.matches(rule, labels), only_from=only_from
    )


async def carry_out(tx: Transaction, planned: Sequence[Move], *, since: Cycle, now: datetime) -> None:
    """Move usage in the journal and in both projections."""
    starts = since.starts_at(tx.zone)
    ways: dict[tuple[int, int], list[int]] = {}
    for move in planned:
        ways.setdefault((move.source, move.target), []).append(move.series_id)
    for (source, target), series in sorted(ways.items()):
        for start in range(0, len(series), _PART):
            await tx.journal.move(
                series[start : start + _PART], from_workload=source, to_workload=target,
                since_micros=micros(starts), until_micros=micros(_latest(now)),
            )  # fmt: skip
    moved = sorted({move.series_id for move in planned})
    for start in range(0, len(moved), _PART):
        await rebuild(tx.connection, tx.zone, series_ids=moved[start : start + _PART], since=starts)


async def write_down(
    tx: Transaction, rule: Rule, moved: Sequence[Shift], *, since: Cycle, by: Actor, now: datetime
) -> None:
    """One entry per pair of workloads, under the one that gained; none where nothing moved."""
    for one in moved:
        detail: dict[str, object] = {
            "rule": str(rule), "requests": one.requests, "nanos": one.nanos, "from": one.source, "since": str(since),
        }  # fmt: skip
        await tx.audit.append(at=now, actor=by.id, act="re-attributed usage", subject=one.target, detail=detail)


def _latest(now: datetime) -> datetime:
    """Later than any event can be that is in the books now."""
    return now + 2 * CLOCK_SLACK
