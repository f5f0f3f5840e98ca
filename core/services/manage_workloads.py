"""Workloads and rules: list, preview what a rule would catch, add it with or without re-attributing this cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError

from core.attribution import Attribution, Labels, matches
from core.errors import NameTaken, NotAllowed, UnknownName
from core.people import Actor
from core.period import Cycle
from core.services.names import resolve
from core.standing import Catch
from core.store.columns import micros
from core.store.projections import rebuild
from core.store.spend_rows import Spent
from core.store.unit_of_work import Transaction, UnitOfWork
from core.workload import UNATTRIBUTED, UNATTRIBUTED_ID, Rule, Workload, make_rule, workload_name

_PREVIEW_DAYS = 30
_EXAMPLES = 5


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
    """A rule that was added; `created` when its workload is new; what was re-attributed out of `unattributed`, in nanos."""

    workload: Workload
    rule: Rule
    created: bool
    moved_requests: int
    moved_nanos: int


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


async def preview_rule(uow: UnitOfWork, name: str, pairs: dict[str, str], *, now: datetime) -> Catch:
    """What the rule would catch of the last 30 days, given all other rules. Raises OutOfRange, UnknownName."""
    name, rule = workload_name(name), make_rule(pairs)
    async with uow.read() as tx:
        workloads = await tx.workloads.all()
        return await _catch(
            tx, workloads, name, (rule,), now=now, cycle=Cycle.of(now, uow.zone), today=_today(uow, now)
        )


async def rules_of(uow: UnitOfWork, name: str, *, now: datetime) -> tuple[Workload, Catch]:
    """A workload with its rules, and what those caught over the last 30 days. Raises UnknownName."""
    async with uow.read() as tx:
        number, _ = await resolve(tx, name, command="/budget workload rules")
        workloads = await tx.workloads.all()
        workload = next(known for known in workloads if known.id == number)
        catch = await _catch(
            tx, workloads, workload.name, workload.rules, now=now, cycle=Cycle.of(now, uow.zone), today=_today(uow, now)
        )
        return workload, catch


async def add_rule(
    uow: UnitOfWork, name: str, pairs: dict[str, str], *, by: Actor, reattribute: bool, now: datetime
) -> RuleOutcome:
    """Add a rule, and its workload when it is new; it decides from the next event on.

    With `reattribute`, usage of the current cycle that is unattributed and matches moves over, in the journal and in
    the projections, and the audit says so. Raises NotAllowed, NameTaken for a rule that exists already.
    """
    name, rule = workload_name(name), make_rule(pairs)
    try:
        return await _add_rule(uow, name, rule, by=by, reattribute=reattribute, now=now)
    except IntegrityError as met:
        raise NameTaken(
            f"Somebody else added {name} at the same moment. Look at it with `/budget workload rules {name}`."
        ) from met


async def _add_rule(
    uow: UnitOfWork, name: str, rule: Rule, *, by: Actor, reattribute: bool, now: datetime
) -> RuleOutcome:
    async with uow.write() as tx:
        workloads = await tx.workloads.all()
        existing = next((known for known in workloads if known.name == name), None)
        await _require_right(tx, existing, by, name)
        for known in workloads:
            if any(_same(rule, other) for other in known.rules):
                raise NameTaken(
                    f"The rule {rule} exists already; it counts to {known.name}. Make this one more precise."
                )
        number = existing.id if existing else await tx.workloads.add(name, by.id, at=now)
        if not existing:
            await tx.audit.append(at=now, actor=by.id, act="added workload", subject=name, detail={"owner": by.id})
        stored = await tx.workloads.add_rule(number, rule, at=now)
        await tx.audit.append(at=now, actor=by.id, act="added rule", subject=name, detail={"rule": str(rule)})
        await tx.meta.next_version()
        moved = (0, 0)
        if reattribute:
            moved = await _reattribute(tx, number, rule, cycle=Cycle.of(now, uow.zone), uow=uow)
            detail: dict[str, object] = {
                "rule": str(rule),
                "requests": moved[0],
                "nanos": moved[1],
                "from": UNATTRIBUTED,
            }
            await tx.audit.append(at=now, actor=by.id, act="re-attributed usage", subject=name, detail=detail)
        workload = next(known for known in await tx.workloads.all() if known.id == number)
    return RuleOutcome(workload, stored, existing is None, *moved)


async def remove_rule(uow: UnitOfWork, rule_id: int, *, by: Actor, now: datetime) -> Workload:
    """Take a rule away; what it attributed so far stays where it is. Raises NotAllowed, UnknownName."""
    async with uow.write() as tx:
        workloads = await tx.workloads.all()
        found = next(((known, rule) for known in workloads for rule in known.rules if rule.id == rule_id), None)
        if found is None:
            raise UnknownName("This rule does not exist any more.")
        workload, rule = found
        await _require_right(tx, workload, by, workload.name)
        await tx.workloads.remove_rule(rule_id)
        await tx.audit.append(
            at=now, actor=by.id, act="removed rule", subject=workload.name, detail={"rule": str(rule)}
        )
        await tx.meta.next_version()
    return replace(workload, rules=tuple(kept for kept in workload.rules if kept.id != rule_id))


async def _require_right(tx: Transaction, workload: Workload | None, by: Actor, name: str) -> None:
    """Anybody may add a workload that is new and becomes its owner; an existing one belongs to its owner and to finance."""
    if workload is None or by.is_finance:
        return
    envelope = await tx.envelopes.of(workload.id)
    if envelope:
        by.require_steward(envelope.terms.people, f"change the rules of {name}")
    elif workload.owner != by.id:
        who = f"<@{workload.owner}> or the finance team" if workload.owner else "the finance team"
        raise NotAllowed(f"{name} belongs to somebody else. Ask {who} to change its rules.")


async def _catch(
    tx: Transaction,
    workloads: tuple[Workload, ...],
    name: str,
    rules: tuple[Rule, ...],
    *,
    now: datetime,
    cycle: Cycle,
    today: date,
) -> Catch:
    """Replay attribution over the label sets of the last 30 days with these rules in place."""
    since = today - timedelta(days=_PREVIEW_DAYS - 1)
    labels = await tx.series.all()
    recent = await tx.spend.by_series(since, today)
    this_cycle = await tx.spend.by_series(cycle.first_on, today)
    numbers = {known.id: known.name for known in workloads}
    wins = _winner(workloads, name, rules)
    moves: dict[str, list[int]] = {}
    examples: list[str] = []
    for workload_id, series_id, nanos, requests in sorted(recent, key=lambda row: -row[2]):
        if not wins(labels[series_id]):
            continue
        sums = moves.setdefault(numbers.get(workload_id, UNATTRIBUTED), [0, 0])
        sums[0] += requests
        sums[1] += nanos
        if len(examples) < _EXAMPLES and (text := described(labels[series_id])) not in examples:
            examples.append(text)
    waiting = [row for row in this_cycle if row[0] == UNATTRIBUTED_ID and wins(labels[row[1]])]
    ordered = sorted(((where, sums[0], sums[1]) for where, sums in moves.items()), key=lambda move: (-move[2], move[0]))
    return Catch(
        since=since, requests=sum(move[1] for move in ordered), spent_nanos=sum(move[2] for move in ordered),
        moves=tuple(ordered), examples=tuple(examples),
        unattributed_requests=sum(row[3] for row in waiting), unattributed_nanos=sum(row[2] for row in waiting),
    )  # fmt: skip


def _winner(workloads: tuple[Workload, ...], name: str, rules: tuple[Rule, ...]) -> Callable[[Labels], bool]:
    """A test: would these labels count to this workload by one of these rules, given every other rule?"""
    number = next((known.id for known in workloads if known.name == name), -1)
    newest = 1 + max((rule.id for known in workloads for rule in known.rules), default=0)
    proposed = tuple(Rule(rule.conditions, number, rule.id or newest) for rule in rules)
    numbers = {rule.id for rule in proposed}
    kept = next((known for known in workloads if known.id == number), Workload(number, name, None))
    own = (*(rule for rule in kept.rules if rule.id not in numbers), *proposed)
    attribution = Attribution([*(known for known in workloads if known.id != number), replace(kept, rules=own)])
    return lambda labels: any(matches(rule, labels) for rule in rules) and attribution.workload_for(labels) == number


async def _reattribute(tx: Transaction, number: int, rule: Rule, *, cycle: Cycle, uow: UnitOfWork) -> tuple[int, int]:
    """Move this cycle's unattributed usage that now belongs to the workload: (requests, nanos) moved."""
    attribution = Attribution(await tx.workloads.all())
    labels = await tx.series.all()
    here = [row for row in await tx.spend.by_series(cycle.first_on, cycle.last_on) if row[0] == UNATTRIBUTED_ID]
    moved = [
        row for row in here if matches(rule, labels[row[1]]) and attribution.workload_for(labels[row[1]]) == number
    ]
    if not moved:
        return 0, 0
    series_ids = [row[1] for row in moved]
    starts, ends = cycle.starts_at(uow.zone), cycle.ends_at(uow.zone)
    await tx.journal.move(
        series_ids,
        from_workload=UNATTRIBUTED_ID,
        to_workload=number,
        since_micros=micros(starts),
        until_micros=micros(ends),
    )
    await rebuild(tx.connection, uow.zone, series_ids=series_ids, since=starts)
    return sum(row[3] for row in moved), sum(row[2] for row in moved)


def described(labels: Labels) -> str:
    """A label set for a person to read: `gpt-4.1 feature=search team=discovery`, or `no tags`."""
    tags = " ".join(f"{name}={value}" for name, value in labels.tags) or "no tags"
    return f"{labels.model} {tags}"


def _same(one: Rule, other: Rule) -> bool:
    return [(n, v.casefold()) for n, v in one.conditions] == [(n, v.casefold()) for n, v in other.conditions]


def _today(uow: UnitOfWork, now: datetime) -> date:
    return now.astimezone(uow.zone).date()
