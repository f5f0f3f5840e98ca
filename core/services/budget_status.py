"""Read where the budget stands: all workloads, one of them, or a breakdown. A handful of statements, whatever the size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from core.degradation import CALM, Stance
from core.envelope import Envelope, state_of
from core.period import Cycle
from core.services.names import resolve
from core.services.report_dry_run import dry_run
from core.standing import Breakdown, Detail, Freshness, MonthEnd, Overview, Slice, WorkloadStanding, run_rate
from core.store.forecast_rows import Foretold
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction, UnitOfWork
from core.unattributed import WEEKS, weeks_of
from core.usage import CLASS_NAMES
from core.workload import UNATTRIBUTED_ID

_CHARTED_SLICES = 8


async def overview(uow: UnitOfWork, *, now: datetime, cycle: Cycle | None = None) -> Overview:
    """Every workload that has usage or an envelope in the cycle (the current one by default), most spend first."""
    cycle, today = cycle or Cycle.of(now, uow.zone), now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on, last_day=today)
        envelopes = await tx.envelopes.all()
        workloads = await tx.workloads.owners()
        pending = {request.workload_id: request.proposed.nanos for request in await tx.requests.pending()}
        models = (
            await tx.spend.unpriced_models(cycle.first_on, cycle.last_on)
            if any(s.unpriced_requests for s in spent.values())
            else []
        )
        latest = await tx.spend.latest_at()
        foretold = await tx.forecasts.latest(cycle)
        stances = await tx.postures.all(cycle)
    elapsed = cycle.share_elapsed(now, uow.zone)
    lines = [
        replace(
            _line(
                workloads[number][0],
                used := spent.get(number, Spent()),
                envelopes.get(number),
                cycle,
                _straight(cycle, today, used.cost_nanos - used.last_day_nanos),
                pending.get(number),
                workloads[number][1],
                stances.get(number, CALM),
            ),
            forecast=month_end(foretold[number]) if number in foretold else None,
        )
        for number in spent.keys() | envelopes.keys()
        if number in workloads
    ]
    lines.sort(key=lambda line: (-line.spent_nanos, line.workload))
    unpriced = sum(line.unpriced_requests for line in lines)
    return Overview(cycle, elapsed, tuple(lines), Freshness(now, latest, unpriced, tuple(model for model, _ in models)))


async def detail(uow: UnitOfWork, workload: str, *, now: datetime) -> Detail:
    """One workload in the current cycle. Raises UnknownName with the nearest known name."""
    cycle = Cycle.of(now, uow.zone)
    today = now.astimezone(uow.zone).date()
    before = cycle.previous
    async with uow.read() as tx:
        number, name = await resolve(tx, workload, command="/budget status")
        envelope = await tx.envelopes.of(number)
        spent = (await tx.spend.by_workload(cycle.first_on, cycle.last_on)).get(number, Spent())
        by_day = await tx.spend.by_day(number, before.first_on, cycle.last_on)
        models = await tx.spend.by_label("model", cycle.first_on, cycle.last_on, workload_id=number)
        classes = await tx.spend.classes(number, cycle.first_on, cycle.last_on)
        pending = await tx.requests.pending(workload_id=number)
        owner = await tx.workloads.owner(number)
        freshness = await _freshness(tx, cycle, now, number)
        stance = await tx.postures.of(number, cycle)
        tried = await dry_run(tx, envelope, stance, spent_nanos=spent.cost_nanos, now=now)
    elapsed = cycle.share_elapsed(now, uow.zone)
    straight = _straight(cycle, today, spent.cost_nanos - by_day.get(today, 0))
    line = _line(name, spent, envelope, cycle, straight, pending[-1].proposed.nanos if pending else None, owner, stance)
    last_day = min(today, cycle.last_on)
    days = tuple((day, by_day.get(day, 0)) for day in _days(cycle.first_on, last_day))
    same_days = before.first_on + timedelta(days=(last_day - cycle.first_on).days)
    return Detail(
        line=line, envelope=envelope, cycle=cycle, share_elapsed=elapsed, days=days,
        previous_nanos=sum(nanos for day, nanos in by_day.items() if day < cycle.first_on),
        previous_to_date_nanos=sum(nanos for day, nanos in by_day.items() if day < cycle.first_on and day <= same_days),
        by_model=_slices(models), classes=tuple((name, classes[name]) for name in CLASS_NAMES), freshness=freshness,
        dry_run=tried,
    )  # fmt: skip


async def breakdown(uow: UnitOfWork, dimension: str, *, cycle: Cycle, now: datetime) -> Breakdown:
    """A cycle's spend by a dimension. For `workload`, what is unattributed is the slice without a label."""
    async with uow.read() as tx:
        rows = await tx.spend.by_label(dimension, cycle.first_on, cycle.last_on)
        if dimension == "workload":
            names = {str(number): name for name, number in (await tx.workloads.names()).items()}
            rows = [
                (day, None if label == "1" else names.get(label or "", label), nanos, requests)
                for day, label, nanos, requests in rows
            ]
        freshness = await _freshness(tx, cycle, now)
        last_on = min(cycle.last_on, now.astimezone(uow.zone).date())
        recent = await tx.spend.by_label(dimension, last_on - timedelta(weeks=WEEKS), last_on)
    bare = (None, str(UNATTRIBUTED_ID)) if dimension == "workload" else (None,)
    weeks = weeks_of(((day, 0 if label in bare else nanos, nanos) for day, label, nanos, _ in recent), today=last_on)
    slices = _slices(rows)
    total = sum(part.spent_nanos for part in slices)
    labelled = sum(part.spent_nanos for part in slices if part.label is not None)
    charted = {part.label for part in slices[:_CHARTED_SLICES]}
    days = tuple(
        (day, label, nanos)
        for day, label, nanos, _ in sorted(rows, key=lambda row: (row[0], row[1] or ""))
        if label in charted
    )
    return Breakdown(
        dimension,
        cycle,
        slices,
        labelled / total if total else None,
        days,
        freshness,
        tuple((week.starts_on, week.share) for week in weeks),
    )


