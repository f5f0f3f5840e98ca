"""The sponsor's decision on a change that gives more room. Authority and state are read again in the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.change_request import ChangeRequest
from core.envelope import Envelope
from core.errors import AlreadyDecided, Outdated
from core.people import Actor
from core.period import Cycle
from core.services.manage_envelopes import apply_change
from core.services.show_requests import show_request_anew
from core.store.spend_rows import Spent
from core.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Decision:
    """A decided request, the envelope as read back, and every (channel, ts) where the request is shown."""

    request: ChangeRequest
    envelope: Envelope
    copies: tuple[tuple[str, str], ...]


async def decide(uow: UnitOfWork, request_id: int, approve: bool, *, by: Actor, now: datetime) -> Decision:
    """Approve or decline. Exactly one of two people who click at once succeeds.

    Raises AlreadyDecided, OwnRequest, NotAllowed, or Outdated when the envelope changed since the request was made.
    """
    async with uow.write() as tx:
        asked = await tx.requests.of(request_id)
        # The envelope is locked before its requests, here as in `set`: two orders would wait for each other.
        envelope = await tx.envelopes.of(asked.workload_id, lock=True) if asked else None
        request = await tx.requests.of(request_id, lock=True)
        if request is None or envelope is None:
            raise AlreadyDecided("This request does not exist any more.")
        decided = request.decide(approve, by=by.id, at=now)
        if approve and envelope.revision != request.revision:
            raise Outdated(
                f"The envelope of {request.workload} has changed since this was asked. <@{request.requested_by}> has to ask again."
            )
        await tx.requests.save_decision(decided)
        if approve:
            place = (request.workload_id, request.workload)
            cycle = max(request.cycle, Cycle.of(now, uow.zone))
            envelope = await apply_change(
                tx, place, envelope, request.proposed, cycle=cycle, by=request.requested_by, now=now, approved_by=by.id
            )  # fmt: skip
        else:
            await tx.audit.append(
                at=now,
                actor=by.id,
                act="declined request",
                subject=request.workload,
                detail={"request": request.id, "changes": list(request.loosenings)},
            )
        await tx.outbox.add(
            f"request/{request.id}/answer", "request_decided", request.requested_by, facts={"request_id": request.id}, at=now
        )  # fmt: skip
        await show_request_anew(tx, request.id, now=now)
        return Decision(decided, envelope, tuple(await tx.outbox.copies(request.id)))


@dataclass(frozen=True, slots=True)
class RequestStanding:
    """A request as it stands now, with its envelope.

    Attributes:
      copies: every (channel, ts) where the request is shown.
      spent_nanos: what the workload has spent in the cycle that the request is for.
    """

    request: ChangeRequest
    envelope: Envelope
    copies: tuple[tuple[str, str], ...]
    spent_nanos: int


async def request_standing(uow: UnitOfWork, request_id: int) -> RequestStanding | None:
    """How a request stands; None when it is gone."""
    async with uow.read() as tx:
        request = await tx.requests.of(request_id)
        envelope = await tx.envelopes.of(request.workload_id) if request else None
        if request is None or envelope is None:
            return None
        spent = await tx.spend.by_workload(request.cycle.first_on, request.cycle.last_on)
        copies = tuple(await tx.outbox.copies(request_id))
        return RequestStanding(request, envelope, copies, spent.get(request.workload_id, Spent()).cost_nanos)
