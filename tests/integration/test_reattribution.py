"""Rules change from now on, or for past usage on request; whatever moves, the totals are exact."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.errors import NameTaken, NotAllowed, Outdated, OutOfRange, UnknownName
from core.moves import Shift
from core.people import Actor
from core.services.manage_workloads import add_rule, remove_rule, restore_rule
from core.services.preview_rules import explain, preview_removal, preview_rule, rules_of
from core.services.read_audit import trail
from core.services.reattribute_usage import preview_reattribution, reattribute
from core.services.review_unattributed import unattributed
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FINANCE, KIM, NOON, agreed, an_event, books_in, records

SEARCH = {"feature": "search"}
LAST_MONTH, LONG_AGO = NOON - timedelta(days=30), NOON - timedelta(days=120)


async def some_usage(uow: UnitOfWork) -> None:
    """Search and chat, each once this month, last month and four months ago."""
    for feature in ("search", "chat"):
        for at in (NOON, LAST_MONTH, LONG_AGO):
            await records(uow, [an_event(at=at, tags={"feature": feature, "environment": "production"})])


async def spent_by_name(uow: UnitOfWork) -> dict[str, int]:
    """Requests per workload over all time."""
    async with uow.read() as tx:
        names = {number: name for name, number in (await tx.workloads.names()).items()}
        spent = await tx.spend.by_workload((NOON - timedelta(days=400)).date(), (NOON + timedelta(days=5)).date())
    return {names[number]: sums.requests for number, sums in spent.items()}


async def test_a_rule_can_claim_three_months_at_once(uow: UnitOfWork) -> None:
    await some_usage(uow)
    before = await agreed(uow)

    outcome = await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=True, months=3, now=NOON)

    assert outcome.moved_requests == 2
    assert await spent_by_name(uow) == {"search": 2, "unattributed": 4}
    assert await agreed(uow) == before


async def test_the_preview_of_a_move_says_exactly_what_then_moves(uow: UnitOfWork) -> None:
    await add_rule(uow, "all", {"environment": "production"}, by=FINANCE, reattribute=False, now=NOON)
    await some_usage(uow)
    await add_rule(uow, "search", SEARCH | {"environment": "production"}, by=FINANCE, reattribute=False, now=NOON)
    before = await agreed(uow)

    this_month, three_months = await preview_reattribution(uow, SEARCH, now=NOON)
    assert [(one.source, one.target, one.requests) for one in this_month.shifts] == [("all", "search", 1)]
    assert three_months.requests == 2

    done = await reattribute(uow, SEARCH, months=3, by=FINANCE, now=NOON)

    assert done.shifts == three_months.shifts
    assert await spent_by_name(uow) == {"all": 4, "search": 2}
    assert await agreed(uow) == before
    newest = (await trail(uow, "search")).lines[0]
    assert (newest.act, newest.detail["from"], newest.detail["nanos"]) == ("re-attributed usage", "all", done.nanos)
    assert (await reattribute(uow, SEARCH, months=3, by=FINANCE, now=NOON)).shifts == ()


async def test_days_are_cut_in_the_zone_of_the_books(database_url: str) -> None:
    async with books_in(database_url, "America/New_York") as uow:
        # 02:00 UTC on the 1st is still October in New York.
        for at in (NOON.replace(day=1, hour=2), NOON.replace(day=1, hour=7)):
            await records(uow, [an_event(at=at, tags=SEARCH)])

        outcome = await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=True, now=NOON)

        assert outcome.moved_requests == 1
        await agreed(uow)


async def test_nobody_takes_spend_out_of_a_workload_of_others(uow: UnitOfWork) -> None:
    await add_rule(uow, "all", {"environment": "production"}, by=FINANCE, reattribute=False, now=NOON)
    await some_usage(uow)
    await add_rule(uow, "search", SEARCH | {"environment": "production"}, by=Actor(ANA), reattribute=False, now=NOON)
    before = await spent_by_name(uow)

    with pytest.raises(NotAllowed, match="all belongs to somebody else"):
        await reattribute(uow, SEARCH, months=1, by=Actor(ANA), now=NOON)

    assert await spent_by_name(uow) == before


@pytest.mark.parametrize("months", [0, -1, 13])
async def test_a_move_reaches_back_a_year_at_most(uow: UnitOfWork, months: int) -> None:
    with pytest.raises(OutOfRange):
        await reattribute(uow, SEARCH, months=months, by=FINANCE, now=NOON)


async def test_usage_that_arrives_during_a_move_is_counted_once(uow: UnitOfWork) -> None:
    await some_usage(uow)
    await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=False, now=NOON)

    await asyncio.gather(
        reattribute(uow, SEARCH, months=12, by=FINANCE, now=NOON),
        *(records(uow, [an_event(tags=SEARCH), an_event(tags={"feature": "chat"})]) for _ in range(5)),
    )

    assert await spent_by_name(uow) == {"search": 8, "unattributed": 8}
    assert (await agreed(uow))[0] == 16


async def test_a_removed_rule_leaves_the_books_and_can_be_brought_back_to_its_place(uow: UnitOfWork) -> None:
    first = await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=False, now=NOON)
    await add_rule(uow, "live", {"environment": "production"}, by=FINANCE, reattribute=False, now=NOON)
    await some_usage(uow)

    removal = await preview_removal(uow, first.rule.id, now=NOON)
    assert [(one.source, one.target) for one in removal.shifts] == [("search", "live")]
    assert removal.requests == 1
    await remove_rule(uow, first.rule.id, by=FINANCE, now=NOON, pairs=SEARCH)
    assert (await spent_by_name(uow))["search"] == 3
    assert (await explain(uow, SEARCH | {"environment": "production"})).workload == "live"

    back = await restore_rule(uow, "search", SEARCH, rule_id=first.rule.id, by=FINANCE, now=NOON)

    assert back.rule.id == first.rule.id
    assert (await explain(uow, SEARCH | {"environment": "production"})).workload == "search"
    with pytest.raises(NameTaken):
        await restore_rule(uow, "search", SEARCH, rule_id=first.rule.id, by=FINANCE, now=NOON)


async def test_a_number_that_names_another_rule_by_now_removes_nothing(uow: UnitOfWork) -> None:
    outcome = await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=False, now=NOON)

    with pytest.raises(Outdated):
        await remove_rule(uow, outcome.rule.id, by=FINANCE, now=NOON, pairs={"feature": "chat"})
    with pytest.raises(NotAllowed):
        await remove_rule(uow, outcome.rule.id, by=Actor(KIM), now=NOON)
    with pytest.raises(UnknownName):
        await remove_rule(uow, 999, by=FINANCE, now=NOON)

    assert (await rules_of(uow, "search", now=NOON)).workload.rules == (outcome.rule,)


async def test_each_rule_says_what_it_caught_and_what_still_counts_elsewhere(uow: UnitOfWork) -> None:
    await some_usage(uow)
    await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=False, now=NOON)
    await add_rule(uow, "search", {"feature": "find"}, by=FINANCE, reattribute=False, now=NOON)

    one, other = (await rules_of(uow, "search", now=NOON)).rules

    assert (one.requests, other.requests) == (1, 0)
    assert one.shifts == (Shift("unattributed", "search", 1, one.nanos),)


async def test_an_explanation_names_winner_losers_and_what_was_missing(uow: UnitOfWork) -> None:
    await add_rule(uow, "search", SEARCH, by=FINANCE, reattribute=False, now=NOON)
    await add_rule(uow, "live", {"environment": "production"}, by=FINANCE, reattribute=False, now=NOON)
    await add_rule(uow, "gold", SEARCH | {"tag.plan": "gold"}, by=FINANCE, reattribute=False, now=NOON)

    found = await explain(uow, {"feature": "Search", "environment": "production"})

    assert (found.workload, str(found.decides)) == ("search", "feature=search")
    assert [name for _, name in found.others] == ["live"]
    assert [name for _, name in found.nearly] == ["gold"]
    assert (await explain(uow, {"workload": "live", "feature": "search"})).is_named
    assert (await explain(uow, {"feature": "nothing"})).workload == "unattributed"


async def test_a_preview_and_the_bucket_agree_on_what_is_waiting(uow: UnitOfWork) -> None:
    await some_usage(uow)

    bucket = await unattributed(uow, now=NOON)
    top = bucket.candidates[0]
    catch = await preview_rule(uow, top.name, {top.dimension: top.value}, now=NOON)

    assert (bucket.requests, bucket.total_nanos) == (2, bucket.nanos)
    assert (catch.unattributed_requests, catch.unattributed_nanos) == (top.requests, top.nanos)
    assert bucket.weeks[-1].share == 1.0
