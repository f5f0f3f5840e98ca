"""Two sources report the same calls: what they share, the choice which one counts, and its undoing. Audited; finance only.

What the other source reports stays in the journal and is in no sum. Taking it out of what is booked already is a choice of
its own; frozen months get an adjustment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from core.close import Because, Figure, Place
from core.double_capture import Overlap, SourceRule, SourceUse, overlap_of
from core.errors import NotAllowed, OutOfRange, UnknownName
from core.people import Actor
from core.period import Cycle
from core.services.build_estimate import bounds
from core.services.close_month import adjustment, record_adjustments
from core.store.capture_rows import Part
from core.store.columns import instant
from core.store.projections import rebuild
from core.store.unit_of_work import Transaction, UnitOfWork

FARTHEST: Final = timedelta(days=400)
_LEAST_SHARE: Final = 100
"""A pair is shown where it shares at least a hundredth of the lesser source's calls: single ones agree by chance."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`checks` is the number of the source that only checks, `counts` that of the other; from an aware instant on."""

    provider: str
    counts: int
    checks: int
    from_at: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """What a choice does to the books.

    Attributes:
      by_workload: nanos of the checking source since the choice's day, by workload, the most first.
      adjusted: frozen months that would get an adjustment, or got one.
    """

    requests: int
    nanos: int
    by_workload: tuple[tuple[str, int], ...]
    adjusted: tuple[Cycle, ...] = ()


async def overlaps(uow: UnitOfWork, provider: str, month: Cycle) -> tuple[Overlap, ...]:
    """Pairs of sources that report the same calls of a provider's month (UTC), the costliest first; empty without any."""
    starts_at, ends_at = bounds(month)
    async with uow.read() as tx:
        names = {source.id: source.name for source in await tx.sources.all()}
        uses = await tx.captures.uses(provider, starts_at, ends_at)
        shared: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        for one in await tx.captures.twins(provider, starts_at, ends_at):
            # Either of the two may have been the first.
            turned = one.first > one.second
            pair = (one.second, one.first) if turned else (one.first, one.second)
            costs = (one.second_nanos, one.first_nanos) if turned else (one.first_nanos, one.second_nanos)
            shared[pair] = [sum(two) for two in zip(shared[pair], (one.requests, *costs), strict=True)]
    found = []
    for pair, (requests, *spent) in shared.items():
        sides = [
            SourceUse(one, names[one], *uses[one], requests, nanos) for one, nanos in zip(pair, spent, strict=True)
        ]
        if requests * _LEAST_SHARE >= min(side.requests for side in sides):
            found.append(overlap_of(provider, *sides))
    return tuple(sorted(found, key=lambda pair: -pair.other.shared_nanos))


async def rules(uow: UnitOfWork) -> tuple[SourceRule, ...]:
    """The choices that hold, the oldest first."""
    async with uow.read() as tx:
        return await tx.captures.standing()


async def preview_choice(uow: UnitOfWork, choice: Choice, *, by: Actor, now: datetime) -> Effect:
    """What taking the checking source out of the books since the choice's day would do. Changes nothing.

    Raises NotAllowed, OutOfRange, UnknownName.
    """
    async with uow.read() as tx:
        await _require(tx, choice, by=by, now=now)
        parts = await tx.captures.parts(choice.checks, await _series(tx, choice.provider), choice.from_at)
        months = sorted({_month(part, uow) for part in parts})
        return await _effect(tx, parts, tuple([month for month in months if await tx.closings.is_frozen(month)]))


async def choose_source(
    uow: UnitOfWork, choice: Choice, *, takes_out: bool, by: Actor, now: datetime
) -> tuple[SourceRule, Effect]:
    """Let one source count from now on; with `takes_out` also set aside what the other one has booked since the choice's day.

    Raises NotAllowed for anybody but finance, OutOfRange for a source that cannot only check, a choice that turns another one
    round, or a day too long ago; UnknownName.
    """
    # Without taking out, what is booked already goes on to count: the rule begins now.
    begins = choice.from_at if takes_out else now
    async with uow.write() as tx:
        # In the order that all keep: the chain of the audit, then the books, so that nothing is recorded meanwhile.
        await tx.audit.hold()
        await tx.meta.next_version()
        names = await _require(tx, choice, by=by, now=now)
        rule = SourceRule(
            0, choice.provider, choice.counts, names[choice.counts], choice.checks, names[choice.checks], begins, by.id, now
        )  # fmt: skip
        rule = replace(rule, id=await tx.captures.add(rule))
        effect = await _moved(tx, uow, rule, aside=True, by=by, now=now)
        await _write_down(tx, "let one source count", rule, effect, by=by, now=now)
    return rule, effect


