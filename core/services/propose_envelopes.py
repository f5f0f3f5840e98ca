"""Proposed envelopes of a cycle that has just begun: made once, accepted, talked about, or overtaken by a change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.change_request import SetOrder
from core.correction import NOTHING_LEARNED
from core.envelope import Envelope
from core.errors import Outdated, UnknownName
from core.people import Actor
from core.period import Cycle
from core.proposal import EnvelopeProposal, ProposalState
from core.rates import Rate
from core.services.envelope_defaults import Defaults
from core.services.learn_corrections import learned_in
from core.services.manage_envelopes import SetOutcome, set_within
from core.services.price_usage import PriceBook
from core.services.suggested_size import as_billed, with_margin
from core.services.tell_close import show_again
from core.store.driver_rows import Drivers
from core.store.forecast_rows import Foretold
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction, UnitOfWork
from core.token_shape import totals_by_model
from core.variance import Variance, explain

CAUSES: Final = 2
"""Causes of change that a proposal names."""
DISCUSS: Final = "close_discuss"


async def propose_envelopes(uow: UnitOfWork, cycle: Cycle, *, now: datetime, learns: bool = True) -> int:
    """Propose every envelope's size for `cycle` from its newest forecast and margin; how many proposals the cycle has.

    Idempotent: the first proposal of an envelope and cycle stays. Envelopes without a forecast get none.

    Args:
      learns: whether forecasts are corrected by what signed invoices teach.
    """
    async with uow.read() as tx:
        known = await tx.proposals.of_cycle(cycle)
        envelopes = {number: one for number, one in (await tx.envelopes.all()).items() if number not in known}
        foretold = await tx.forecasts.latest(cycle)
        wanted = [number for number in envelopes if number in foretold and foretold[number].p50_nanos > 0]
        if not wanted:
            return len(known)
        desk = await _Desk.of(tx, cycle, wanted)
        learned = await learned_in(tx, cycle, wanted) if learns else {}
    variances = await asyncio.to_thread(lambda: {number: desk.change_of(number) for number in wanted})
    async with uow.write() as tx:
        for number in wanted:
            envelope = envelopes[number]
            taught = learned.get(number, NOTHING_LEARNED)
            told = as_billed(foretold[number], taught)
            facts = _facts(envelope, told, desk.spent.get(number, Spent()), variances[number], cycle)
            facts["learned"] = taught.words
            nanos = with_margin(told.p50_nanos, envelope.terms.margin)
            proposed = EnvelopeProposal(number, envelope.workload, cycle, nanos, envelope.revision, facts, now)
            await tx.proposals.add(proposed)
    return len(known) + len(wanted)


@dataclass(frozen=True, slots=True)
class _Desk:
    """The two months before a cycle: what was spent in the last, and the drivers of both."""

    spent: Mapping[int, Spent]
    last: Mapping[int, Drivers]
    earlier: Mapping[int, Drivers]
    prices: PriceBook
    cycle: Cycle

    @classmethod
    async def of(cls, tx: Transaction, cycle: Cycle, numbers: list[int]) -> _Desk:
        ended, before = cycle.previous, cycle.previous.previous
        return cls(
            await tx.spend.by_workload(ended.first_on, ended.last_on),
            await tx.drivers.between(ended.first_on, ended.last_on, workload_ids=numbers),
            await tx.drivers.between(before.first_on, before.last_on, workload_ids=numbers),
            PriceBook(await tx.prices.negotiated()), cycle,
        )  # fmt: skip

    def change_of(self, number: int) -> Variance | None:
        """Why the last cycle cost what it did beside the one before; None where either had no usage."""
        last, earlier = self.last.get(number), self.earlier.get(number)
        if last is None or earlier is None:
            return None
        models = earlier.models | last.models

        def rates(cycle: Cycle) -> dict[str, Rate]:
            found = {
                key: self.prices.current(one.provider, one.model, one.tier, cycle.last_on)
                for key, one in models.items()
            }
            return {key: rate for key, rate in found.items() if rate}

        ended = self.cycle.previous
        return explain(
            totals_by_model(earlier.days), totals_by_model(last.days),
            planned_rates=rates(ended.previous), actual_rates=rates(ended),
        )  # fmt: skip


def _facts(envelope: Envelope, told: Foretold, spent: Spent, change: Variance | None, cycle: Cycle) -> dict[str, Any]:
    moved = sorted(change.by_driver().items(), key=lambda one: -abs(one[1])) if change else []
    return {
        "size": envelope.lasting(cycle), "last_size": envelope.size(cycle.previous), "spent": spent.cost_nanos,
        "p10": told.p10_nanos, "p50": told.p50_nanos, "p90": told.p90_nanos, "margin": envelope.terms.margin,
        "drivers": [[str(driver), nanos] for driver, nanos in moved[:CAUSES]],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Accepted:
    """What accepting did: `outcome` as of `set`; None where the envelope has that size already."""

    proposal: EnvelopeProposal
    outcome: SetOutcome | None


async def accept(
    uow: UnitOfWork, cycle: Cycle, workload_id: int, *, by: Actor, defaults: Defaults, now: datetime
) -> Accepted:
    """Set the envelope as proposed. More room goes to its sponsor as a request, as with `set`; less takes effect at once.

    Raises NotAllowed, AlreadyDecided, and Outdated where the envelope has changed or the cycle is over.
    """
    async with uow.write() as tx:
        proposal, envelope = await _waiting(tx, cycle, workload_id, now=now)
        by.require_steward(envelope.terms.people, f"accept the envelope of {proposal.workload}")
        outcome = None
        if proposal.nanos != envelope.lasting(cycle):
            order = SetOrder(proposal.workload, proposal.nanos, seen_revision=proposal.revision)
            outcome = await set_within(tx, proposal.workload, order, by=by, defaults=defaults, now=now)
        is_asked = outcome is not None and outcome.request is not None
        state = ProposalState.ASKED if is_asked else ProposalState.ACCEPTED
        decided = proposal.decided(state, by=by.id, at=now)
        await tx.proposals.save(decided)
        await show_again(tx, cycle.previous, because=f"{workload_id}/{state}", now=now)
        return Accepted(decided, outcome)


async def discuss(uow: UnitOfWork, cycle: Cycle, workload_id: int, *, by: Actor, now: datetime) -> EnvelopeProposal:
    """Say in the envelope's channel, or to its other people, that a proposal wants talking about. Nothing is settled by it.

    Raises NotAllowed, AlreadyDecided, Outdated.
    """
    async with uow.write() as tx:
        proposal, envelope = await _waiting(tx, cycle, workload_id, now=now)
        people = envelope.terms.people
        by.require_steward(people, f"open the talk about the envelope of {proposal.workload}")
        decided = proposal.decided(ProposalState.DISCUSSED, by=by.id, at=now)
        await tx.proposals.save(decided)
        others = sorted({people.owner, people.finance} - {by.id})
        facts = {
            "cycle": str(cycle), "workload": proposal.workload, "nanos": proposal.nanos, "by": by.id, "with": others,
            **proposal.facts,
        }  # fmt: skip
        for recipient in [envelope.terms.channel] if envelope.terms.channel else others:
            key = f"close/{cycle}/{workload_id}/discuss/{recipient}"
            await tx.outbox.add(key, DISCUSS, recipient, facts=facts, at=now)
        await tx.audit.append(
            at=now, actor=by.id, act="wants to discuss the envelope", subject=proposal.workload,
            detail={"cycle": str(cycle), "nanos": proposal.nanos},
        )  # fmt: skip
        await show_again(tx, cycle.previous, because=f"{workload_id}/discussed", now=now)
        return decided


async def _waiting(
    tx: Transaction, cycle: Cycle, workload_id: int, *, now: datetime
) -> tuple[EnvelopeProposal, Envelope]:
    """A proposal that may be decided, and its envelope, both locked: the envelope first, as everywhere."""
    envelope = await tx.envelopes.of(workload_id, lock=True)
    proposal = await tx.proposals.of(cycle, workload_id, lock=True)
    if proposal is None or envelope is None:
        raise UnknownName("This proposal is not in the books any more. Set the envelope with `/budget set`.")
    if Cycle.of(now, tx.zone) != cycle:
        raise Outdated(
            f"This proposal was for {cycle.title}, which is over. The envelope of {proposal.workload} is unchanged.",
            correction=f"/budget set {proposal.workload}",
        )
    proposal = proposal.seen_against(envelope)
    if proposal.state is ProposalState.OVERTAKEN:
        raise Outdated(
            f"The envelope of {proposal.workload} has changed since this was proposed, so nothing was changed now.",
            correction=f"/budget status {proposal.workload}",
        )
    return proposal, envelope


async def overtake(uow: UnitOfWork, cycle: Cycle, *, now: datetime) -> int:
    """Mark the proposals whose envelope was changed by other ways, and show it; how many."""
    async with uow.read() as tx:
        envelopes = await tx.envelopes.all()
        behind = [
            number
            for number, proposal in (await tx.proposals.of_cycle(cycle)).items()
            if proposal.waits and number in envelopes and envelopes[number].revision != proposal.revision
        ]
    for number in behind:
        async with uow.write() as tx:
            envelope = await tx.envelopes.of(number, lock=True)
            proposal = await tx.proposals.of(cycle, number, lock=True)
            if envelope is None or proposal is None or not proposal.waits:
                continue
            await tx.proposals.save(proposal.seen_against(envelope))
            await show_again(tx, cycle.previous, because=f"{number}/overtaken", now=now)
    return len(behind)
