"""The message of the first days: the month's estimate, the invoices asked for, and proposed envelopes; kept up to date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.close import CycleClosing
from core.envelope import Envelope
from core.period import Cycle
from core.proposal import EnvelopeProposal
from core.services.close_month import MonthFigures, month_figures
from core.store.outbox import Place
from core.store.unit_of_work import Transaction, UnitOfWork

KIND: Final = "close"
TOLD_AT: Final = time(9)
TOLD_WITHIN: Final = timedelta(days=8)
"""Later than this after its end a month is not announced: books that were opened since never ran it."""
LISTED: Final = 20
"""Proposals that finance reads line by line, the largest changes first."""
MOST: Final = 12
"""Proposals with buttons in one message; the facts count the rest."""


def subject_of(cycle: Cycle) -> str:
    """What all messages about a month's close share in the outbox."""
    return f"close/{cycle}"


def is_due(cycle: Cycle, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the close of an ended cycle is to be announced now: from nine on its first day after, in the books' zone."""
    opens = datetime.combine(cycle.next.first_on, TOLD_AT, zone)
    return opens <= now < cycle.ends_at(zone) + TOLD_WITHIN


async def tell_close(uow: UnitOfWork, cycle: Cycle, *, finance: Collection[str], now: datetime) -> int:
    """Put one message per person about an ended cycle into the outbox: finance partners, and owners; how many people.

    Idempotent by its dedup key. `finance` are the workspace's finance team. Nobody is told where there is no envelope.
    """
    async with uow.write() as tx:
        envelopes = await tx.envelopes.all()
        if not envelopes:
            return 0
        told = await _Told.of(tx, cycle, envelopes)
        partners = {*finance, *(one.terms.people.finance for one in envelopes.values())}
        owners = {one.terms.people.owner for one in envelopes.values()}
        for person in sorted(partners | owners):
            facts = told.facts_for(person, is_finance=person in partners)
            await tx.outbox.add(
                f"{subject_of(cycle)}/{person}", KIND, person, facts=facts, at=now, subject=subject_of(cycle)
            )
        return len(partners | owners)


async def show_again(tx: Transaction, cycle: Cycle, *, because: str, now: datetime) -> None:
    """Bring what is known now to every message about a month's close; `because` names the change, once a name."""
    posted = await tx.outbox.posted(subject_of(cycle))
    if not posted:
        return
    told = await _Told.of(tx, cycle, await tx.envelopes.all())
    for person, facts in posted.items():
        newer = told.facts_for(person, is_finance=facts["whole"] is not None)
        key = f"{subject_of(cycle)}/{person}/{because}"
        await tx.outbox.add(key, KIND, person, facts=newer, at=now, subject=subject_of(cycle), place=Place.EDIT)


class _Told:
    """What there is to say about a cycle's close, for whoever reads it."""

    def __init__(
        self, figures: MonthFigures, envelopes: dict[int, Envelope], proposals: dict[int, EnvelopeProposal]
    ) -> None:
        self.figures, self.envelopes, self.proposals = figures, envelopes, proposals

    @classmethod
    async def of(cls, tx: Transaction, cycle: Cycle, envelopes: dict[int, Envelope]) -> _Told:
        return cls(await month_figures(tx, cycle), envelopes, await tx.proposals.of_cycle(cycle.next))

    def facts_for(self, person: str, *, is_finance: bool) -> dict[str, Any]:
        """Plain values; money in nanos. `whole` is what finance reads, None for others; `mine` are the
        proposals for envelopes that the reader owns."""
        cycle = self.figures.cycle
        mine = [one for one in self._lines() if person == one["owner"]]
        return {
            "cycle": str(cycle), "next": str(cycle.next), "whole": self._whole() if is_finance else None,
            "mine": mine[:MOST], "left_out": max(len(mine) - MOST, 0),
        }  # fmt: skip

    def _lines(self) -> list[dict[str, Any]]:
        found = []
        for number, proposal in self.proposals.items():
            if (envelope := self.envelopes.get(number)) is None:
                continue
            people, now = envelope.terms.people, proposal.seen_against(envelope)
            found.append({
                "id": number, "workload": proposal.workload, "nanos": proposal.nanos, "state": str(now.state),
                "by": now.decided_by, "owner": people.owner, "finance": people.finance, "sponsor": people.sponsor,
                "current": envelope.lasting(proposal.cycle), **proposal.facts,
            })  # fmt: skip
        return found

    def _whole(self) -> dict[str, Any]:
        figures, closing = self.figures, self.figures.closing
        lines = sorted(self._lines(), key=lambda one: -abs(one["nanos"] - one["current"]))
        return {
            "estimate": figures.estimate_nanos, "providers": [list(one) for one in figures.by_provider],
            "adjusted": figures.adjusted_nanos - figures.estimate_nanos,
            "adjustments": [
                [one.booked_on.isoformat(), one.figure.nanos, str(one.because)] for one in figures.adjustments[-5:]
            ],
            "frozen_at": _instant(closing, "frozen_at"), "frozen_from": _instant(closing, "frozen_from"),
            "envelopes": [[one["workload"], one["current"], one["nanos"], one["state"]] for one in lines[:LISTED]],
            "together": [sum(one["current"] for one in lines), sum(one["nanos"] for one in lines)],
            "more": max(len(lines) - LISTED, 0),
        }  # fmt: skip


def _instant(closing: CycleClosing | None, name: str) -> str | None:
    at = getattr(closing, name) if closing else None
    return at.isoformat() if at else None