async def undo_choice(uow: UnitOfWork, number: int, *, by: Actor, now: datetime) -> tuple[SourceRule, Effect]:
    """Let both sources count again: what the rule has set aside since its day comes back into the sums.

    Raises NotAllowed, UnknownName for a rule that does not hold any more.
    """
    by.require_finance("say which source counts")
    async with uow.write() as tx:
        await tx.audit.hold()
        await tx.meta.next_version()
        rule = next((one for one in await tx.captures.standing() if one.id == number), None)
        if rule is None or not await tx.captures.undo(number, by=by.id, at=now):
            raise UnknownName("Both sources count already. Look at them.", correction="/budget sources")
        effect = await _moved(tx, uow, rule, aside=False, by=by, now=now)
        await _write_down(tx, "let both sources count", rule, effect, by=by, now=now)
    return rule, effect


async def _require(tx: Transaction, choice: Choice, *, by: Actor, now: datetime) -> dict[int, str]:
    """Names of all sources, once the choice can be made. Raises NotAllowed, OutOfRange, UnknownName."""
    by.require_finance("say which source counts")
    if not now - FARTHEST <= choice.from_at <= now:
        raise OutOfRange(f"A source is let to check from a day of the last {FARTHEST.days} days on.")
    kept_since = await tx.months.kept_since()
    if kept_since and choice.from_at < kept_since:
        raise OutOfRange(f"Events before {kept_since:%Y-%m-%d} were let go. Begin at that day or later.")
    known = {source.id: source for source in await tx.sources.all()}
    if choice.counts not in known or choice.checks not in known or choice.counts == choice.checks:
        raise UnknownName("One of these sources is not there any more. Look at them.", correction="/budget sources")
    if "guard" in known[choice.checks].scopes:
        raise NotAllowed(
            f"{known[choice.checks].name[:80]} asks the guard, which has to count what it allowed. Let the other one check."
        )
    for rule in await tx.captures.standing():
        if rule.provider == choice.provider and (
            choice.checks in (rule.checks, rule.counts) or choice.counts == rule.checks
        ):
            # A circle would leave calls that nobody counts.
            raise OutOfRange(
                f"{rule.counts_name[:80]} counts and {rule.checks_name[:80]} only checks already. Undo that first.",
                correction="/budget sources",
            )
    return {number: source.name for number, source in known.items()}


async def _series(tx: Transaction, provider: str) -> list[int]:
    return sorted(number for number, labels in (await tx.series.all()).items() if labels.provider == provider)


async def _moved(
    tx: Transaction, uow: UnitOfWork, rule: SourceRule, *, aside: bool, by: Actor, now: datetime
) -> Effect:
    """Set the checking source's rows since the rule's day aside, or take them back in."""
    series = await _series(tx, rule.provider)
    parts = await tx.captures.parts(rule.checks, series, rule.from_at, aside=not aside)
    if not parts:
        return Effect(0, 0, ())
    await tx.captures.move(rule.checks, series, rule.from_at, aside=aside)
    await rebuild(tx.connection, uow.zone, series_ids=series, since=rule.from_at)
    changes: dict[Cycle, dict[Place, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    sign = -1 if aside else 1
    for part in parts:
        place = changes[_month(part, uow)][Place(part.workload_id, rule.provider)]
        place[0] += sign * part.nanos
        place[1] += sign * part.requests
    adjusted = []
    for cycle in sorted(changes):
        if await tx.closings.is_frozen(cycle):
            found = [
                adjustment(cycle, place, Figure(*figure), Because.COUNTED_TWICE, uow=uow, by=by.id, now=now)
                for place, figure in changes[cycle].items()
            ]
            await record_adjustments(tx, found, now=now)
            adjusted.append(cycle)
    return await _effect(tx, parts, tuple(adjusted))


def _month(part: Part, uow: UnitOfWork) -> Cycle:
    return Cycle.of(instant(part.hour * 1_000_000), uow.zone)


async def _effect(tx: Transaction, parts: Sequence[Part], adjusted: tuple[Cycle, ...] = ()) -> Effect:
    names = {workload.id: workload.name for workload in await tx.workloads.all()}
    by_workload: dict[str, int] = defaultdict(int)
    for part in parts:
        by_workload[names[part.workload_id]] += part.nanos
    ordered = tuple(sorted(by_workload.items(), key=lambda pair: (-pair[1], pair[0])))
    return Effect(sum(part.requests for part in parts), sum(part.nanos for part in parts), ordered, adjusted)


async def _write_down(tx: Transaction, act: str, rule: SourceRule, effect: Effect, *, by: Actor, now: datetime) -> None:
    detail: dict[str, object] = {
        "provider": rule.provider, "counts": rule.counts_name, "checks": rule.checks_name, "from": rule.from_at.isoformat(),
        "requests": effect.requests, "nanos": effect.nanos,
    }  # fmt: skip
    await tx.audit.append(at=now, actor=by.id, act=act, subject=rule.provider, detail=detail)
