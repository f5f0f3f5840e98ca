"""The estimate out of the books is the one that the events themselves make; on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.closing.causes import CauseName
from core.closing.events import EventFold
from core.estimate import DAY, Estimate, EstimateRow, HourlyTokens, Mark
from core.invoice import invoice_of
from core.people import Actor
from core.period import Cycle
from core.rates import negotiated
from core.reconciliation import reconcile
from core.services.build_estimate import fold, read_books
from core.services.manage_prices import set_price
from core.store.unit_of_work import UnitOfWork
from core.usage import CLASS_NAMES, UsageEvent
from tests.support.books import FARAH, an_event, records
from tests.support.closing import NOVEMBER, bill, calls, event
from tests.support.invoices import AFTER, OCTOBER

AT = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
AFTER_NOVEMBER = datetime(2026, 12, 2, 9, tzinfo=UTC)


async def from_books(uow: UnitOfWork, month: Cycle = OCTOBER) -> Estimate:
    async with uow.read() as tx:
        books = await read_books(tx, "openai", month)
    return fold(books)


def from_events(events: list[UsageEvent], month: Cycle = OCTOBER) -> Estimate:
    made = EventFold("openai", month)
    for one in events:
        made.add(one)
    return made.done()


def plain(rows: tuple[EstimateRow, ...], seconds: int = DAY) -> dict[tuple[object, ...], list[int]]:
    """What the rows come to by stretch, model, tier, project and key; the two ways may cut them finer."""
    sums: dict[tuple[object, ...], list[int]] = {}
    for row in rows:
        place = (row.starts_at // seconds * seconds, row.model, row.tier, row.project, row.api_key)
        by_class = row.class_nanos or (0,) * len(CLASS_NAMES)
        amounts = [row.requests, row.cost_nanos, row.unpriced_requests, row.long_nanos, *row.tokens, *by_class]
        sums[place] = [one + other for one, other in zip(sums.get(place, [0] * len(amounts)), amounts, strict=True)]
    return sums


def by_hour(hours: HourlyTokens | None) -> dict[tuple[object, ...], list[int]]:
    """Tokens by hour, model, tier, project and key."""
    assert hours
    sums: dict[tuple[object, ...], list[int]] = {}
    for start, label, tokens in zip(hours.starts_at.tolist(), hours.label.tolist(), hours.tokens.tolist(), strict=True):
        place = (start, *hours.labels[label][:4])
        sums[place] = [one + other for one, other in zip(sums.get(place, [0] * len(tokens)), tokens, strict=True)]
    return sums


def a_month() -> list[UsageEvent]:
    """Calls of every kind that the comparison tells apart."""
    tags = {"project": "p1", "api_key": "k1", "feature": "search"}
    return [
        an_event(at=AT, tags=tags),
        an_event(at=AT + timedelta(minutes=5), tags=tags | {"feature": "other"}),
        an_event(at=AT + timedelta(days=1), tier="batch"),
        an_event(at=AT, model="gpt-5.4", input_tokens=300_000, cache_read_tokens=1_000, output_tokens=500),
        an_event(at=AT, model="gpt-5.4", input_tokens=3_000, output_tokens=500),
        an_event(at=AT, model="made-up-model"),
        an_event(at=datetime(2026, 9, 30, 23, tzinfo=UTC)),
        an_event(at=datetime(2026, 11, 1, 1, tzinfo=UTC)),
    ]


async def test_both_ways_make_the_same_estimate(uow: UnitOfWork) -> None:
    await records(uow, a_month(), now=AFTER)

    ours, theirs = await from_books(uow), from_events(a_month())
    assert plain(ours.rows) == plain(theirs.rows)
    assert by_hour(ours.hours) == by_hour(theirs.hours)
    assert ours.total_nanos == theirs.total_nanos


async def test_calls_that_give_themselves_away_are_marked_alike(uow: UnitOfWork) -> None:
    cached = {"model": "gpt-5.4", "output_tokens": 500, "cache_read_tokens": 200_000}
    telling = [
        an_event(at=AT, input_tokens=0, output_tokens=0),
        an_event(at=AT, input_tokens=10, output_tokens=20),
        an_event(at=AT, input_tokens=8_000, tags={"environment": "Mock-Tests"}),
        an_event(at=AT, input_tokens=8_001, id="chatcmpl-1_cache_hit"),
        an_event(at=AT, input_tokens=7, output_tokens=300),
        an_event(at=AT, input_tokens=90_000, output_tokens=20, requests=12),
        an_event(at=AT + timedelta(hours=1), input_tokens=6_000, response_id="r-1"),
        an_event(at=AT + timedelta(hours=9), input_tokens=6_100, response_id="r-1"),
        an_event(at=AT + timedelta(hours=1, seconds=1), input_tokens=6_000, response_id="r-2"),
        an_event(at=AT + timedelta(hours=2), input_tokens=5_001, output_tokens=77),
        an_event(at=AT + timedelta(hours=2, seconds=1), input_tokens=5_001, output_tokens=77),
        an_event(at=AT + timedelta(hours=2, seconds=9), input_tokens=5_001, output_tokens=77),
        *(an_event(at=AT + timedelta(hours=3, minutes=n), input_tokens=444, output_tokens=55) for n in range(45)),
        an_event(at=AT, input_tokens=410_000, **cached),
        an_event(at=AT, input_tokens=900_000, **cached),
    ]
    await records(uow, telling, now=AFTER)

    ours, theirs = await from_books(uow), from_events(telling)
    assert set(ours.marked) == set(theirs.marked) == set(Mark)
    for mark, rows in ours.marked.items():
        assert plain(rows) == plain(theirs.marked[mark]), mark


async def test_a_month_has_the_same_causes_offline_and_in_the_books(uow: UnitOfWork) -> None:
    """Counted in thousands in one project, cached input counted twice in the other, which lifts calls over a threshold."""
    served = [
        replace(call, model="gpt-5.4", tokens=call.tokens | {"cache_read": 190_000 + call.number})
        for call in calls("openai", a_day=4)
    ]
    events = []
    for call in served:
        uncached, read, output = (call.tokens[name] for name in ("input_uncached", "cache_read", "output"))
        thousands = {
            "input_tokens": (uncached + read) // 1_000, "cache_read_tokens": read // 1_000, "output_tokens": output // 1_000,
        }  # fmt: skip
        got = thousands if call.project == "search" else {"input_tokens": uncached + 2 * read}
        events.append(event(call, **got))
    await records(uow, events, now=AFTER_NOVEMBER)
    invoice = invoice_of(bill(served), provider="openai", month=NOVEMBER)

    ours = reconcile(await from_books(uow, NOVEMBER), invoice)
    theirs = reconcile(from_events(events, NOVEMBER), invoice)
    assert {CauseName.UNITS, CauseName.CACHED_DOUBLE_COUNTED} <= {cause.name for cause in ours.causes}
    assert [(cause.name, cause.evidence) for cause in ours.causes] == [
        (cause.name, cause.evidence) for cause in theirs.causes
    ]
    for one, other in zip(ours.causes, theirs.causes, strict=True):
        assert abs(one.nanos - other.nanos) <= len(events), one.name


async def test_a_price_that_came_after_the_usage_leaves_only_the_sum(uow: UnitOfWork) -> None:
    await records(uow, [an_event(at=AT)], now=AFTER)
    price = negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=OCTOBER.first_on, set_by=FARAH)
    await set_price(uow, price, by=Actor(FARAH, is_finance=True), now=AFTER)

    (row,) = (await from_books(uow)).rows
    assert (row.cost_nanos, row.class_nanos) == (2_800_000, None)


async def test_a_month_without_usage_is_an_estimate_of_nothing(uow: UnitOfWork) -> None:
    made = await from_books(uow)

    assert (made.rows, by_hour(made.hours), made.total_nanos) == ((), {}, 0)
