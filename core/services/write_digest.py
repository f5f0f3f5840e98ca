"""The Monday digest: one message per channel about all its envelopes, decided once however many replicas run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.degradation import CALM
from core.envelope import Envelope
from core.period import Cycle
from core.services.report_dry_run import dry_run
from core.store.driver_rows import Drivers
from core.store.forecast_rows import Foretold
from core.store.unit_of_work import UnitOfWork

KIND: Final = "digest"
_WEEK: Final = timedelta(days=7)
POSTED_AT: Final = time(9)
"""On Mondays, on the clock of most owners in the channel: Slack channels have no time zone of their own."""
MOST: Final = 60
"""Envelopes that a message has room for; the facts name the rest by number."""


def monday_due(now: datetime, zone: ZoneInfo) -> date | None:
    """The Monday whose digest is due, from nine until midnight; None at any other time."""
    local = now.astimezone(zone)
    return local.date() if local.weekday() == 0 and local.time() >= POSTED_AT else None


async def digest_owners(uow: UnitOfWork) -> dict[str, list[str]]:
    """By channel, the owner of each of its envelopes, as Slack user ids."""
    async with uow.read() as tx:
        envelopes = await tx.envelopes.all()
    owners: dict[str, list[str]] = {}
    for envelope in envelopes.values():
        if envelope.terms.channel:
            owners.setdefault(envelope.terms.channel, []).append(envelope.terms.people.owner)
    return owners


async def write_digest(uow: UnitOfWork, *, monday: date, now: datetime, channels: Collection[str] | None = None) -> int:
    """Put one notice per channel into the outbox; how many channels have envelopes with a forecast.

    Only for these `channels`, or for all of them.

    Idempotent by its dedup key, so that a missed or doubled tick and several replicas make one message. The facts are of
    this moment; envelopes without a channel or a forecast are left out.
    """
    cycle = Cycle.of(now, uow.zone)
    today = now.astimezone(uow.zone).date()
    async with uow.write() as tx:
        envelopes = await tx.envelopes.all()
        foretold = await tx.forecasts.latest(cycle)
        wanted = {
            number: one
            for number, one in envelopes.items()
            if number in foretold and one.terms.channel and (channels is None or one.terms.channel in channels)
        }
        drivers = await tx.drivers.between(cycle.first_on, today, workload_ids=list(wanted)) if wanted else {}
        stances = await tx.postures.all(cycle) if wanted else {}
        latest = await tx.spend.latest_at()
        by_channel: dict[str, list[dict[str, Any]]] = {}
        for number, envelope in wanted.items():
            facts = _facts(envelope, foretold[number], drivers.get(number, Drivers((), {})), cycle, today)
            # The cycle's spend tells in which hours the throttle would have stood.
            run = await dry_run(
                tx, envelope, stances.get(number, CALM), spent_nanos=sum(facts["days"]), now=now, earliest=now - _WEEK
            )
            if run is not None and run.requests:
                facts["dry_run"] = {"saved": run.saved_nanos, "spent": run.spent_nanos, "since": run.since.isoformat()}
                facts["dry_run"]["ladder"] = str(replace(run.ladder, is_dry_run=False))
            by_channel.setdefault(envelope.terms.channel or "", []).append(facts)
        for channel, lines in by_channel.items():
            lines.sort(key=lambda line: (-(line["chance"] or 0.0), -int(line["p50"]), str(line["workload"])))
            message: Mapping[str, object] = {
                "cycle": str(cycle), "monday": monday.isoformat(), "as_of": now.isoformat(),
                "latest_usage_at": latest.isoformat() if latest else None, "lines": lines[:MOST],
                "left_out": max(len(lines) - MOST, 0),
            }  # fmt: skip
            await tx.outbox.add(f"{KIND}/{channel}/{monday.isoformat()}", KIND, channel, facts=message, at=now)
    return len(by_channel)


def _facts(envelope: Envelope, told: Foretold, drivers: Drivers, cycle: Cycle, today: date) -> dict[str, Any]:
    """One envelope in plain values; money in nanos, `days` is the spend of each day so far."""
    spent = [0] * ((today - cycle.first_on) + timedelta(days=1)).days
    for row in drivers.days:
        spent[(row.on - cycle.first_on).days] += row.cost_nanos
    return {
        "workload": envelope.workload, "owner": envelope.terms.people.owner, "size": envelope.size(cycle), "days": spent,
        "p10": told.p10_nanos, "p50": told.p50_nanos, "p90": told.p90_nanos, "chance": told.breach_probability,
        "breach": [day.isoformat() for day in told.breach_on] if told.breach_on else None,
        "soft": envelope.terms.soft_share, "hard": envelope.terms.hard_share,
    }  # fmt: skip
