"""Tags: look at their values, merge spellings into one value, and re-label past usage on request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from core.attribution import Labels
from core.errors import OutOfRange, UnknownName
from core.people import Actor
from core.period import Cycle
from core.services.reattribute_usage import cycle_back
from core.spelling import nearest
from core.store.columns import day_number, micros
from core.store.projections import rebuild
from core.store.unit_of_work import Transaction, UnitOfWork
from core.tag_review import TagReview, review, tag_names
from core.tags import Aliases
from core.usage import CLOCK_SLACK, DIMENSIONS, MAX_TAG_VALUE

REVIEWED_DAYS: Final = 30
_MOST_VALUES: Final = 50
_PART: Final = 500


@dataclass(frozen=True, slots=True)
class MergeOutcome:
    """Spellings that count as `value` from now on, and past usage that was re-labelled; money in nanos."""

    dimension: str
    spellings: tuple[str, ...]
    value: str
    months: int
    requests: int
    nanos: int


async def review_tags(uow: UnitOfWork, *, now: datetime) -> tuple[TagReview, ...]:
    """Every tag of the last 30 days; the known dimensions first, then own tags by name."""
    sums, aliases = await _recent(uow, now)
    names = tag_names(labels for labels, _, _ in sums)
    ordered = [name for name in DIMENSIONS if name in names] + [name for name in names if name not in DIMENSIONS]
    return await asyncio.to_thread(lambda: tuple(review(name, sums, aliases) for name in ordered))


async def review_tag(uow: UnitOfWork, dimension: str, *, now: datetime) -> TagReview:
    """One tag of the last 30 days. Raises UnknownName where no usage carries it and it is no known dimension."""
    sums, aliases = await _recent(uow, now)
    names = tag_names(labels for labels, _, _ in sums)
    if dimension not in (*names, *DIMENSIONS):
        close = nearest(dimension, [*names, *DIMENSIONS])
        hint = f" Did you mean {close}?" if close else ""
        raise UnknownName(
            f"No usage of the last {REVIEWED_DAYS} days carries a tag “{dimension[:60]}”.{hint}",
            correction=f"/budget tags {close}" if close else "/budget tags",
        )
    return review(dimension, sums, aliases)


async def _recent(uow: UnitOfWork, now: datetime) -> tuple[list[tuple[Labels, int, int]], Aliases]:
    today = now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        rows = await tx.spend.by_series(today - timedelta(days=REVIEWED_DAYS - 1), today)
        labels, aliases = await tx.series.all(), await tx.tags.aliases()
    return [(labels[series], nanos, requests) for _, series, nanos, requests in rows], aliases


async def merge_values(
    uow: UnitOfWork, dimension: str, spellings: Sequence[str], value: str, *, by: Actor, now: datetime, months: int = 0
) -> MergeOutcome:
    """Let these spellings count as `value` from the next event on, and with `months` re-label usage that far back.

    Re-labelling changes labels only: every request stays with its workload and every total is what it was.
    Raises NotAllowed for anybody but finance, OutOfRange, NameTaken for spellings that would stand for each other.
    """
    by.require_finance("merge tag values")
    if not 1 <= len(spellings) <= _MOST_VALUES or any(
        not one.strip() or len(one) > MAX_TAG_VALUE or not one.isprintable() for one in (*spellings, value)
    ):
        raise OutOfRange(f"A merge takes 1 to {_MOST_VALUES} values of at most {MAX_TAG_VALUE} visible characters.")
    async with uow.write() as tx:
        await tx.audit.hold()
        await tx.meta.next_version()
        aliases = await tx.tags.aliases()
        for spelling in spellings:
            aliases = aliases.with_pair(dimension, spelling, value)
        await tx.tags.save(aliases, by=by.id, at=now)
        # Read back: the value may be a spelling of yet another one.
        kept = aliases.value(dimension, spellings[0])
        detail: dict[str, object] = {"tag": dimension, "spellings": list(spellings), "value": kept}
        await tx.audit.append(at=now, actor=by.id, act="merged tag values", subject=f"tag {dimension}", detail=detail)
        done = await _relabel(tx, dimension, aliases, months=months, now=now) if months else (0, 0)
        if months:
            detail = {"tag": dimension, "value": kept, "requests": done[0], "nanos": done[1], "months": months}
            await tx.audit.append(
                at=now, actor=by.id, act="re-labelled usage", subject=f"tag {dimension}", detail=detail
            )
    return MergeOutcome(dimension, tuple(spellings), kept, months, *done)


async def drop_alias(uow: UnitOfWork, dimension: str, spelling: str, *, by: Actor, now: datetime) -> str:
    """Let a spelling be a value of its own again, from the next event on; the value it stood for.

    What was re-labelled stays as it is. Raises NotAllowed, UnknownName.
    """
    by.require_finance("merge tag values")
    async with uow.write() as tx:
        await tx.audit.hold()
        aliases = await tx.tags.aliases()
        value = aliases.value(dimension, spelling)
        if all((name, known) != (dimension, spelling.casefold()) for name, known, _ in aliases):
            raise UnknownName(f"“{spelling[:60]}” is no other spelling of a {dimension} any more.")
        await tx.tags.save(aliases.without(dimension, spelling), by=by.id, at=now)
        detail: dict[str, object] = {"tag": dimension, "spelling": spelling, "value": value}
        await tx.audit.append(at=now, actor=by.id, act="took an alias back", subject=f"tag {dimension}", detail=detail)
        await tx.meta.next_version()
    return value


async def _relabel(tx: Transaction, dimension: str, aliases: Aliases, *, months: int, now: datetime) -> tuple[int, int]:
    """Give past usage the labels it would get now: (requests, nanos) of what was re-labelled."""
    since = cycle_back(Cycle.of(now, tx.zone), months)
    latest = now + 2 * CLOCK_SLACK
    rows = await tx.spend.by_series(since.first_on, latest.astimezone(tx.zone).date())
    labels = await tx.series.of({row[1] for row in rows})
    wanted: dict[int, Labels] = {}
    for number, one in labels.items():
        tags = tuple((name, aliases.value(name, value) if name == dimension else value) for name, value in one.tags)
        if tags != one.tags:
            wanted[number] = replace(one, tags=tags)
    if not wanted:
        return 0, 0
    await tx.tags.know([(dimension, aliases.value(dimension, value), day_number(now.date()))
                        for one in wanted.values() for name, value in one.tags if name == dimension])  # fmt: skip
    numbers = await tx.series.intern(set(wanted.values()))
    pairs = [(old, numbers[one]) for old, one in sorted(wanted.items())]
    starts = since.starts_at(tx.zone)
    for start in range(0, len(pairs), _PART):
        part = pairs[start : start + _PART]
        await tx.journal.relabel(part, since_micros=micros(starts), until_micros=micros(latest))
    touched = sorted({number for pair in pairs for number in pair})
    for start in range(0, len(touched), _PART):
        await rebuild(tx.connection, tx.zone, series_ids=touched[start : start + _PART], since=starts)
    changed = [row for row in rows if row[1] in wanted]
    return sum(row[3] for row in changed), sum(row[2] for row in changed)
