"""Usage events of the fictional company Acme: real volumes and token shapes under invented names.

An event stands for all requests of one hour with the same tags and model. Ids name stream, hour and line, not the
anchor: one ledger should keep to one anchor month.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from random import Random
from typing import Any

from .usage_series import TokenShape, profiles, token_shape, volumes
from .usage_streams import STREAMS, Serving, Stream, Texts, Traffic, tags
from .usage_workloads import WORKLOADS, Workload

__all__ = ["WORKLOADS", "Workload", "events", "runaway"]

Event = dict[str, Any]

NIGHT_HOURS = range(1, 5)
NIGHT = tuple(1 / len(NIGHT_HOURS) if hour in NIGHT_HOURS else 0.0 for hour in range(24))
# The real series are daily; within the day hours and lines stray this far from their share, either way.
HOUR_JITTER = 0.15
LINE_JITTER = 0.12
SHAPE_JITTER = 0.05

# Each request stays below the long-context tier; 51 of them in five minutes burn twenty usual hours in one.
LOOP_MINUTES = 5
LOOP_REQUESTS = 51
LOOP_INPUT_TOKENS = 100_000
LOOP_OUTPUT_TOKENS = 900


def events(start: datetime, end: datetime, *, anchor: date) -> Iterator[Event]:
    """Native usage events with `start <= at < end`, by `at`, then by id.

    The same arguments give the same events, and a range split anywhere gives the events of the whole.

    Args:
      start, end: aware instants (ValueError otherwise); an empty or backward range has no events.
      anchor: any day of the demo's month; its whole month lies inside the real data, with at least 120 real days
        before its first day and 60 after its last. Further away the real series repeat.
    """
    for day in days(start, end):
        found = [event for stream in STREAMS for event in stream_events(stream, day, anchor=anchor)]
        yield from in_order(found, start, end)


def runaway(start: datetime, end: datetime) -> Iterator[Event]:
    """An agent loop in research-agent, one event each five minutes, about twenty times its usual hourly spend.

    It comes on top of `events`: the loop calls again and again with its whole history and without a cache.
    """
    for day in days(start, end):
        yield from in_order(list(loop_events(day)), start, end)


def days(start: datetime, end: datetime) -> Iterator[date]:
    """UTC days that the range touches."""
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("The range needs a time zone: give `start` and `end` as aware instants.")
    day = start.astimezone(UTC).date()
    while midnight(day) < end:
        yield day
        day += timedelta(days=1)


def in_order(found: list[Event], start: datetime, end: datetime) -> Iterator[Event]:
    """The events of `found` inside the range, by `at`, then by id."""
    first, last = stamp(start), stamp(end)
    yield from sorted((event for event in found if first <= event["at"] < last), key=itemgetter("at", "id"))


def stamp(at: datetime) -> str:
    """`at` in UTC to the second, a started second rounded up; such texts sort as their instants do."""
    if at.microsecond:
        at = at.replace(microsecond=0) + timedelta(seconds=1)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stream_events(stream: Stream, day: date, *, anchor: date) -> Iterator[Event]:
    """All of one stream's events of a UTC day. Always the whole day is made, so that no cut can change a number."""
    # Seeded by name and day alone: the day's numbers cannot depend on the range that was asked for.
    draw = Random(f"{stream.name} {day}")
    traffic = stream.traffic
    requests = volumes()[traffic.volume].on(day, anchor=anchor, pivot=traffic.pivot) * traffic.scale
    hours = jittered(hour_shares(traffic, day), draw, HOUR_JITTER)
    shares = jittered([line.share for line in stream.lines], draw, LINE_JITTER)
    shape = day_shape(stream.texts, day, anchor=anchor)
    for number, (line, share) in enumerate(zip(stream.lines, shares, strict=True)):
        # What rounding leaves over moves on to the next hour, so small lines keep their daily total.
        due = draw.random()
        for hour, hour_share in enumerate(hours):
            due += requests * share * hour_share
            count = int(due)
            due -= count
            if count:
                minute, second = divmod(int(draw.random() * 3600), 60)
                yield {
                    "id": f"acme-{stream.name}-{day:%Y%m%d}T{hour:02}-{number}",
                    "at": f"{day}T{hour:02}:{minute:02}:{second:02}Z",
                    "provider": line.serving.provider,
                    "model": line.serving.model,
                    "requests": count,
                    **token_counts(line.serving, shape, count, draw),
                    "tags": dict(line.tags),
                    "tier": "standard",
                }


def token_counts(serving: Serving, shape: TokenShape, count: int, draw: Random) -> dict[str, int]:
    """Tokens of `count` requests: totals, and their subsets cache read, cache write, 1 h write and reasoning."""
    total_in = round(count * shape.input_tokens * near_one(draw, SHAPE_JITTER))
    total_out = round(count * shape.output_tokens * serving.verbosity * near_one(draw, SHAPE_JITTER))
    read_share = shape.cached_share if serving.cache_read is None else serving.cache_read
    written = int(total_in * min(serving.cache_write, 1 - read_share))
    return {
        "input_tokens": total_in,
        "cache_read_tokens": int(total_in * read_share),
        "cache_write_tokens": written,
        "cache_write_1h_tokens": int(written * serving.write_1h),
        "output_tokens": total_out,
        "reasoning_tokens": int(total_out * serving.reasoning),
    }


def day_shape(texts: Texts, day: date, *, anchor: date) -> TokenShape:
    shape = token_shape(texts.shape, day, anchor=anchor, week=texts.week)
    if texts.cached is not None:
        cached = token_shape(texts.cached, day, anchor=anchor, week=texts.week)
        shape = shape._replace(cached_share=cached.cached_share)
    return shape._replace(input_tokens=shape.input_tokens * texts.input_scale)


def hour_shares(traffic: Traffic, day: date) -> tuple[float, ...]:
    if traffic.profile is None:
        return NIGHT
    shares = profiles()[traffic.profile][day.weekday()]
    return tuple(shares[(hour - traffic.delay_hours) % 24] for hour in range(24))


def jittered(shares: Sequence[float], draw: Random, width: float) -> list[float]:
    """`shares` each moved by up to `width` of itself, then scaled back to their former sum."""
    moved = [share * near_one(draw, width) for share in shares]
    scale = sum(shares) / sum(moved)
    return [share * scale for share in moved]


def near_one(draw: Random, width: float) -> float:
    """Evenly drawn between 1 - width and 1 + width."""
    return 1 + width * (2 * draw.random() - 1)


def loop_events(day: date) -> Iterator[Event]:
    draw = Random(f"runaway {day.isoformat()}")
    first = midnight(day)
    for slot in range(24 * 60 // LOOP_MINUTES):
        opens_at = first + timedelta(minutes=slot * LOOP_MINUTES)
        at = opens_at + timedelta(seconds=int(draw.random() * LOOP_MINUTES * 60))
        count = LOOP_REQUESTS + int(draw.random() * 9) - 4
        yield {
            "id": f"acme-runaway-{opens_at:%Y%m%dT%H%M}",
            "at": stamp(at),
            "provider": "anthropic",
            "model": "claude-sonnet-4-5",
            "requests": count,
            "input_tokens": count * LOOP_INPUT_TOKENS,
            "cache_read_tokens": 0,
            "cache_write_tokens": 0,
            "cache_write_1h_tokens": 0,
            "output_tokens": count * LOOP_OUTPUT_TOKENS,
            "reasoning_tokens": 0,
            "tags": tags("research-agent", "platform", "enterprise"),
            "tier": "standard",
        }


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
