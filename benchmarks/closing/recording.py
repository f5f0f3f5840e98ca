"""Causes on our side: the provider bills rightly, but what was recorded is not what was called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.closing.month import CannotPlant, Month, Recorded
from benchmarks.closing.prices import Tokens
from benchmarks.closing.traffic import DAY, HOUR, REASONS

NOTHING = Tokens()


def _bend(month: Month, index: int, aim: float, bent: Callable[[Tokens], Tokens]) -> None:
    """Record a service's calls with other tokens from the day on that makes the effect about `aim` of the bill."""
    events = [event for event in month.events_of(index) if bent(event.tokens) != event.tokens]
    start = month.first_day(((e.at // DAY, month.changed(e, bent(e.tokens))) for e in events), aim)
    for event in events:
        if event.at // DAY >= start:
            event.tokens, event.nanos = bent(event.tokens), None


def cached_double_counted(month: Month, aim: float) -> None:
    """Cached input is added to the input, once more or instead of being told as cached."""
    index = month.pick(lambda _, service: service.shape.read > 0)
    if month.rng.random() < 0.5:
        _bend(month, index, aim, lambda t: t._replace(text=t.text + t.read))
    else:
        _bend(month, index, aim, lambda t: t._replace(text=t.text + t.read, read=0))


def cache_write_ignored(month: Month, aim: float) -> None:
    """Cache writes are recorded as plain input, or not at all."""
    index = month.pick(lambda _, service: service.shape.write + service.shape.write_1h > 0)
    if month.rng.random() < 0.5:
        _bend(month, index, aim, lambda t: t._replace(text=t.text + t.write + t.write_1h, write=0, write_1h=0))
    else:
        _bend(month, index, aim, lambda t: t._replace(write=0, write_1h=0))


def cache_ttl_unknown(month: Month, aim: float) -> None:
    """Writes kept for an hour are recorded as kept for five minutes."""
    index = month.pick(lambda _, service: service.shape.write_1h > 0)
    _bend(month, index, aim, lambda t: t._replace(write=t.write + t.write_1h, write_1h=0))


def reasoning_missed(month: Month, aim: float) -> None:
    """Only visible output is recorded."""
    index = month.pick(lambda _, service: service.model in REASONS and service.shape.thought > 0)
    _bend(month, index, aim, lambda t: t._replace(thought=0))


def modality(month: Month, aim: float) -> None:
    """Audio tokens are recorded as text."""
    index = month.pick(lambda _, service: service.shape.audio + service.shape.audio_out > 0)
    _bend(month, index, aim, lambda t: t._replace(text=t.text + t.audio, audio=0, out=t.out + t.audio_out, audio_out=0))


def searches_missed(month: Month, aim: float) -> None:
    """Web searches are recorded as no searches."""
    index = month.pick(lambda _, service: service.shape.search > 0)
    _bend(month, index, aim, lambda t: t._replace(search=0))


def units(month: Month, aim: float) -> None:
    """A service reports thousands of tokens as if they were tokens."""
    index = month.pick()
    _bend(month, index, aim, lambda t: Tokens(*(count // 1000 for count in t[:8]), t.search))


def stream_without_usage(month: Month, aim: float) -> None:
    """Streamed calls of a service come without counts, or with a few guessed tokens."""
    index = month.pick()
    left = month.rng.choice((NOTHING, NOTHING, Tokens(text=4, out=3), Tokens(text=8, out=1)))
    events = month.events_of(index)
    share = _share(month, events, aim)
    for event in events:
        if month.rng.random() < share:
            event.tokens, event.nanos = left, None


def long_context(month: Month, aim: float) -> None:
    """Calls above the long-context threshold are recorded as hourly or daily sums, which cannot show it."""
    index, width = 0, month.rng.choice((HOUR * 6, DAY))
    month.touched.add(index)
    groups: dict[int, list[Recorded]] = {}
    for event in month.events_of(index):
        groups.setdefault(event.at // width, []).append(event)
    merged = {place: _sum_of(events) for place, events in groups.items() if len(events) > 1}
    effects = [
        (place * width // DAY, month.cost(one) - sum(map(month.cost, groups[place]))) for place, one in merged.items()
    ]
    start = month.first_day(effects, aim)
    chosen = {place for place in merged if place * width // DAY >= start}
    gone = {event.id for place in chosen for event in groups[place]}
    month.recorded = [event for event in month.recorded if event.id not in gone]
    month.recorded += [merged[place] for place in sorted(chosen)]


def _sum_of(events: list[Recorded]) -> Recorded:
    counts = Tokens(*(sum(event.tokens[place] for event in events) for place in range(9)))
    return replace(
        events[0], id=f"agg-{events[0].id}", tokens=counts, requests=len(events), response_id=None, nanos=None
    )


def double_capture(month: Month, aim: float) -> None:
    """Two instruments record the same calls: with the provider's response id in both records, or in neither."""
    index, both = month.pick(), month.rng.random() < 0.5
    events = month.events_of(index)
    share = _share(month, events, aim)
    for event in events:
        if month.rng.random() < share:
            if both:
                event.response_id = event.response_id or f"resp_{event.id}"
            later = month.rng.choice((0, 0, 1))
            month.recorded.append(
                replace(
                    event,
                    id=f"span-{event.id}",
                    at=min(event.at + later, month.ends - 1),
                    response_id=event.response_id if both else None,
                    nanos=None,
                )
            )


def mock_traffic(month: Month, aim: float) -> None:
    """Health checks with invented counts of 10 and 20 tokens are recorded as calls, evenly over the whole month."""
    index = month.pick()
    service = month.services[index]
    prices = month.prices(service.model, month.starts // DAY)
    assert prices is not None
    one = (prices.text * 10 + prices.out * 20) // 1_000_000
    per_hour = min(round(aim * month.clean_nanos / one / (month.days * 24)), 3_600)
    if per_hour < 2:
        raise CannotPlant
    for hour in range(month.days * 24):
        month.recorded.append(
            Recorded(f"check-{hour:04d}", month.starts + hour * HOUR + 1799, index, service.model,
                     Tokens(text=10 * per_hour, out=20 * per_hour), requests=per_hour)
        )  # fmt: skip


def cache_hits(month: Month, aim: float) -> None:
    """A proxy answers repeated calls from its own cache and records their tokens again."""
    index = month.pick()
    events = month.events_of(index)
    share = min(_share(month, events, aim), 0.5)
    for event in events:
        if month.rng.random() < share:
            later = min(event.at + month.rng.randrange(HOUR), month.ends - 1)
            month.recorded.append(
                replace(event, id=f"{event.id}_cache_hit{later}", at=later, response_id=None, nanos=None,
                        tags={"cache_hit": "true"})
            )  # fmt: skip


def alias(month: Month, aim: float) -> None:
    """What was asked for is recorded; another model answered and is billed."""
    models = {service.model for service in month.services}
    index = month.pick(lambda _, service: service.shape.audio == 0 and len(models) > 1)
    served = month.services[index].model
    asked = month.rng.choice(sorted(model for model in models if model not in (served, "gpt-realtime")) or [served])
    if asked == served:
        raise CannotPlant
    events = month.events_of(index)
    start = month.first_day(
        ((e.at // DAY, month.cost(replace(e, model=asked, nanos=None)) - month.cost(e)) for e in events), aim
    )
    for event in events:
        if event.at // DAY >= start:
            event.model, event.nanos = asked, None


def unpriced_model(month: Month, aim: float) -> None:
    """A service uses a model that the price list does not know; nothing is estimated for it."""
    index = month.pick()
    name = month.rng.choice(("acme-support-7b", "nova-preview-1106", "ft:chat-large:acme::b7Qz"))
    events = month.events_of(index)
    start = month.first_day(((event.at // DAY, month.cost(event)) for event in events), aim)
    for event in events:
        if event.at // DAY >= start:
            event.model, event.nanos = name, None
    for line in month.lines_of(index):
        if line.day >= start and line.kind != "search":
            line.model = name


def retries(month: Month, aim: float) -> None:
    """Timed-out calls that the provider finished and billed, and no client recorded: up to 2 % of all, anywhere."""
    share = min(max(aim, 0.004), 0.02)
    month.recorded = [event for event in month.recorded if month.rng.random() >= share]


def sampling(month: Month, aim: float) -> None:
    """A collector keeps a share of the records: of everything, or of one service."""
    if month.rng.random() < 0.5:
        kept = month.rng.choice((0.5, 0.75, 0.8, 0.9)) if aim > 0.08 else 0.9
        month.recorded = [event for event in month.recorded if month.rng.random() < kept]
        return
    index, kept = month.pick(), month.rng.choice((0.1, 0.2, 0.25, 0.5))
    month.recorded = [event for event in month.recorded if event.service != index or month.rng.random() < kept]


def source_ended_early(month: Month, aim: float) -> None:
    """Records of the last one or two days have not arrived yet."""
    days = 1 if aim < 0.04 else 2
    month.recorded = [event for event in month.recorded if event.at < month.ends - days * DAY]


def local_stamps(month: Month, aim: float) -> None:
    """Local time written as if it were UTC: calls move over the month's edges and between days."""
    month.record(shift=month.rng.choice((-10, -8, -7, -5, 5, 8, 9, 10)) * HOUR)


def _share(month: Month, events: list[Recorded], aim: float) -> float:
    """Which share of a service's calls has to be hit for about `aim` of the bill; never fewer than a twelfth."""
    whole = sum(map(month.cost, events))
    if whole * 500 < month.clean_nanos:
        raise CannotPlant
    return min(1.0, max(1 / 12, aim * month.clean_nanos / whole))
