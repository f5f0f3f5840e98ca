"""Keeps why something was told or not, so that anybody can ask later; one row a reason, however long it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.alerts import Decision
from core.services.alert_memory import AlertMemory, ReasonKey
from core.services.read_alerts import Watched
from core.store.decision_rows import KeptReason
from core.store.unit_of_work import Transaction, UnitOfWork

Decided = tuple[Watched, Sequence[Decision]]


async def keep_reasons(
    uow: UnitOfWork,
    decided: Iterable[Decided],
    memory: AlertMemory,
    *,
    now: datetime,
    within: Transaction | None = None,
) -> None:
    """Note reasons that are new, or whose last note is a quarter of an hour old; in one transaction for all of them."""
    due = [
        (watched, decision)
        for watched, found in decided
        for decision in _one_a_kind(found)
        if memory.is_due(_key(watched, decision), decision.reason.value, decision.threshold_bp, now)
    ]
    if not due:
        return
    if within is not None:
        await _keep(within, due, now)
    else:
        async with uow.write() as tx:
            await _keep(tx, due, now)
    for watched, decision in due:
        memory.kept[_key(watched, decision)] = (decision.reason.value, decision.threshold_bp, now)


def _one_a_kind(found: Sequence[Decision]) -> list[Decision]:
    """The last decision of each kind: that of this revision, after those about earlier ones."""
    return list({decision.kind: decision for decision in found}.values())


def _key(watched: Watched, decision: Decision) -> ReasonKey:
    return watched.envelope.workload_id, watched.reading.revision, decision.kind


async def _keep(tx: Transaction, due: Sequence[tuple[Watched, Decision]], now: datetime) -> None:
    numbers = sorted({watched.envelope.workload_id for watched, _ in due})
    cycles = {watched.reading.cycle for watched, _ in due}
    latest: dict[ReasonKey, tuple[str, int]] = {}
    for cycle in cycles:
        latest |= await tx.decisions.latest(cycle, workload_ids=numbers)
    rows = []
    for watched, decision in due:
        goes_on = latest.get(_key(watched, decision)) == (decision.reason.value, decision.threshold_bp)
        reading = watched.reading
        facts = {
            "spent": reading.spent_nanos, "size": reading.size_nanos, "nanos": decision.nanos, "refused": reading.refused,
            "doubts": [doubt.value for doubt in reading.doubts], "act": decision.act.value,
        }  # fmt: skip
        if reading.surge:
            facts |= {"expected": reading.surge.expected_nanos}
        rows.append(
            KeptReason(
                watched.envelope.workload_id, reading.cycle, reading.revision, decision.kind, decision.threshold_bp,
                decision.reason.value, 0 if goes_on else 1, now, now, facts,
            )
        )  # fmt: skip
    await tx.decisions.keep(rows)