def _line(
    name: str,
    spent: Spent,
    envelope: Envelope | None,
    cycle: Cycle,
    straight: int | None,
    pending: int | None,
    owner: str | None,
    stance: Stance,
) -> WorkloadStanding:
    size = envelope.size(cycle) if envelope else None
    return WorkloadStanding(
        workload=name, spent_nanos=spent.cost_nanos, requests=spent.requests, size_nanos=size,
        share_used=spent.cost_nanos / size if size else None,
        run_rate_nanos=straight,
        state=state_of(spent.cost_nanos, size, envelope.terms, stance) if envelope and size else None,
        owner=envelope.terms.people.owner if envelope else owner,
        unpriced_requests=spent.unpriced_requests, pending_nanos=pending,
        stance=stance,
    )  # fmt: skip


def _straight(cycle: Cycle, today: date, complete_nanos: int) -> int | None:
    days_done = (min(today, cycle.last_on + timedelta(days=1)) - cycle.first_on).days
    return run_rate(complete_nanos, days_done, cycle.days)


def month_end(told: Foretold) -> MonthEnd:
    """A kept forecast as it is shown beside spend."""
    return MonthEnd(
        told.p10_nanos, told.p50_nanos, told.p90_nanos, told.breach_probability, told.breach_on, told.as_of
    )  # fmt: skip


def _slices(rows: Sequence[tuple[date, str | None, int, int]]) -> tuple[Slice, ...]:
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for _, label, nanos, requests in rows:
        sums[label][0] += nanos
        sums[label][1] += requests
    slices = [Slice(label, nanos, requests) for label, (nanos, requests) in sums.items()]
    return tuple(sorted(slices, key=lambda part: (-part.spent_nanos, part.label is None, part.label or "")))


async def _freshness(tx: Transaction, cycle: Cycle, now: datetime, workload_id: int | None = None) -> Freshness:
    models = await tx.spend.unpriced_models(cycle.first_on, cycle.last_on, workload_id=workload_id)
    return Freshness(
        now, await tx.spend.latest_at(), sum(requests for _, requests in models), tuple(model for model, _ in models)
    )


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
