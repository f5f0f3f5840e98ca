"""Tell what late usage did to a month that is over, while its days of grace last: once a threshold, and nothing follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.breach import Breach, BreachKind, BreachState, Closing
from core.close import CycleClosing
from core.envelope import Envelope
from core.late_crossing import late_crossing
from core.period import Cycle
from core.services.tell_breach import due_at, place_of
from core.store.decision_rows import KeptReason
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction, UnitOfWork

LATE: Final = "breach_late"
REASON: Final = "late"


async def tell_late(uow: UnitOfWork, *, now: datetime, workload_ids: Sequence[int] | None = None) -> tuple[Breach, ...]:
    """What the month before this one has passed since it ended; empty outside of its grace. One transaction a breach."""
    async with uow.read() as tx:
        cycle = Cycle.of(now, tx.zone).previous
        closing = await tx.closings.of(cycle)
        if closing is None or closing.frozen_at is not None or now >= closing.frozen_from:
            return ()
        envelopes = await tx.envelopes.among(workload_ids)
        due = await _crossed(tx, envelopes, cycle)
    told = []
    for number in due:
        async with uow.write() as tx:
            locked = await tx.envelopes.of(number, lock=True)
            if locked and (breach := await _tell(tx, locked, closing, now=now)):
                told.append(breach)
    return tuple(told)


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A threshold that was passed late; nanos. `known_nanos` is what was known when the month was looked at last."""

    kind: BreachKind
    threshold_bp: int
    spent_nanos: int
    known_nanos: int


async def _crossed(tx: Transaction, envelopes: Mapping[int, Envelope], cycle: Cycle) -> dict[int, _Crossing]:
    """By workload, what has to be told: three statements, and the reasons of those only that are past a threshold untold."""
    if not envelopes:
        return {}
    numbers = sorted(envelopes)
    spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on, workload_ids=numbers)
    notices = await tx.breaches.of_cycle(cycle, workload_ids=numbers)

    def crossing(number: int, known_nanos: int) -> _Crossing | None:
        terms, size, used = (
            envelopes[number].terms,
            envelopes[number].size(cycle),
            spent.get(number, Spent()).cost_nanos,
        )
        if size <= 0 or used <= known_nanos:
            return None
        found = late_crossing(
            spent_nanos=used, known_nanos=known_nanos, size_nanos=size, soft_bp=round(terms.soft_share * 10_000),
            hard_bp=round(terms.hard_share * 10_000), notices=notices.get(number, ()),
        )  # fmt: skip
        return _Crossing(*found, used, known_nanos) if found else None

    past = [number for number in numbers if crossing(number, 0)]
    kept = await tx.decisions.of_cycle(cycle, workload_ids=past) if past else {}
    found = {}
    for number in past:
        # Without a look at that month while it ran nobody knows what came late.
        looked = [one for one in kept.get(number, ()) if one.reason != REASON]
        if looked and (crossed := crossing(number, int(looked[0].facts["spent"]))):
            found[number] = crossed
    return found


async def _tell(tx: Transaction, envelope: Envelope, closing: CycleClosing, *, now: datetime) -> Breach | None:
    number, cycle = envelope.workload_id, closing.cycle
    # Read again under the lock: another process may have told it meanwhile.
    found = (await _crossed(tx, {number: envelope}, cycle)).get(number)
    if found is None:
        return None
    kind, threshold_bp, spent = found.kind, found.threshold_bp, found.spent_nanos
    facts: dict[str, Any] = {
        "workload": envelope.workload, "cycle": str(cycle), "kind": kind.value, "threshold_bp": threshold_bp, "late": True,
        "spent": spent, "known": found.known_nanos, "size": envelope.size(cycle), "as_of": now.isoformat(),
        "frozen_from": closing.frozen_from.isoformat(), "doubts": [], "owner": envelope.terms.people.owner,
    }  # fmt: skip
    opened = Breach(
        number, envelope.workload, cycle, envelope.revision, kind, threshold_bp, now, state=BreachState.CLOSED,
        closed_at=now, closed_because=Closing.CYCLE_OVER, worst_nanos=spent, facts=facts,
    )  # fmt: skip
    breach = await tx.breaches.open(opened)
    if not breach.facts.get("late"):
        # The same threshold of this revision was told while the month ran.
        return None
    recipient = place_of(envelope)
    await tx.outbox.add(
        f"{breach.dedup_key}/late/{recipient}", LATE, recipient, facts=facts, at=now, subject=breach.subject,
        due_at=due_at(breach, envelope, now, tx.zone),
    )  # fmt: skip
    reason = {"spent": spent, "size": facts["size"], "nanos": spent, "refused": 0, "doubts": [], "act": "tell"}
    await tx.decisions.keep(
        [KeptReason(number, cycle, envelope.revision, kind, threshold_bp, REASON, 1, now, now, reason)]
    )
    return breach
