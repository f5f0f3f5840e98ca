"""Pulling: which days of a provider's reports to read next, and what their rows become.

What is pulled is a second opinion. Usage that arrives call by call counts as spend; pulled buckets check it and enter no
sum of spend, because both describe the same calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from core.intake.labels import UNKNOWN
from core.intake.record import CostLine, UsageBucket

DAY: Final = timedelta(days=1)
OPEN_DAYS: Final = 3
"""Today and the two days before it: OpenAI's and Anthropic's buckets can still grow (seen up to two days late, 2026)."""
LATE_DAYS: Final = 7
"""Read again by the first pull of a UTC day: providers correct a closed day now and then."""
FIRST_READ_DAYS: Final = 31
"""How far back the first pull goes when nobody says otherwise: over the whole of the current cycle."""
WINDOW_DAYS: Final = 31
"""Days asked for at once: the most that one page of OpenAI's daily usage holds and that Anthropic's Analytics API takes."""
USD: Final = "USD"


class SourceRole(StrEnum):
    """What a source's numbers are for.

    Calls that a gateway, an SDK, an exporter or an import reports COUNT: they are the spend. What is pulled from a
    provider CHECKS: it is compared with the spend and never added to it.
    """

    COUNTS = "counts"
    CHECKS = "checks"


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC days, the end exclusive; both at midnight."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one report has been read: everything in `[from_at, done_until)` is kept and can no longer grow.

    Attributes:
      name: provider and report, `openai/completions`.
      pulled_at: when a window was last read to its end; None when none ever was.
      problem: what was wrong with the last read, for a person; None when nothing was.
    """

    name: str
    from_at: datetime
    done_until: datetime
    pulled_at: datetime | None = None
    problem: str | None = None

    def after(self, window: Window, *, read_at: datetime) -> Cursor:
        """The cursor once `window`, asked for at `read_at`, is kept. A window behind a gap moves nothing."""
        reached = min(window.ends_at, settled_until(read_at))
        done = max(self.done_until, reached) if window.starts_at <= self.done_until else self.done_until
        pulled = read_at if self.pulled_at is None else max(self.pulled_at, read_at)
        return replace(self, done_until=done, pulled_at=pulled)

    def rewound(self, since: datetime) -> Cursor:
        """The cursor for reading from an earlier day on: a read that is interrupted then goes on from where it was."""
        return replace(self, from_at=since, done_until=since) if since < self.from_at else self


@dataclass(frozen=True, slots=True)
class ProviderBucket:
    """One row of a provider's report over one UTC day: counts of its usage API, or an amount of its cost API.

    Attributes:
      report: `completions`, `messages`, `costs`, …
      project, api_key, model: the provider's own ids and names; None where it does not say.
      requests: None when the report does not tell them.
      input_tokens, output_tokens: all of either kind; cache counts are subsets of the input. 0 for amounts.
      cost_nanos: what the provider charges before credits and tax, in USD; None for counts.
      item: the provider's words for a charge.
    """

    report: str
    starts_at: datetime
    ends_at: datetime
    project: str | None
    api_key: str | None
    model: str | None
    tier: str = "standard"
    requests: int | None = None
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int | None = None
    item: str | None = None


def midnight(at: datetime) -> datetime:
    """The start of the UTC day of an aware instant."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def start_of(day: date) -> datetime:
    """The UTC midnight with which a day begins."""
    return datetime.combine(day, time(0), UTC)


def settled_until(now: datetime) -> datetime:
    """Buckets that end here or before can no longer grow."""
    return midnight(now) - (OPEN_DAYS - 1) * DAY


def first_day(cursor: Cursor | None, *, since: datetime | None, now: datetime) -> datetime:
    """Where to read from: at the cursor, so that the open days are read again, or earlier when `since` asks for it.

    The first pull of a UTC day goes back `LATE_DAYS`, as far as that was read before. A `since` behind the cursor still
    starts at the cursor: it would leave days out for ever.
    """
    asked = midnight(since) if since else None
    if cursor is None:
        return min(asked or midnight(now) - (FIRST_READ_DAYS - 1) * DAY, settled_until(now))
    start = min(cursor.done_until, settled_until(now), *((asked,) if asked else ()))
    if cursor.pulled_at and midnight(cursor.pulled_at) < midnight(now):
        start = min(start, max(cursor.from_at, midnight(now) - (LATE_DAYS - 1) * DAY))
    return start


def windows(starts_at: datetime, now: datetime) -> Iterator[Window]:
    """The days from `starts_at` to today's end, oldest first, in windows of at most `WINDOW_DAYS`."""
    end = midnight(now) + DAY
    while starts_at < end:
        until = min(starts_at + WINDOW_DAYS * DAY, end)
        yield Window(starts_at, until)
        starts_at = until


def bucket_of_usage(row: UsageBucket, *, report: str) -> ProviderBucket:
    """What is kept of a row of counts."""
    event = row.event
    return ProviderBucket(
        report=report, starts_at=row.starts_at, ends_at=row.ends_at, project=event.tags.get("project"),
        api_key=row.api_key, model=None if event.model == UNKNOWN else event.model, tier=event.tier,
        requests=row.requests, input_tokens=event.input_tokens, cache_read_tokens=event.cache_read_tokens,
        cache_write_tokens=event.cache_write_tokens, output_tokens=event.output_tokens,
    )  # fmt: skip


def bucket_of_cost(line: CostLine, *, report: str) -> ProviderBucket:
    """What is kept of a charge; its currency has to be USD."""
    assert line.currency == USD
    return ProviderBucket(
        report=report, starts_at=line.starts_at, ends_at=line.ends_at, project=line.project, api_key=line.api_key,
        model=line.model, tier=line.tier, cost_nanos=line.effective_nanos, item=line.description or line.token_class,
    )  # fmt: skip
