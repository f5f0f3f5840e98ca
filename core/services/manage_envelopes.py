"""Create and change envelopes. More room for an existing one waits for its sponsor; everything else is immediate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from core.change_request import ChangeRequest, SetOrder
from core.degradation import Degradation
from core.envelope import Change, Envelope, Terms, entry_for, loosenings
from core.errors import NotAllowed, Outdated, OutOfRange
from core.money import usd
from core.people import Actor, People
from core.period import Cycle
from core.quiet import parse_quiet
from core.services.envelope_defaults import Defaults, first_terms, given, usual_deputy
from core.services.manage_preferences import preferences_in
from core.services.preview_ladder import ladder_note
from core.services.put_question import put_raise_before_deputy
from core.services.report_dry_run import dry_run_note
from core.services.show_requests import show_request_anew
from core.services.welcome import welcome
from core.store.envelope_rows import columns_of
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED, workload_name

_GUESS = "An envelope on unattributed spend is a guess: nobody knows yet what it pays for. Find out with `/budget spend by project`."


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What `set` did. With `request` the change waits for the sponsor and `envelope` is still as it was.

    `notes` are whole sentences for the person; `spent_nanos` is this cycle's spend so far.
    """

    envelope: Envelope | None
    before: Envelope | None
    request: ChangeRequest | None
    spent_nanos: int
    cycle: Cycle
    notes: tuple[str, ...]


async def set_envelope(uow: UnitOfWork, order: SetOrder, *, by: Actor, defaults: Defaults, now: datetime) -> SetOutcome:
    """Create or change an envelope as ordered.

    Raises NotAllowed, OutOfRange (with what is missing), Outdated when the envelope changed since the modal was filled.
    """
    name = workload_name(order.workload)
    try:
        async with uow.write() as tx:
            return await set_within(tx, name, order, by=by, defaults=defaults, now=now)
    except IntegrityError as met:
        raise Outdated(
            f"Somebody else set the envelope of {name} at the same moment. Look at it with `/budget status {name}`."
        ) from met


async def set_within(
    tx: Transaction, name: str, order: SetOrder, *, by: Actor, defaults: Defaults, now: datetime
) -> SetOutcome:
    """As `set_envelope`, inside a transaction; `name` is the order's workload, read. Raises IntegrityError on a race too."""
    cycle = Cycle.of(now, tx.zone)
    workload_id = (await tx.workloads.names()).get(name)
    before = await tx.envelopes.of(workload_id, lock=True) if workload_id else None
    if order.seen_revision is not None and before and before.revision != order.seen_revision:
        raise Outdated(
            f"The envelope of {name} was changed while the form was open. Look at it again with `/budget status {name}`."
        )
    keeper = await tx.workloads.owner(workload_id) if workload_id else None
    defaults = defaults.preferring(await preferences_in(tx))
    change = _proposed(order, before, cycle, owner=keeper or by.id, defaults=defaults)
    _require_right(before, change, by, name, keeper=keeper)
    previewed = await ladder_note(tx, name, workload_id, change, now=now) if order.degrade else ()
    spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
    spent_nanos = spent[workload_id].cost_nanos if workload_id in spent else 0
    tried = await dry_run_note(tx, before, change, spent_nanos=spent_nanos, now=now) if order.degrade else ()
    created = workload_id is None
    if workload_id is None:
        workload_id = await tx.workloads.add(name, change.terms.people.owner, at=now)
        await tx.audit.append(
            at=now, actor=by.id, act="added workload", subject=name, detail={"owner": change.terms.people.owner}
        )
        await tx.meta.next_version()
    notes = (*_notes(name, change, spent_nanos, created=created), *tried, *previewed)
    if before and (loose := loosenings(before, change, cycle)):
        request = await _ask_sponsor(tx, before, change, loose, cycle=cycle, by=by, now=now)
        return SetOutcome(before, before, request, spent_nanos, cycle, notes)
    envelope = await apply_change(tx, (workload_id, name), before, change, cycle=cycle, by=by.id, now=now)
    return SetOutcome(envelope, before, None, spent_nanos, cycle, notes)


async def apply_change(
    tx: Transaction,
    workload: tuple[int, str],
    before: Envelope | None,
    change: Change,
    *,
    cycle: Cycle,
    by: str,
    now: datetime,
    approved_by: str | None = None,
) -> Envelope:
    """Store a change that is allowed: terms, entry, audit. `workload` is (id, name). Undecided older requests are superseded."""
    workload_id, name = workload
    entry = entry_for(before, change.nanos, cycle=cycle, by=by, at=now, approved_by=approved_by)
    revision = before.revision + 1 if before else 1
    await tx.envelopes.save(workload_id, change.terms, entry, revision=revision)
    if name == UNATTRIBUTED:
        await tx.workloads.set_owner(workload_id, change.terms.people.owner)
    detail: dict[str, object] = {
        "usd": usd(change.nanos), "nanos": change.nanos, "cycle": str(cycle), "revision": revision, **columns_of(change.terms),
    }  # fmt: skip
    if approved_by:
        detail["approved_by"] = approved_by
    await tx.audit.append(
        at=now, actor=by, act="changed envelope" if before else "opened envelope", subject=name, detail=detail
    )
    await _supersede(tx, workload_id, now)
    if before is None or before.terms.people != change.terms.people:
        await welcome(tx, change.terms.people, name, by=by, now=now)
    stored = await tx.envelopes.of(workload_id)
    assert stored is not None
    return stored


