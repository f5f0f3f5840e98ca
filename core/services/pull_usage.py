"""Pull a provider's own reports: from the cursor on, the open days again, each window replaced as a whole.

What is pulled is kept beside the books as a second opinion and enters no sum of spend (see `core.pulling.SourceRole`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from core.errors import BudgetError, KeyRefused, Unavailable, Unreadable
from core.intake.record import Taken
from core.pulling import USD, Cursor, ProviderBucket, Window, bucket_of_cost, bucket_of_usage, first_day, windows
from core.store.unit_of_work import UnitOfWork

MAX_BUCKETS: Final = 200_000
"""Rows of one window. A month of 200 keys with 20 models each is 124 000; more has to be split at the provider."""
_MAX_PROBLEM: Final = 500

Clock = Callable[[], datetime]


class Reports(Protocol):
    """A provider's reports, by whoever talks to it."""

    @property
    def provider(self) -> str:
        """As the books name it."""

    @property
    def reports(self) -> tuple[str, ...]:
        """What can be pulled, the most important first."""

    def earliest(self, now: datetime) -> datetime | None:
        """The first midnight that can be asked for, or None when there is no bound."""

    def pages(self, report: str, window: Window) -> AsyncGenerator[Taken, None]:
        """Every page of some days, in order. Raises KeyRefused, Unavailable, Unreadable."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull of one report brought.

    Attributes:
      starts_at, ends_at: the days that were read to their end and are now kept; equal when none were.
      buckets: rows kept.
      problem: why it stopped early, or what was wrong with what was read; None when all is well.
    """

    report: str
    starts_at: datetime
    ends_at: datetime
    buckets: int = 0
    pages: int = 0
    problem: str | None = None
    is_whole: bool = True


@dataclass(slots=True)
class _Read:
    buckets: list[ProviderBucket]
    pages: int = 0
    refused: int = 0
    foreign: int = 0
    problems: tuple[str, ...] = ()

    def problem(self) -> str | None:
        said = list(self.problems)
        if self.refused:
            said.append(f"{self.refused:,} rows could not be read and are left out")
        if self.foreign:
            said.append(f"{self.foreign:,} charges are not in USD and are left out")
        return "; ".join(said)[:_MAX_PROBLEM] or None


async def pull_usage(
    uow: UnitOfWork,
    api: Reports,
    *,
    clock: Clock,
    since: datetime | None = None,
    moved: Callable[[Pulled], None] = lambda _: None,
) -> tuple[Pulled, ...]:
    """Pull every report of a provider.

    One report that fails does not keep the others from being read; a refused key ends the pull, since none would do
    better. Problems are kept with the cursor and told in the answer, not raised. What was read before one stays.

    Args:
      clock: asked anew for every window, because a long pull crosses midnight.
      since: read from this day on, even if it was read before; aware.
      moved: told after every window.
    """
    done: list[Pulled] = []
    for report in api.reports:
        pulled, refused = await _pull(uow, api, report, clock=clock, since=since, moved=moved)
        done.append(pulled)
        if refused:
            break
    return tuple(done)


async def read_cursors(uow: UnitOfWork, provider: str | None = None) -> tuple[Cursor, ...]:
    """How far each report was read and what was wrong with it; of one provider or of all."""
    async with uow.read() as tx:
        known = await tx.cursors.all()
    return tuple(one for one in known if provider in (None, one.name.partition("/")[0]))


async def _pull(
    uow: UnitOfWork, api: Reports, report: str, *, clock: Clock, since: datetime | None, moved: Callable[[Pulled], None]
) -> tuple[Pulled, bool]:
    cursor = await _begun(uow, api, report, since=since, now=clock())
    start = _first_day(api, cursor, since=since, now=clock())
    state = Pulled(report, start, start)
    for window in windows(start, clock()):
        read_at = clock()
        try:
            read = await _read(api, report, window)
        except (KeyRefused, Unavailable, Unreadable) as wrong:
            await _note(uow, cursor, wrong)
            return replace(state, problem=wrong.message, is_whole=False), isinstance(wrong, KeyRefused)
        added = await _keep(uow, api.provider, report, window, read, cursor=cursor, read_at=read_at)
        state = replace(
            state, ends_at=window.ends_at, buckets=state.buckets + added, pages=state.pages + read.pages,
            problem=read.problem() or state.problem,
        )  # fmt: skip
        moved(state)
    return state, False


async def _begun(uow: UnitOfWork, api: Reports, report: str, *, since: datetime | None, now: datetime) -> Cursor:
    """The report's cursor, made on the first pull and rewound when earlier days are asked for."""
    start = _first_day(api, None, since=since, now=now)
    async with uow.write() as tx:
        cursor = await tx.cursors.locked(Cursor(f"{api.provider}/{report}", start, start))
        if since and (rewound := cursor.rewound(start)) != cursor:
            await tx.cursors.save(rewound)
            return rewound
    return cursor


def _first_day(api: Reports, cursor: Cursor | None, *, since: datetime | None, now: datetime) -> datetime:
    start, earliest = first_day(cursor, since=since, now=now), api.earliest(now)
    return max(start, earliest) if earliest else start


async def _read(api: Reports, report: str, window: Window) -> _Read:
    """All pages of a window, in memory: a window is kept as a whole or not at all."""
    read = _Read([])
    async with aclosing(api.pages(report, window)) as pages:
        async for taken in pages:
            read.pages += 1
            read.refused += len(taken.refused)
            read.buckets += [bucket_of_usage(row, report=report) for row in taken.buckets]
            read.buckets += [bucket_of_cost(line, report=report) for line in taken.costs if line.currency == USD]
            read.foreign += sum(line.currency != USD for line in taken.costs)
            if taken.next_page is None:
                read.problems = (*read.problems, *taken.problems)
            if len(read.buckets) > MAX_BUCKETS:
                raise Unreadable(
                    f"{api.provider}'s {report} has more than {MAX_BUCKETS:,} rows from {window.starts_at:%Y-%m-%d} on; "
                    "that is more than can be kept at once."
                )
    strays = [bucket for bucket in read.buckets if not window.starts_at <= bucket.starts_at < window.ends_at]
    if strays:
        # Kept, it would be doubled by the read of the window that it does belong to.
        read.buckets = [bucket for bucket in read.buckets if window.starts_at <= bucket.starts_at < window.ends_at]
        read.problems = (*read.problems, f"{len(strays):,} rows of other days than asked for are left out")
    return read


async def _keep(
    uow: UnitOfWork, provider: str, report: str, window: Window, read: _Read, *, cursor: Cursor, read_at: datetime
) -> int:
    """Replace a window and move the cursor, both or neither."""
    async with uow.write() as tx:
        held = await tx.cursors.locked(cursor)
        added = await tx.buckets.replace(provider, report, window, read.buckets, read_at=read_at)
        await tx.cursors.save(replace(held.after(window, read_at=read_at), problem=read.problem()))
    return added


async def _note(uow: UnitOfWork, cursor: Cursor, wrong: BudgetError) -> None:
    async with uow.write() as tx:
        held = await tx.cursors.locked(cursor)
        await tx.cursors.save(replace(held, problem=wrong.message[:_MAX_PROBLEM]))
