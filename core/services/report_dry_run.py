"""What a ladder's dry run found, from the usage that really came while it stood by."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.degradation import Stance, room_of
from core.dry_run import DryRun, dry_run_of, dry_run_words
from core.envelope import Change, Envelope
from core.ladder_effect import ModelDay
from core.period import Cycle
from core.services.preview_ladder import price_of
from core.store.unit_of_work import Transaction

_HOUR = timedelta(hours=1)


async def dry_run(
    tx: Transaction,
    envelope: Envelope | None,
    stance: Stance,
    *,
    spent_nanos: int,
    now: datetime,
    earliest: datetime | None = None,
) -> DryRun | None:
    """What the ladder would have done this cycle since the hard threshold was crossed; None where no dry run stands.

    Whole hours count, so that nothing from before the crossing does; nothing from before `earliest` either.
    """
    ladder = envelope.terms.degrade if envelope else None
    if envelope is None or ladder is None or not ladder.has_steps or not (stance.is_dry_run and stance.is_degraded):
        return None
    if stance.is_lifted or stance.since is None:
        return None
    began = max(stance.since, earliest or stance.since)
    since = began.replace(minute=0, second=0, microsecond=0)
    since += _HOUR if since < began else timedelta()
    drivers = await tx.drivers.by_hour(envelope.workload_id, since, now + _HOUR)
    hours = [[ModelDay(*one) for one in models] for models in drivers]
    room = room_of(envelope.size(Cycle.of(now, tx.zone)), envelope.terms.hard_share, ladder)
    rate = await price_of(tx, ladder, now=now)
    return dry_run_of(hours, ladder, room, rate, since=since, spent_nanos=spent_nanos)


async def dry_run_note(
    tx: Transaction, before: Envelope | None, change: Change, *, spent_nanos: int, now: datetime
) -> tuple[str, ...]:
    """Said when a dry run ends with its ladder put in force: what it would have done until now. Empty otherwise."""
    ladder = change.terms.degrade
    if before is None or ladder is None or ladder.is_dry_run:
        return ()
    stance = await tx.postures.of(before.workload_id, Cycle.of(now, tx.zone))
    run = await dry_run(tx, before, stance, spent_nanos=spent_nanos, now=now)
    if run is None:
        return ()
    return (f"In its dry run since {run.since.astimezone(tx.zone):%d %b %H:%M} {dry_run_words(run)}",)
