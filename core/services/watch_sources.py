"""How each source fares: when it was last heard, how late it is, and how far its numbers can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from core.posting import QUALITIES, QUALITY, Row
from core.source_health import HABIT_DAYS, Condition, SecondOpinion, SourceHealth, health_of
from core.store.columns import instant
from core.store.source_days import Arrivals
from core.store.unit_of_work import UnitOfWork


class Counted(Protocol):
    """The part of a receipt that a source's record needs."""

    @property
    def duplicates(self) -> int: ...

    @property
    def rejected(self) -> Sequence[tuple[int, str]]: ...


def arrivals_of(receipt: Counted, counted: Sequence[Row], *, refused: int, folded: int) -> Arrivals:
    """One batch as its source's record keeps it.

    `refused` items were no events at all; `folded` ones are duplicates because another source reported them first.
    """
    qualities = Counter(row[QUALITY] for row in counted)
    named = {QUALITIES[place].value: count for place, count in qualities.items()}
    return Arrivals(
        accepted=len(counted), duplicates=receipt.duplicates - folded, folded=folded, rejected=len(receipt.rejected) + refused,
        partial=named.get("partial", 0), guessed=named.get("guessed", 0), missing=named.get("missing", 0),
        repaired=named.get("repaired", 0), unpriced=sum(row[15] is None for row in counted),
        latest_event_at=instant(max(row[2] for row in counted)) if counted else None,
    )  # fmt: skip


async def sources_health(uow: UnitOfWork, *, now: datetime) -> tuple[SourceHealth, ...]:
    """Every source that may send usage, the gravest state first; revoked ones only while they still matter."""
    since = now.date() - timedelta(days=HABIT_DAYS - 1)
    async with uow.read() as tx:
        sources = await tx.sources.all()
        days = await tx.source_days.by_day(since)
    found = [
        health_of(
            source.name, days.get(source.id, []),
            is_live=source.has_token, is_revoked=_is_over(source.revoked_at, source.expires_at, now), now=now,
        )
        for source in sources
        if "usage" in source.scopes or not source.has_token
    ]  # fmt: skip
    gravity = list(Condition)
    shown = [one for one in found if one.condition is not Condition.REVOKED or one.last_seen_at]
    order = {condition: place for place, condition in enumerate(gravity)}
    # Where nothing can be done any more comes last.
    order[Condition.REVOKED] = len(order)
    return tuple(sorted(shown, key=lambda one: (order[one.condition], -one.recent.accepted, one.name)))


async def second_opinions(uow: UnitOfWork) -> tuple[SecondOpinion, ...]:
    """The reports that were ever pulled from providers, by name."""
    async with uow.read() as tx:
        return tuple(SecondOpinion(one.name, one.pulled_at, one.problem) for one in await tx.cursors.all())


def _is_over(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    return revoked_at is not None or (expires_at is not None and expires_at <= now)
