"""Streams of usage with a known total, and a process that feeds one into the books.

`python -m tests.support.streams URL SEEDS COUNT ORDER SIZE` records the streams of the seeds from 1 to SEEDS, of COUNT
events each, in an order and in batches (up to SIZE) of its own, and prints a line for each batch once it is committed.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.price_list import reference_nanos

SOURCE: Final = "stream"
SINCE: Final = datetime(2026, 9, 20, tzinfo=UTC)
DAYS: Final = 65
NOW: Final = SINCE + timedelta(days=DAYS)
_MODELS: Final = (
    ("openai", "gpt-4.1", "standard"), ("openai", "gpt-4.1-mini", "batch"), ("anthropic", "claude-sonnet-4-5", "standard"),
    ("google", "gemini-2.5-pro", "standard"), ("deepseek", "deepseek-v4-pro", "standard"), ("acme", "house-model", "standard"),
)  # fmt: skip
_FEATURES: Final = ("search", "support", "summaries", "agents", None)


@dataclass(frozen=True)
class Totals:
    """What the books have to say once a stream is in: requests, nanos, output tokens, requests without a price."""

    requests: int
    nanos: int
    output_tokens: int
    unpriced: int


def stream(seed: int, count: int) -> list[UsageEvent]:
    """`count` events over 65 days and two month ends: six models (one unpriced, one priced by the hour), aggregates,
    long contexts, cached and reasoning tokens."""
    choose, shapes = random.Random(seed), _shapes()
    events = []
    for number in range(count):
        provider, model, tier = choose.choice(_MODELS)
        feature = choose.choice(_FEATURES)
        shape = choose.choice(shapes)
        # Aggregates stay short: above a threshold they are priced below it, which the library cannot be asked.
        is_aggregate = shape["input_tokens"] < 100_000 and choose.random() < 0.1
        tags = {"team": choose.choice(("web", "data"))} | ({"feature": feature} if feature else {})
        events.append(
            UsageEvent(
                id=f"{seed}-{number}", at=SINCE + timedelta(seconds=choose.randrange(DAYS * 86_400)), provider=provider,
                model=model, tier=tier, tags=tags, requests=choose.randrange(2, 50) if is_aggregate else 1, **shape,
            )
        )  # fmt: skip
    return events


@cache
def _shapes() -> list[dict[str, int]]:
    """The same for every stream: a hundred and fifty kinds of requests."""
    choose = random.Random(0)
    return [_shape(choose) for _ in range(150)]


def _shape(choose: random.Random) -> dict[str, int]:
    total = choose.choice((choose.randrange(4000), choose.randrange(100_000), choose.randrange(150_000, 400_000)))
    read = choose.randrange(total + 1) if choose.random() < 0.5 else 0
    output = choose.randrange(3000)
    return {
        "input_tokens": total, "cache_read_tokens": read, "cache_write_tokens": (total - read) // choose.randrange(2, 9),
        "output_tokens": output, "reasoning_tokens": choose.randrange(output + 1) if choose.random() < 0.3 else 0,
    }  # fmt: skip


@cache
def totals_of(seed: int, count: int) -> Totals:
    """The totals of that stream by the price list's own library, event by event."""
    events = stream(seed, count)
    costs = [_priced(event.provider, event.model, event.tier, _moment(event), _counts(event)) for event in events]
    return Totals(
        requests=sum(event.requests for event in events),
        nanos=sum(cost or 0 for cost in costs),
        output_tokens=sum(event.output_tokens - event.reasoning_tokens for event in events),
        unpriced=sum(event.requests for event, cost in zip(events, costs, strict=True) if cost is None),
    )


def _moment(event: UsageEvent) -> datetime:
    """A moment with the same prices; only DeepSeek's change within a day, and there on half hours."""
    if event.provider == "deepseek":
        return event.at.replace(minute=event.at.minute // 30 * 30, second=0)
    return event.at.replace(hour=0, minute=0, second=0)


def _counts(event: UsageEvent) -> tuple[tuple[str, int], ...]:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    return tuple((name, getattr(event, name)) for name in names)


@cache
def _priced(provider: str, model: str, tier: str, at: datetime, counts: tuple[tuple[str, int], ...]) -> int | None:
    return reference_nanos(UsageEvent(id="x", at=at, provider=provider, model=model, tier=tier, **dict(counts)))


def batches(events: Sequence[UsageEvent], order: int, size: int = 700) -> Iterator[list[UsageEvent]]:
    """The stream in an order and in batches of its own, about one event in ten twice."""
    choose = random.Random(order)
    shuffled = [*events, *choose.sample(events, len(events) // 10)]
    choose.shuffle(shuffled)
    while shuffled:
        cut = choose.randrange(1, size)
        yield shuffled[:cut]
        shuffled = shuffled[cut:]


async def feed(uow: UnitOfWork, events: Sequence[UsageEvent], order: int, *, at_once: int = 1) -> int:
    """Record a stream with a bookkeeper that knows nothing yet, several batches at a time; how many were accepted."""
    number = (await import_source(uow, SOURCE, now=NOW)).id
    bookkeeper, places = Bookkeeper(uow), asyncio.Semaphore(at_once)

    async def one(batch: list[UsageEvent]) -> int:
        async with places:
            receipt = await bookkeeper.record(number, list(enumerate(batch)), now=NOW)
        assert not receipt.rejected
        assert not receipt.conflicts
        return receipt.accepted

    return sum(await asyncio.gather(*(one(batch) for batch in batches(events, order))))


async def _process(url: str, seeds: int, count: int, order: int, size: int) -> None:
    uow = UnitOfWork(url, ZoneInfo("UTC"))
    number = (await import_source(uow, SOURCE, now=NOW)).id
    bookkeeper = Bookkeeper(uow)
    for seed in random.Random(order).sample(range(1, seeds + 1), seeds):
        for batch in batches(stream(seed, count), order, size):
            await bookkeeper.record(number, list(enumerate(batch)), now=NOW)
            print(len(batch), flush=True)
    await uow.close()


if __name__ == "__main__":
    asyncio.run(_process(sys.argv[1], *map(int, sys.argv[2:6])))
