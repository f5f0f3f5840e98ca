"""Workloads and rules: who may, what a rule would catch, and how unattributed usage moves over without loss."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BudgetError, NameTaken, NotAllowed, OutOfRange, UnknownName
from core.people import Actor
from core.services.budget_status import breakdown, overview
from core.services.keep_books import rebuild_books
from core.services.manage_workloads import add_rule, list_workloads, remove_rule
from core.services.preview_rules import preview_rule, rules_of
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, FARAH, FINANCE, KIM, NOON, agreed, an_event, an_order, books_in, records, sets
from tests.support.tables import number_of, projections

COST = 2_800_000
"""Nanos of one event as the builder makes it."""


async def rule(
    uow: UnitOfWork, name: str, *, by: Actor = FINANCE, reattribute: bool = False, **pairs: str
) -> tuple[int, int]:
    """Add a rule; (requests, nanos) that moved."""
    outcome = await add_rule(uow, name, pairs, by=by, reattribute=reattribute, now=NOON)
    return outcome.moved_requests, outcome.moved_nanos


async def spent(uow: UnitOfWork) -> dict[str, int]:
    return {line.workload: line.requests for line in (await overview(uow, now=NOON)).lines}


async def test_a_rule_decides_from_the_next_event_on(uow: UnitOfWork) -> None:
    await records(uow, [an_event(tags={"feature": "search"})])
    await rule(uow, "search", feature="search")
    await records(uow, [an_event(tags={"feature": "search"}), an_event(tags={"feature": "search"})])

    assert await spent(uow) == {"unattributed": 1, "search": 2}


async def test_what_is_unattributed_this_cycle_moves_over_and_last_cycle_stays(uow: UnitOfWork) -> None:
    await records(uow, [an_event(tags={"feature": "search"}) for _ in range(3)])
    await records(uow, [an_event(tags={"feature": "search"}, at=NOON - timedelta(days=30)), an_event()])

    moved = await rule(uow, "search", reattribute=True, feature="Search")

    assert moved == (3, 3 * COST)
    assert await spent(uow) == {"search": 3, "unattributed": 1}
    assert (await agreed(uow))[0] == 5


async def test_what_belongs_to_another_workload_stays_there(uow: UnitOfWork) -> None:
    await rule(uow, "prod", environment="production", feature="search")
    await records(
        uow, [an_event(tags={"feature": "search", "environment": "production"}), an_event(tags={"feature": "search"})]
    )

    assert await rule(uow, "search", reattribute=True, feature="search") == (1, COST)
    assert await spent(uow) == {"prod": 1, "search": 1}


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns"])
async def test_moving_over_cuts_the_cycle_to_the_minute_in_a_half_hour_zone(database_url: str, zone: str) -> None:
    async with books_in(database_url, zone) as uow:
        starts = datetime(2026, 11, 1, tzinfo=uow.zone).astimezone(UTC)
        ends = datetime(2026, 12, 1, tzinfo=uow.zone).astimezone(UTC)
        edges = [starts - timedelta(seconds=1), starts, ends - timedelta(seconds=1), ends]
        now = ends + timedelta(hours=1)
        tagged = {"tags": {"feature": "search"}}
        await records(uow, [an_event(at=at, **tagged) for at in edges] + [an_event(at=at) for at in edges], now=now)

        outcome = await add_rule(
            uow, "search", {"feature": "search"}, by=FINANCE, reattribute=True, now=ends - timedelta(hours=1)
        )

        # Not what lies before the month; what a sender dated ahead, into the next one, moves along.
        assert outcome.moved_requests == 3
        moved = await projections(uow)
        assert (await agreed(uow))[0] == 8
        await rebuild_books(uow, by="test", now=now)
        assert await projections(uow) == moved


async def test_the_preview_says_what_the_rule_then_does(uow: UnitOfWork) -> None:
    await rule(uow, "prod", feature="search", environment="production")
    await records(
        uow,
        [
            an_event(tags={"feature": "search", "environment": environment})
            for environment in ("production", "staging", "dev")
        ]
        + [an_event(tags={"feature": "search"}, at=NOON - timedelta(days=27)), an_event()],
    )

    catch = await preview_rule(uow, "search", {"feature": "search"}, now=NOON)

    assert catch.moves == (("unattributed", 3, 3 * COST),)
    assert (catch.unattributed_requests, catch.unattributed_nanos) == (2, 2 * COST)
    assert await rule(uow, "search", reattribute=True, feature="search") == (2, 2 * COST)
    standing = await rules_of(uow, "search", now=NOON)
    workload, after = standing.workload, standing.catch
    assert [str(kept) for kept in workload.rules] == ["feature=search"]
    assert after.requests == 3


async def test_a_rule_that_exists_is_refused_whoever_has_it(uow: UnitOfWork) -> None:
    await rule(uow, "search", feature="search")

    for name in ("search", "other"):
        with pytest.raises(NameTaken, match="counts to search"):
            await rule(uow, name, feature="SEARCH")


@pytest.mark.parametrize(("by", "allowed"), [(Actor(ANA), True), (FINANCE, True), (Actor(KIM), False)])
async def test_the_owner_and_finance_change_the_rules_of_a_workload(uow: UnitOfWork, by: Actor, allowed: bool) -> None:
    await rule(uow, "search", by=Actor(ANA), feature="search")

    if allowed:
        await rule(uow, "search", by=by, feature="chat")
    else:
        with pytest.raises(NotAllowed, match=ANA):
            await rule(uow, "search", by=by, feature="chat")


async def test_with_an_envelope_its_people_change_the_rules(uow: UnitOfWork) -> None:
    await rule(uow, "search", by=Actor(ANA), feature="search")
    await sets(uow, an_order("search"))
    first = (await list_workloads(uow, now=NOON))[0].rules or (await list_workloads(uow, now=NOON))[1].rules

    with pytest.raises(NotAllowed):
        await remove_rule(uow, first[0].id, by=Actor(KIM), now=NOON)
    assert (await remove_rule(uow, first[0].id, by=Actor(FARAH), now=NOON)).rules == ()
    with pytest.raises(UnknownName, match="not exist"):
        await remove_rule(uow, first[0].id, by=FINANCE, now=NOON)


async def test_a_typo_gets_the_nearest_known_name(uow: UnitOfWork) -> None:
    await rule(uow, "search-answers", feature="search")

    with pytest.raises(UnknownName, match="Did you mean search-answers") as refused:
        await rules_of(uow, "serach-answers", now=NOON)
    assert refused.value.correction == "/budget workload rules search-answers"


@pytest.mark.parametrize(("name", "pairs"), [("<!here>", {"feature": "x"}), ("x", {}), ("x", {"colour": "red"})])
async def test_a_rule_that_cannot_be_kept_leaves_no_workload_behind(
    uow: UnitOfWork, name: str, pairs: dict[str, str]
) -> None:
    with pytest.raises((OutOfRange, UnknownName)):
        await add_rule(uow, name, pairs, by=FINANCE, reattribute=False, now=NOON)

    assert await number_of(uow, "SELECT count(*) FROM workloads") == 1


async def test_two_people_who_add_one_workload_at_once_share_it_or_are_told(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        outcomes = await asyncio.gather(
            rule(uow, "search", feature="a"), rule(elsewhere, "search", feature="b"), return_exceptions=True
        )

        assert not [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, BudgetError)]
        assert await number_of(uow, "SELECT count(*) FROM workloads WHERE name = 'search'") == 1


async def test_a_breakdown_holds_all_of_the_spend_and_says_how_much_is_labelled(uow: UnitOfWork) -> None:
    events = [an_event(tags={"feature": name} if name else {}) for name in ("search", "search", "chat", "")]
    await records(uow, events)

    for dimension, slices in (
        ("feature", {"search": 2, "chat": 1, None: 1}), ("model", {"gpt-4.1": 4}), ("provider", {"openai": 4}),
        ("team", {None: 4}), ("workload", {None: 4}),
    ):  # fmt: skip
        found = await breakdown(uow, dimension, cycle=(await overview(uow, now=NOON)).cycle, now=NOON)
        assert {part.label: part.requests for part in found.slices} == slices
        assert found.spent_nanos == 4 * COST
        assert found.coverage == pytest.approx(1 - slices.get(None, 0) / 4)
        assert sum(nanos for _, _, nanos in found.days) == 4 * COST
