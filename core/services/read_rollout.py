"""Read how far the first 30 days have come: the checklist with what the books prove today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.envelope import Envelope
from core.period import Cycle
from core.rollout import Checklist, Finding, checklist
from core.rollout_evidence import ALERTED, DRY_RUN, Facts, Weighty, findings
from core.services.watch_sources import sources_health
from core.source_health import Condition, SourceHealth
from core.store.rollout_evidence_rows import Activity
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED_ID
from core.worst_case import Exposure, WorstCase, worst_case

RECENT: Final = timedelta(days=6)
"""With today seven days."""
MONTH: Final = timedelta(days=27)
LEAST_LAG: Final = timedelta(minutes=1)
"""Thresholds are looked at as usage arrives and once a minute; a feed that is quicker bounds nothing sooner."""
_UNHEARD: Final = frozenset({Condition.REVOKED, Condition.UNUSED, Condition.SILENT})


@dataclass(frozen=True, slots=True)
class Reading:
    """What the books prove at one moment, how much the month can cost at worst, and what is spent of it, in nanos."""

    findings: Mapping[str, Finding]
    worst: WorstCase
    spent_nanos: int


async def read(uow: UnitOfWork, *, now: datetime) -> Reading:
    """Everything that a checklist and the final statement are made from."""
    sources = await sources_health(uow, now=now)
    async with uow.read() as tx:
        facts = await read_facts(tx, sources, now=now)
        worst, spent = await read_worst_case(tx, sources, now=now)
    return Reading(findings(facts), worst, spent)


async def standing(uow: UnitOfWork, *, now: datetime) -> Checklist | None:
    """The newest rollout as it stands; None where none was ever started."""
    async with uow.read() as tx:
        rollout = await tx.rollouts.latest()
        ticks = await tx.rollouts.ticks(rollout.id) if rollout else {}
    if rollout is None:
        return None
    return checklist(rollout, ticks, (await read(uow, now=now)).findings, now=now)


async def read_facts(tx: Transaction, sources: tuple[SourceHealth, ...], *, now: datetime) -> Facts:
    """What the findings are made from: about ten statements, whatever the size of the books."""
    today, cycle = now.astimezone(tx.zone).date(), Cycle.of(now, tx.zone)
    evidence = tx.rollout_evidence
    month = await evidence.activity(today - MONTH, today)
    recent = await tx.spend.by_workload(today - RECENT, today)
    envelopes, foretold = await tx.envelopes.all(), await tx.forecasts.latest(cycle)
    workloads = {known.id: known for known in await tx.workloads.all()}
    metrics = await tx.plans.metrics()
    marks = await tx.rollouts.marks()
    if acknowledged := await evidence.first_acknowledged():
        marks = {ALERTED: acknowledged, **marks}
    if tried := await evidence.first_dry_run():
        marks = {**marks, DRY_RUN: tried}
    spent = sum(one.cost_nanos for one in recent.values())
    loose = recent[UNATTRIBUTED_ID].cost_nanos if UNATTRIBUTED_ID in recent else 0
    weighty = [
        _weighty(workloads[number].name, one, envelopes.get(number), is_foretold=number in foretold)
        for number, one in month.items()
        if number != UNATTRIBUTED_ID and number in workloads
    ]
    return Facts(
        sources=sum(one.is_live and one.condition not in _UNHEARD for one in sources),
        requests=sum(one.requests for one in recent.values()),
        coverage=await evidence.coverage(today - RECENT, today),
        bucket_owner=workloads[UNATTRIBUTED_ID].owner if UNATTRIBUTED_ID in workloads else None,
        bucket_share=loose / spent if spent else None,
        workloads=tuple(sorted(weighty, key=lambda one: (-one.nanos, one.name))),
        metrics=tuple(
            (workloads[number].name, metric.unit) for number, metric in sorted(metrics.items()) if number in workloads
        ),
        foretold_nanos=sum(one.p50_nanos for one in foretold.values()),
        marks=marks,
        signed=await evidence.first_signed(),
    )


async def read_worst_case(
    tx: Transaction, sources: tuple[SourceHealth, ...], *, now: datetime
) -> tuple[WorstCase, int]:
    """How much this month can cost at worst, and what is spent of it so far, in nanos."""
    cycle = Cycle.of(now, tx.zone)
    spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
    envelopes, foretold = await tx.envelopes.all(), await tx.forecasts.latest(cycle)
    since = now - timedelta(days=7)
    guarded = await tx.rollout_evidence.guarded_since(since)
    hours = await tx.rollout_evidence.dearest_hours(since)
    names = {known.id: known.name for known in await tx.workloads.all()}
    exposures = [
        Exposure(
            name,
            round(envelopes[number].size(cycle) * envelopes[number].terms.hard_share) if number in envelopes else None,
            number in guarded, spent[number].cost_nanos if number in spent else 0, hours.get(number, 0),
            foretold[number].p50_nanos if number in foretold else 0,
        )
        for number, name in names.items()
    ]  # fmt: skip
    lags = [one.lag for one in sources if one.is_live and one.lag is not None and one.condition not in _UNHEARD]
    return worst_case(exposures, max([LEAST_LAG, *lags])), sum(one.cost_nanos for one in spent.values())


def _weighty(name: str, one: Activity, envelope: Envelope | None, *, is_foretold: bool) -> Weighty:
    ladder = envelope.terms.degrade if envelope else None
    return Weighty(
        name, one.nanos, one.days, one.unpriced_requests, is_foretold, envelope is not None,
        str(ladder) if ladder else None, bool(ladder and ladder.is_dry_run),
    )  # fmt: skip
