"""Readings for the alerts: everything about some envelopes at one moment, in a handful of statements however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.alert_reading import Doubt, Reading
from core.breach import Breach, Closing
from core.envelope import EntryKind, Envelope
from core.period import HOUR_SECONDS, Cycle, hour_of
from core.source_health import QUIET
from core.store.forecast_rows import Foretold
from core.store.hour_rows import HourSpend
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction
from core.velocity import Pace, Surge, cold_pace, surge_of

RECENT_HOURS: Final = 8
"""How late usage may come and still be looked at as a runaway."""
UNPRICED_SHARE: Final = 0.005
"""From one request in two hundred without a price on, the amount is not the amount."""
LEAST_SURGE: Final = 0.002
"""Of the envelope: what an hour has to burn beyond its pace to be worth a message."""
FORECAST_AGE: Final = timedelta(days=2)
"""Of its last complete day; an older forecast decides nothing."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One envelope with its reading and what was told of it.

    Attributes:
      notices: every breach of the cycle; `left_open` those of earlier cycles that nobody closed.
      burn_nanos: what it spends in an hour just now.
    """

    envelope: Envelope
    reading: Reading
    spent: Spent
    foretold: Foretold | None
    notices: tuple[Breach, ...]
    left_open: tuple[Breach, ...]
    burn_nanos: int
    pace: Pace


async def watched_envelopes(
    tx: Transaction,
    zone: ZoneInfo,
    paces: Mapping[int, Pace],
    *,
    now: datetime,
    workload_ids: Sequence[int] | None = None,
) -> list[Watched]:
    """All envelopes with money in this cycle, or those of some workloads."""
    cycle = Cycle.of(now, zone)
    envelopes = await tx.envelopes.among(workload_ids)
    if not envelopes:
        return []
    numbers = workload_ids if workload_ids is None else sorted(envelopes)
    spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on, workload_ids=numbers)
    foretold = await tx.forecasts.latest(cycle)
    notices = await tx.breaches.of_cycle(cycle, workload_ids=numbers)
    left = await tx.breaches.left_open(cycle, workload_ids=numbers)
    refused = await tx.decisions.refusals(cycle, workload_ids=numbers)
    this_hour = datetime.fromtimestamp(hour_of(int(now.timestamp())), UTC)
    hours = await tx.hours.between(
        this_hour - timedelta(hours=RECENT_HOURS), this_hour + timedelta(hours=1), workload_ids=numbers
    )
    found = []
    for number, envelope in envelopes.items():
        size = envelope.size(cycle)
        if size <= 0:
            continue
        used = spent.get(number, Spent())
        told = foretold.get(number)
        if told and not _is_fresh(told.as_of, now.astimezone(zone).date()):
            told = None
        pace = paces.get(number) or cold_pace(size, cycle.days)
        recent = hours.get(number, [])
        reading = Reading(
            cycle=cycle, revision=envelope.revision, size_nanos=size, soft_bp=round(envelope.terms.soft_share * 10_000),
            hard_bp=round(envelope.terms.hard_share * 10_000), spent_nanos=used.cost_nanos,
            p50_nanos=told.p50_nanos if told else None,
            hour=int((this_hour - cycle.starts_at(zone)).total_seconds()) // HOUR_SECONDS,
            surge=latest_surge(pace, recent, this_hour, zone, least_nanos=round(size * LEAST_SURGE)),
            changed_by=_changed_by(envelope), refused=refused.get((number, envelope.revision), 0), doubts=doubts_of(used, now),
        )  # fmt: skip
        found.append(
            Watched(
                envelope, reading, used, told, tuple(notices.get(number, ())), tuple(left.get(number, ())),
                burn_of(recent, now), pace,
            )
        )  # fmt: skip
    return found


def _changed_by(envelope: Envelope) -> Closing:
    """How the newest revision came about, as far as its money says."""
    is_grant = bool(envelope.entries) and envelope.entries[-1].kind in (EntryKind.GRANTED, EntryKind.DRAWN)
    return Closing.GRANTED if is_grant else Closing.ENVELOPE_CHANGED


def _is_fresh(as_of: date, today: date) -> bool:
    return today - as_of <= FORECAST_AGE


def latest_surge(
    pace: Pace, recent: Sequence[HourSpend], this_hour: datetime, zone: ZoneInfo, *, least_nanos: int
) -> Surge | None:
    """The newest hour that ran away, of those whose usage may only have arrived now."""
    by_hour = {spent.hour: spent.cost_nanos for spent in recent}
    for back in range(RECENT_HOURS):
        hour_at = this_hour - timedelta(hours=back)
        start = int(hour_at.timestamp())
        if not by_hour.get(start):
            continue
        before = by_hour.get(start - HOUR_SECONDS, 0)
        if surge := surge_of(
            pace, hour_at=hour_at, spent_nanos=by_hour[start], before_nanos=before, zone=zone, least_nanos=least_nanos
        ):
            return surge
    return None


def burn_of(recent: Sequence[HourSpend], now: datetime) -> int:
    """Nanos an hour: this hour so far and the one before it, over the time they have lasted."""
    start = hour_of(int(now.timestamp()))
    spent = sum(hour.cost_nanos for hour in recent if hour.hour >= start - HOUR_SECONDS)
    return round(spent * HOUR_SECONDS / (HOUR_SECONDS + now.timestamp() - start))


def doubts_of(spent: Spent, now: datetime) -> tuple[Doubt, ...]:
    """Why the sum cannot be trusted far enough to enforce anything."""
    found = []
    if spent.unpriced_requests and spent.unpriced_requests >= UNPRICED_SHARE * spent.requests:
        found.append(Doubt.UNPRICED)
    if spent.latest_at is not None and now - spent.latest_at > QUIET:
        found.append(Doubt.STALE)
    return tuple(found)
