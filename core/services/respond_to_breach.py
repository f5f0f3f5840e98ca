"""What follows from a breach, in the transaction that opened or closed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.breach import Breach, BreachKind, Closing
from core.degradation import Stance
from core.envelope import Envelope
from core.escalation import Escalation, EscalationKind
from core.services.escalate import OUTLAY, calmed, close, stand
from core.services.put_question import ask
from core.store.unit_of_work import Transaction


async def on_hard(tx: Transaction, breach: Breach, envelope: Envelope, *, now: datetime) -> None:
    """The hard threshold was crossed. Called when the breach opens, and again when numbers that could not be trusted can
    be: has to be idempotent. Where `breach.is_trusted` is false nothing is enforced, and the sponsor is not asked yet.
    """
    locked = await tx.envelopes.of(envelope.workload_id, lock=True)
    if not breach.is_trusted or locked is None:
        return
    stance = await tx.postures.of(breach.workload_id, breach.cycle)
    if not stance.is_stopped and not (stance.is_degraded and stance.breach_id == breach.id):
        ladder = locked.terms.degrade
        await stand(
            tx, locked, breach.cycle,
            Stance(
                is_degraded=True, is_dry_run=bool(ladder and ladder.is_dry_run), since=now, by=OUTLAY,
                because="the hard threshold was crossed", breach_id=breach.id,
            ),
            act="degraded workload", by=OUTLAY, now=now,
        )  # fmt: skip
    waiting = await tx.escalations.open_of(breach.workload_id, breach.cycle, lock=True)
    if not any(one.kind is EscalationKind.HARD for one in waiting):
        raised = Escalation(
            0, breach.workload_id, breach.workload, breach.cycle, EscalationKind.HARD, now, breach_id=breach.id
        )
        await ask(tx, raised, locked, now=now, breach=breach)


async def on_closed(tx: Transaction, breach: Breach, *, now: datetime) -> None:
    """A breach of any kind ended; `breach.closed_because` says why. Called once for each closing.

    With a hard breach its degradation ends, and what waited for the sponsor because of it is closed. What the sponsor
    stopped stays stopped, and an owner's request stays open: that is for people to end.
    """
    if breach.kind is not BreachKind.HARD:
        return
    envelope = await tx.envelopes.of(breach.workload_id, lock=True)
    if envelope is None:
        return
    because = breach.closed_because or Closing.RECOVERED
    stance = await tx.postures.of(breach.workload_id, breach.cycle)
    if stance.is_degraded and stance.breach_id == breach.id:
        words = {"recovered": "it is back under its hard threshold", "cycle_over": "the month is over"}
        ended = replace(calmed(stance), since=now, by=OUTLAY, because=words.get(because, "the envelope has changed"))
        await stand(tx, envelope, breach.cycle, ended, act="ended degradation", by=OUTLAY, now=now)
    for waiting in await tx.escalations.open_of(breach.workload_id, breach.cycle, lock=True):
        if waiting.breach_id == breach.id:
            await close(tx, waiting, envelope, because=because.value, now=now)
