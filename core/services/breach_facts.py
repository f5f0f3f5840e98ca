"""What a breach's messages are made of: plain values as of the decision, so that a message says what was known then.

Names: `spent`, `size`, `p10`, `p50`, `p90` and everything in `cause` and `surge` are nanos; `*_at` are RFC 3339; `days` is
the spend of each day of the cycle so far; `lag_seconds` is how old the newest usage is and `burn` what an hour spends.
`shown_*` and `told_*` say what the message and its thread said last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.alerts import Decision
from core.breach import Breach, BreachKind
from core.errors import UnknownName
from core.period import hour_of
from core.services.explain_spend import Explanation, explain_spend
from core.services.read_alerts import Watched
from core.store.unit_of_work import Transaction, UnitOfWork
from core.velocity import Surge

CAUSES: Final = 4
"""A message names what moved spend most; `Why` shows all of it."""

CHARTED_HOURS: Final = 24

Facts = dict[str, Any]


async def cause_of(uow: UnitOfWork, workload: str, *, now: datetime) -> Facts | None:
    """Why it spends what it does, from the variance; None where there is nothing to compare with."""
    try:
        return _cause(await explain_spend(uow, workload, None, now=now))
    except UnknownName:
        return None


def _cause(explained: Explanation) -> Facts:
    variance = explained.variance
    parts = sorted(variance.by_driver().items(), key=lambda part: -abs(part[1]))
    return {
        "basis": explained.basis, "gap": variance.gap_nanos, "planned": variance.planned_nanos,
        "parts": [[driver.value, nanos] for driver, nanos in parts[:CAUSES]],
        "models": [[model, nanos] for model, nanos in list(variance.by_model().items())[:2]],
        "movers": [[mover.dimension, mover.label, mover.change_nanos] for mover in explained.movers],
    }  # fmt: skip


async def facts_of(
    tx: Transaction, watched: Watched, decision: Decision, *, now: datetime, zone: ZoneInfo, cause: Facts | None
) -> Facts:
    """All facts of one decision. What an earlier message said of the cause stays where no new one is given."""
    envelope, reading, told = watched.envelope, watched.reading, watched.foretold
    cycle, terms = reading.cycle, envelope.terms
    today = now.astimezone(zone).date()
    by_day = await tx.spend.by_day(envelope.workload_id, cycle.previous.first_on, cycle.last_on)
    days = [
        by_day.get(cycle.first_on + timedelta(days=step), 0)
        for step in range((min(today, cycle.last_on) - cycle.first_on).days + 1)
    ]
    before: Mapping[str, Any] = decision.breach.facts if decision.breach else {}
    latest = watched.spent.latest_at
    models = (
        await tx.spend.unpriced_models(cycle.first_on, cycle.last_on, workload_id=envelope.workload_id)
        if watched.spent.unpriced_requests
        else []
    )
    facts: Facts = {
        **before,
        "workload": envelope.workload, "cycle": str(cycle), "kind": decision.kind.value, "threshold_bp": decision.threshold_bp,
        "reason": decision.reason.value, "as_of": now.isoformat(), "latest_at": latest.isoformat() if latest else None,
        "spent": reading.spent_nanos, "size": reading.size_nanos, "soft_bp": reading.soft_bp, "hard_bp": reading.hard_bp,
        "elapsed": cycle.share_elapsed(now, zone), "days": days,
        "previous": sum(nanos for day, nanos in by_day.items() if day < cycle.first_on),
        "p10": told.p10_nanos if told else None, "p50": told.p50_nanos if told else None,
        "p90": told.p90_nanos if told else None, "chance": told.breach_probability if told else None,
        "breach_on": [day.isoformat() for day in told.breach_on] if told and told.breach_on else None,
        "owner": terms.people.owner, "finance": terms.people.finance, "sponsor": terms.people.sponsor,
        "channel": terms.channel, "degrade": str(terms.degrade) if terms.degrade else None,
        "doubts_now": [doubt.value for doubt in reading.doubts], "unpriced_models": [model for model, _ in models],
        "unpriced_requests": watched.spent.unpriced_requests, "refused": reading.refused, "burn": watched.burn_nanos,
        "lag_seconds": max(0, int((now - latest).total_seconds())) if latest else None,
        "cause": cause or before.get("cause"),
    }  # fmt: skip
    facts.setdefault("doubts", facts["doubts_now"])
    if decision.kind is BreachKind.VELOCITY and reading.surge:
        facts |= await _surge_facts(tx, watched, reading.surge, before, now)
    return facts


async def _surge_facts(
    tx: Transaction, watched: Watched, surge: Surge, before: Mapping[str, Any], now: datetime
) -> Facts:
    """The evidence of the newest hour, and of the dearest one so far."""
    leading = await tx.hours.leading(watched.envelope.workload_id, surge.hour_at)
    worst = before.get("surge") or {}
    evidence = {
        "hour_at": surge.hour_at.isoformat(), "hours": surge.hours, "spent": surge.spent_nanos,
        "expected": surge.expected_nanos, "limit": surge.limit_nanos,
        "by": [[dimension, label, nanos] for dimension, label, nanos in leading],
    }  # fmt: skip
    began = before.get("surge_began_at") or surge.began_at.isoformat()
    dearest = evidence if surge.spent_nanos >= int(worst.get("spent", 0)) else worst
    return {
        "surge": dearest, "surge_now": evidence, "surge_hour_at": surge.hour_at.isoformat(), "surge_began_at": began,
        "hours": await _hours(tx, watched, now),
    }  # fmt: skip


async def _hours(tx: Transaction, watched: Watched, now: datetime) -> list[list[Any]]:
    """The last day by hour: when it began, what it cost, what is usual then."""
    number = watched.envelope.workload_id
    this_hour = datetime.fromtimestamp(hour_of(int(now.timestamp())), UTC)
    since = this_hour - timedelta(hours=CHARTED_HOURS - 1)
    found = await tx.hours.between(since, this_hour + timedelta(hours=1), workload_ids=[number])
    spent = {hour.hour: hour.cost_nanos for hour in found.get(number, ())}
    hours = (since + timedelta(hours=step) for step in range(CHARTED_HOURS))
    return [[at.isoformat(), spent.get(int(at.timestamp()), 0), round(watched.pace.at(at, tx.zone))] for at in hours]


def shown(facts: Facts, decision: Decision, *, now: datetime, is_told: bool) -> Facts:
    """The facts of a message that is about to be shown; with `is_told`, of one that somebody is notified of."""
    said = {"shown_at": now.isoformat(), "shown_nanos": decision.nanos}
    return facts | said | ({"told_nanos": decision.nanos} if is_told else {})


def of_breach(breach: Breach) -> Facts:
    """What a composer is given: the breach's facts with its number and its state."""
    return {
        **breach.facts,
        "breach": breach.id, "state": breach.state.value, "opened_at": breach.opened_at.isoformat(),
        "closed_because": breach.closed_because.value if breach.closed_because else None,
        "closed_at": breach.closed_at.isoformat() if breach.closed_at else None,
        "acknowledged_by": breach.acknowledged_by, "worst": breach.worst_nanos, "revision": breach.revision,
    }  # fmt: skip
