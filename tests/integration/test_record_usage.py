"""Recording: what becomes of a batch, and that rules and prices hold from the moment somebody changes them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from core.errors import BudgetError
from core.posting import Posting, post
from core.rates import negotiated
from core.services import lay_out_usage
from core.services.book_usage import Receipt
from core.services.manage_prices import price_in_force, set_price
from core.services.manage_tokens import import_source
from core.services.manage_workloads import add_rule, remove_rule
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from core.workload import make_rule
from tests.support.books import FARAH, FINANCE, NOON, agreed, an_event, records
from tests.support.tables import number_of, rows_of

DAY = NOON.date()


class Desk:
    """A bookkeeper with a source: one process that records."""

    def __init__(self, uow: UnitOfWork, source_id: int) -> None:
        self._source_id = source_id
        self.keeper = Bookkeeper(uow)

    async def records(self, *events: UsageEvent) -> Receipt:
        return await self.keeper.record(self._source_id, list(enumerate(events)), now=NOON)


async def a_desk(uow: UnitOfWork, source: str = "gateway") -> Desk:
    return Desk(uow, (await import_source(uow, source, now=NOON)).id)


async def workload_of(uow: UnitOfWork, event_id: str) -> str:
    rows = await rows_of(uow, "usage_events JOIN workloads ON workloads.id = workload_id")
    return next(str(row[-3]) for row in rows if event_id in row)


async def test_an_id_that_was_sent_before_counts_once_per_source(uow: UnitOfWork) -> None:
    event = an_event(id="x")

    first, again = await records(uow, [event]), await records(uow, [event])
    elsewhere = await records(uow, [event], source="other")

    assert (first.accepted, again.accepted, again.duplicates, elsewhere.accepted) == (1, 0, 1, 1)
    assert again.conflicts == ()


@pytest.mark.parametrize(
    "change", [{"output_tokens": 7}, {"model": "gpt-4o"}, {"at": NOON - timedelta(hours=1)}, {"tags": {"team": "x"}}]
)
async def test_an_id_with_other_content_is_a_conflict_and_the_first_counts(
    uow: UnitOfWork, change: dict[str, object]
) -> None:
    await records(uow, [an_event(id="x")])
    before = await agreed(uow)

    again = await records(uow, [an_event(), an_event(**({"id": "x"} | change)), an_event()])

    assert (again.accepted, again.duplicates) == (2, 1)
    assert [index for index, _ in again.conflicts] == [1]
    assert (await agreed(uow))[0] == before[0] + 2


async def test_the_same_event_with_its_tags_in_another_order_is_no_conflict(uow: UnitOfWork) -> None:
    await records(uow, [an_event(id="x", tags={"team": "web", "feature": "search"})])

    again = await records(uow, [an_event(id="x", tags={"feature": "search", "TEAM ": "web"})])

    assert again.conflicts == ()


async def test_an_unknown_model_is_counted_without_a_price(uow: UnitOfWork) -> None:
    receipt = await records(uow, [an_event(model="house-model", provider="acme", requests=3)])

    assert receipt.accepted == 1
    assert await number_of(uow, "SELECT count(*) FROM usage_events WHERE cost_nanos IS NULL AND rate_id IS NULL") == 1
    assert await number_of(uow, "SELECT sum(unpriced_requests) FROM daily_spend") == 3


async def test_an_event_keeps_the_rate_that_priced_it(uow: UnitOfWork) -> None:
    desk = await a_desk(uow)
    await desk.records(an_event(id="before"))
    await set_price(
        uow, negotiated("openai", "gpt-4.1", {"input": "1"}, from_on=DAY, set_by=FARAH), by=FINANCE, now=NOON
    )
    await desk.records(an_event(id="after"))

    assert await number_of(uow, "SELECT cost_nanos FROM usage_events WHERE event_id = 'before'") == 2_800_000
    assert await number_of(uow, "SELECT cost_nanos FROM usage_events WHERE event_id = 'after'") == 1_800_000
    assert await number_of(uow, "SELECT count(DISTINCT rate_id) FROM usage_events") == 2


async def test_a_negotiated_price_prices_an_unknown_model_from_its_day_on(uow: UnitOfWork) -> None:
    price = negotiated("Acme", "House-Model", {"input": "1", "output": "2"}, from_on=DAY, set_by=FARAH)
    await set_price(uow, price, by=FINANCE, now=NOON)
    house = {"provider": "ACME", "model": "house-model", "input_tokens": 1000, "output_tokens": 0}

    await records(uow, [an_event(**house), an_event(**house, at=NOON - timedelta(days=1))])

    assert await number_of(uow, "SELECT sum(cost_nanos) FROM usage_events") == 1_000_000
    assert await number_of(uow, "SELECT count(*) FROM usage_events WHERE cost_nanos IS NULL") == 1
    assert (await price_in_force(uow, None, "house-model", now=NOON)).negotiated == price


async def test_every_process_uses_a_rule_from_its_next_batch_on(uow: UnitOfWork) -> None:
    one, other = await a_desk(uow), await a_desk(uow, "second")
    await one.records(an_event(tags={"feature": "search"}))
    await other.records(an_event(tags={"feature": "search"}))

    outcome = await add_rule(uow, "search", {"feature": "search"}, by=FINANCE, reattribute=False, now=NOON)
    await one.records(an_event(id="one", tags={"feature": "search"}))
    await other.records(an_event(id="other", tags={"feature": "Search"}))
    await remove_rule(uow, outcome.rule.id, by=FINANCE, now=NOON)
    await one.records(an_event(id="later", tags={"feature": "search"}))

    assert [await workload_of(uow, name) for name in ("one", "other", "later")] == ["search", "search", "unattributed"]


async def test_two_changes_at_once_are_two_versions(uow: UnitOfWork) -> None:
    async def change() -> None:
        async with uow.write() as tx:
            await tx.meta.next_version()

    async with uow.write() as tx:
        await tx.meta.next_version()
        waiting = asyncio.create_task(change())
        await asyncio.sleep(0.05)
    await waiting

    assert await number_of(uow, "SELECT CAST(value AS bigint) FROM meta WHERE name = 'version'") == 2


async def test_nothing_is_recorded_by_old_rules_while_a_change_commits(uow: UnitOfWork) -> None:
    desk = await a_desk(uow)
    await desk.records(an_event(tags={"feature": "search"}))
    async with uow.write() as tx:
        number = await tx.workloads.add("search", FARAH, at=NOON)
        await tx.workloads.add_rule(number, make_rule({"feature": "search"}), at=NOON)
        await tx.meta.next_version()
        recording = asyncio.create_task(desk.records(an_event(id="late", tags={"feature": "search"})))
        await asyncio.sleep(0.1)
        assert not recording.done()
    await recording

    assert await workload_of(uow, "late") == "search"


async def test_a_batch_laid_out_before_a_reload_is_laid_out_again(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await a_desk(uow)
    await desk.records(an_event())
    laid_out, go_on = threading.Event(), threading.Event()

    def slowly(events: Sequence[tuple[int, UsageEvent]], **known: Any) -> Posting:
        posting = post(events, **known)
        if len(events) > 50 and not laid_out.is_set():
            laid_out.set()
            go_on.wait(10)
        return posting

    monkeypatch.setattr(lay_out_usage, "post", slowly)

    # Known labels on a day whose prices are not known yet.
    async def meanwhile() -> None:
        await asyncio.to_thread(laid_out.wait, 10)
        await add_rule(uow, "search", {"feature": "search"}, by=FINANCE, reattribute=False, now=NOON)
        await desk.records(an_event(model="gpt-4o"))
        go_on.set()

    late = [an_event(at=NOON - timedelta(days=9)) for _ in range(60)]
    receipt, _ = await asyncio.gather(desk.records(*late), meanwhile())

    assert receipt.accepted == 60


async def test_rules_that_change_while_batches_are_laid_out_disturb_none_of_them(uow: UnitOfWork) -> None:
    desk = await a_desk(uow)

    async def change() -> None:
        for number in range(10):
            await add_rule(uow, f"w{number}", {"feature": f"f{number}"}, by=FINANCE, reattribute=True, now=NOON)

    def batch(name: int) -> list[UsageEvent]:
        return [an_event(tags={"feature": f"f{number % 10}", "customer": f"{name}-{number}"}) for number in range(120)]

    receipts, _ = await asyncio.gather(asyncio.gather(*(desk.records(*batch(name)) for name in range(12))), change())

    assert [receipt.accepted for receipt in receipts] == [120] * 12
    assert (await agreed(uow))[0] == 12 * 120


async def test_a_batch_with_nothing_good_in_it_changes_nothing(uow: UnitOfWork) -> None:
    receipt = await records(uow, [an_event(cache_read_tokens=10**6)])

    assert (receipt.accepted, len(receipt.rejected)) == (0, 1)
    assert await agreed(uow) == (0, 0, 0)
    assert (await records(uow, [])).accepted == 0


async def test_tags_keep_their_case_in_values_and_lose_it_in_names(uow: UnitOfWork) -> None:
    await records(uow, [an_event(tags={"Feature": " Search ", "team": " ", "TEAM": "Web", "team ": "x"})])

    ((*_, feature, team, _, _, _),) = await rows_of(uow, "series")

    assert (feature, team) == ("Search", "x")


async def test_only_finance_sets_prices(uow: UnitOfWork) -> None:
    price = negotiated("acme", "m", {"input": "1"}, from_on=date(2026, 1, 1), set_by="U0KIM")

    with pytest.raises(BudgetError, match="finance team"):
        await set_price(uow, price, by=type(FINANCE)("U0KIM"), now=NOON)
