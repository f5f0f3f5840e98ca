"""Workloads and rules: list them, add a rule with or without re-attributing past usage, take one away and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from core.errors import NameTaken, Outdated
from core.moves import shifts
from core.people import Actor
from core.period import Cycle
from core.services.preview_rules import find_rule, is_same
from core.services.reattribute_usage import carry_out, cycle_back, plan, write_down
from core.services.rule_book import require_right, rule_book
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED_ID, Rule, Workload, make_rule, workload_name


@dataclass(frozen=True, slots=True)
class WorkloadListing:
    """One workload with its rules and this cycle's spend in nanos."""

    name: str
    owner: str | None
    rules: tuple[Rule, ...]
    spent_nanos: int
    requests: int
    has_envelope: bool


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A rule that was added; `created` when its workload is new; what was re-attributed out of
    `unattributed`, in nanos, over how many months."""

    workload: Workload
    rule: Rule
    created: bool
    moved_requests: int
    moved_nanos: int
    months: int = 1


async def list_workloads(uow: UnitOfWork, *, now: datetime) -> tuple[WorkloadListing, ...]:
    """All workloads, most spend of the cycle first."""
    cycle = Cycle.of(now, uow.zone)
    async with uow.read() as tx:
        workloads = await tx.workloads.all()
        spent = await tx.spend.by_workload(cycle.first_on, cycle.last_on)
        envelopes = await tx.envelopes.all()
    listings = [
        WorkloadListing(known.name, known.owner, known.rules, sums.cost_nanos, sums.requests, known.id in envelopes)
        for known in workloads
        for sums in [spent.get(known.id, Spent())]
    ]
    return tuple(sorted(listings, key=lambda listing: (-listing.spent_nanos, listing.name)))


async def add_rule(
    uow: UnitOfWork, name: str, pairs: dict[str, str], *, by: Actor, reattribute: bool, now: datetime, months: int = 1
) -> RuleOutcome:
    """Add a rule, and its workload when it is new; it decides from the next event on.

    With `reattribute`, usage of the last `months` cycles (the current one included) that is unattributed and matches
    moves over, in the journal and in the projections, and the audit says so. Raises NotAllowed, NameTaken for a rule that exists.
    """
    name, rule = workload_name(name), make_rule(pairs)
    try:
        return await _add_rule(uow, name, rule, by=by, months=months if reattribute else 0, now=now)
    except IntegrityError as met:
        raise NameTaken(
            f"Somebody else added {name} at the same moment. Look at it with `/budget workload rules {name}`."
        ) from met


async def _add_rule(uow: UnitOfWork, name: str, rule: Rule, *, by: Actor, months: int, now: datetime) -> RuleOutcome:
    async with uow.write() as tx:
        workloads = await tx.workloads.all()
        existing = next((known for known in workloads if known.name == name), None)
        await require_right(tx, existing, by, name)
        _require_new(workloads, rule)
        number = existing.id if existing else await tx.workloads.add(name, by.id, at=now)
        if not existing:
            await tx.audit.append(at=now, actor=by.id, act="added workload", subject=name, detail={"owner": by.id})
        stored = await tx.workloads.add_rule(number, rule, at=now)
        await tx.audit.append(at=now, actor=by.id, act="added rule", subject=name, detail={"rule": str(rule)})
        await tx.meta.next_version()
        moved = await _claim(tx, number, rule, months=months, by=by, now=now) if months else (0, 0)
        workload = next(known for known in await tx.workloads.all() if known.id == number)
    return RuleOutcome(workload, stored, existing is None, *moved, months=max(1, months))


async def _claim(tx: Transaction, number: int, rule: Rule, *, months: int, by: Actor, now: datetime) -> tuple[int, int]:
    """Move unattributed usage that now belongs to the workload: (requests, nanos) moved."""
    since = cycle_back(Cycle.of(now, tx.zone), months)
    book = await rule_book(tx)
    found = await plan(tx, book, rule, since=since, now=now, only_from=UNATTRIBUTED_ID)
    planned = [move for move in found if move.target == number]
    await carry_out(tx, planned, since=since, now=now)
    moved = shifts(planned, book.names)
    await write_down(tx, rule, moved, since=since, by=by, now=now)
    return sum(one.requests for one in moved), sum(one.nanos for one in moved)


async def remove_rule(
    uow: UnitOfWork, rule_id: int, *, by: Actor, now: datetime, pairs: dict[str, str] | None = None
) -> Workload:
    """Take a rule away; what it attributed so far stays where it is.

    Args:
      pairs: the conditions that the person saw; a number can name another rule by now.

    Raises NotAllowed, UnknownName, Outdated.
    """
    async with uow.write() as tx:
        workload, rule = find_rule(await tx.workloads.all(), rule_id)
        if pairs is not None and not is_same(rule, make_rule(pairs)):
            raise Outdated("This rule has changed since it was shown. Look at the rules again.")
        await require_right(tx, workload, by, workload.name)
        await tx.workloads.remove_rule(rule_id)
        await tx.audit.append(
            at=now, actor=by.id, act="removed rule", subject=workload.name, detail={"rule": str(rule)}
        )
        await tx.meta.next_version()
    return replace(workload, rules=tuple(kept for kept in workload.rules if kept.id != rule_id))


async def restore_rule(
    uow: UnitOfWork, name: str, pairs: dict[str, str], *, rule_id: int, by: Actor, now: datetime
) -> RuleOutcome:
    """Bring a removed rule back with its old number, and so with its old place among equals, where that is still free.

    Raises NotAllowed, NameTaken, UnknownName.
    """
    rule = make_rule(pairs)
    async with uow.write() as tx:
        # Two people who undo at once must not both find the number free.
        await tx.audit.hold()
        workloads = await tx.workloads.all()
        workload = next((known for known in workloads if known.name == name), None)
        if workload is None:
            raise Outdated(f"There is no workload {name} any more.")
        await require_right(tx, workload, by, name)
        _require_new(workloads, rule)
        taken = any(one.id == rule_id for known in workloads for one in known.rules)
        stored = await tx.workloads.add_rule(workload.id, rule, at=now, number=None if taken else rule_id)
        await tx.audit.append(at=now, actor=by.id, act="restored rule", subject=name, detail={"rule": str(rule)})
        await tx.meta.next_version()
        workload = next(known for known in await tx.workloads.all() if known.id == workload.id)
    return RuleOutcome(workload, stored, False, 0, 0)


def _require_new(workloads: tuple[Workload, ...], rule: Rule) -> None:
    for known in workloads:
        if any(is_same(rule, other) for other in known.rules):
            raise NameTaken(f"The rule {rule} exists already; it counts to {known.name}. Make this one more precise.")