def _proposed(order: SetOrder, before: Envelope | None, cycle: Cycle, *, owner: str, defaults: Defaults) -> Change:
    """The envelope as it would be; `owner` is who owns a new one unless somebody is named. Raises OutOfRange naming what it lacks."""
    was = before.terms if before else None
    owner = order.owner or (was.people.owner if was else owner)
    finance = order.finance or (was.people.finance if was else defaults.finance) or ""
    sponsor = order.sponsor or (was.people.sponsor if was else "")
    lacking = [
        word
        for word, value in (
            ("an amount", order.nanos or before),
            ("a finance partner", finance),
            ("a sponsor", sponsor),
        )
        if not value
    ]
    if lacking:
        said = "" if finance else " finance=@finance"
        words = f"/budget set {order.workload} {_plain(order.nanos)}{said} sponsor={_mention(sponsor, '@sponsor')}"
        raise OutOfRange(
            f"{order.workload} has no envelope yet. A new one needs {' and '.join(lacking)}.", correction=words
        )
    if sponsor == owner and not was and order.owner is None:
        raise OutOfRange(
            f"<@{owner}> would be owner and sponsor at once; the sponsor decides on breaches and cannot be the owner. Name the owner.",
            correction=f"/budget set {order.workload} {_plain(order.nanos)} owner=@owner sponsor=<@{sponsor}>",
        )
    deputy = was.people.deputy if was else usual_deputy(defaults, owner, sponsor)
    people = People(owner, finance, sponsor, order.deputy or deputy)
    base = was or first_terms(people, defaults)
    terms = Terms(
        people,
        order.channel or base.channel,
        given(order.soft_share, base.soft_share),
        given(order.hard_share, base.hard_share),
        given(order.margin, base.margin),
        given(order.holdback, base.holdback),
        Degradation.parse(order.degrade) if order.degrade else base.degrade,
        parse_quiet(order.quiet) if order.quiet else base.quiet,
    )
    nanos = order.nanos if order.nanos is not None else before.lasting(cycle) if before else 0
    return Change(nanos, terms)


async def _supersede(tx: Transaction, workload_id: int, now: datetime) -> None:
    """What waits for the sponsor is overtaken; the messages that asked will say so."""
    for older in await tx.requests.pending(workload_id=workload_id):
        await tx.requests.save_decision(older.superseded(at=now))
        await show_request_anew(tx, older.id, now=now)


def _require_right(before: Envelope | None, change: Change, by: Actor, name: str, *, keeper: str | None) -> None:
    """Owner or finance of the existing envelope; for a new one, who names themselves in either role, or workspace finance.

    A workload that belongs to somebody (`keeper`) already gets its first envelope from them or from the finance team.
    """
    people = before.terms.people if before else change.terms.people
    if before is None and keeper not in (None, by.id) and not by.is_finance:
        raise NotAllowed(f"{name} belongs to <@{keeper}>. Ask them or the finance team to set its envelope.")
    if before is None and not by.is_finance and by.id not in (people.owner, people.finance):
        raise NotAllowed(
            f"A new envelope is set by its owner or the finance team. Ask <@{people.owner}> to set the one for {name}."
        )
    by.require_steward(people, f"change the envelope of {name}")


async def _ask_sponsor(
    tx: Transaction, before: Envelope, change: Change, loose: tuple[str, ...], *, cycle: Cycle, by: Actor, now: datetime
) -> ChangeRequest:
    people = before.terms.people
    if by.id == people.sponsor and people.deputy is None:
        raise NotAllowed(
            "You are the sponsor, and nobody decides on their own request. Let the owner ask, or name a deputy first with deputy=@name."
        )
    await _supersede(tx, before.workload_id, now)
    draft = ChangeRequest(
        0, before.workload_id, before.workload, cycle, before.revision, before.lasting(cycle), change, people, loose, by.id, now
    )  # fmt: skip
    number = await tx.requests.add(draft)
    recipient = people.sponsor if by.id != people.sponsor else people.deputy
    assert recipient is not None
    await tx.outbox.add(
        f"request/{number}/{recipient}", "request", recipient, facts={"request_id": number}, at=now, request_id=number,
        subject=f"request/{number}",
    )  # fmt: skip
    await tx.audit.append(
        at=now, actor=by.id, act="asked the sponsor", subject=before.workload,
        detail={"request": number, "changes": list(loose), "usd": usd(change.nanos), "nanos": change.nanos, **columns_of(change.terms)},
    )  # fmt: skip
    stored = await tx.requests.of(number)
    assert stored is not None
    if leave := (await tx.leaves.of((recipient,), now=now)).get(recipient):
        await put_raise_before_deputy(tx, stored, leave, now=now)
    return stored


def _notes(name: str, change: Change, spent_nanos: int, *, created: bool) -> tuple[str, ...]:
    found = []
    if spent_nanos >= change.nanos * round(change.terms.soft_share * 10_000) // 10_000 and spent_nanos:
        is_past = spent_nanos >= change.nanos * round(change.terms.hard_share * 10_000) // 10_000
        found.append(f"That is past the {'hard' if is_past else 'soft'} threshold already.")
    if name == UNATTRIBUTED:
        found.append(_GUESS)
    if created:
        found.append(
            f"{name} is new and has no rule yet, so no usage counts to it. Add one with `/budget workload add {name} feature=…`."
        )
    return tuple(found)


def _plain(nanos: int | None) -> str:
    return usd(nanos).replace("$", "").replace(",", "") if nanos else "4000"


def _mention(person: str, otherwise: str) -> str:
    return f"<@{person}>" if person else otherwise
