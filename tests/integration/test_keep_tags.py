"""Tags kept clean: aliases for new usage and for history, and a bound on values; totals stay exact throughout."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.errors import NameTaken, NotAllowed, OutOfRange, UnknownName
from core.people import Actor
from core.services.keep_tags import drop_alias, merge_values, review_tag, review_tags
from core.services.manage_tokens import import_source
from core.services.manage_workloads import add_rule
from core.services.read_audit import trail
from core.services.reattribute_usage import preview_reattribution
from core.services.record_usage import Bookkeeper
from core.services.review_unattributed import unattributed
from core.store.unit_of_work import UnitOfWork
from core.tags import MANY
from core.usage import UsageEvent
from tests.support.books import FINANCE, KIM, NOON, agreed, an_event, records

PROD, PRODUCTION = {"environment": "Prod"}, {"environment": "production"}


async def values(uow: UnitOfWork, dimension: str = "environment") -> dict[str | None, int]:
    """Requests per stored label over all time."""
    async with uow.read() as tx:
        rows = await tx.spend.by_label(
            dimension, (NOON - timedelta(days=400)).date(), (NOON + timedelta(days=9)).date()
        )
    found: dict[str | None, int] = {}
    for _, label, _, requests in rows:
        found[label] = found.get(label, 0) + requests
    return found


async def merge(uow: UnitOfWork, months: int = 0) -> None:
    await merge_values(uow, "environment", ["prod"], "production", by=FINANCE, now=NOON, months=months)


async def test_an_alias_works_for_the_next_event_in_a_process_that_has_seen_the_spelling(uow: UnitOfWork) -> None:
    bookkeeper, source = Bookkeeper(uow), (await import_source(uow, "test", now=NOON)).id
    await bookkeeper.record(source, [(0, an_event(tags=PROD))], now=NOON)

    await merge(uow)
    await bookkeeper.record(source, [(0, an_event(tags=PROD)), (1, an_event(tags=PRODUCTION))], now=NOON)

    assert await values(uow) == {"Prod": 1, "production": 2}


async def test_history_is_relabelled_on_request_and_nothing_else_moves(uow: UnitOfWork) -> None:
    await add_rule(uow, "live", PRODUCTION, by=FINANCE, reattribute=False, now=NOON)
    for days in (0, 30, 150):
        await records(uow, [an_event(at=NOON - timedelta(days=days), tags=PROD | {"feature": "a"}) for _ in range(3)])
    before = await agreed(uow)

    await merge(uow, months=3)

    assert await values(uow) == {"Prod": 3, "production": 6}
    assert await agreed(uow) == before
    async with uow.read() as tx:
        spent = await tx.spend.by_workload((NOON - timedelta(days=400)).date(), NOON.date())
    assert list(spent) == [1]
    acts = [line.act for line in (await trail(uow, None)).lines[:2]]
    assert acts == ["re-labelled usage", "merged tag values"]


async def test_a_rule_for_either_spelling_matches_both(uow: UnitOfWork) -> None:
    await add_rule(uow, "live", {"environment": "prod"}, by=FINANCE, reattribute=False, now=NOON)
    await merge(uow)

    await records(uow, [an_event(tags=PROD), an_event(tags=PRODUCTION)])

    async with uow.read() as tx:
        spent = await tx.spend.by_workload(NOON.date(), NOON.date())
    assert {sums.requests for sums in spent.values()} == {2}


async def test_an_event_sent_again_after_a_merge_is_a_duplicate_without_a_conflict(uow: UnitOfWork) -> None:
    event = an_event(tags=PROD)
    await records(uow, [event])
    await merge(uow)

    again = await records(uow, [event])

    assert (again.accepted, again.duplicates, again.conflicts) == (0, 1, ())
    other = await records(uow, [UsageEvent(**{name: getattr(event, name) for name in event.__struct_fields__}
                                           | {"tags": {"environment": "staging"}})])  # fmt: skip
    assert len(other.conflicts) == 1


async def test_usage_that_arrives_during_a_merge_is_counted_once(uow: UnitOfWork) -> None:
    await records(uow, [an_event(tags=PROD) for _ in range(10)])

    await asyncio.gather(
        merge(uow, months=1), *(records(uow, [an_event(tags=PROD), an_event(tags=PRODUCTION)]) for _ in range(5))
    )

    assert (await agreed(uow))[0] == 20
    assert sum((await values(uow)).values()) == 20


async def test_only_finance_merges_and_a_circle_is_refused(uow: UnitOfWork) -> None:
    with pytest.raises(NotAllowed):
        await merge_values(uow, "environment", ["prod"], "production", by=Actor(KIM), now=NOON)
    await merge(uow)
    with pytest.raises(NameTaken):
        await merge_values(uow, "environment", ["production"], "prod", by=FINANCE, now=NOON)
    with pytest.raises(OutOfRange):
        await merge_values(uow, "environment", [], "prod", by=FINANCE, now=NOON)


async def test_an_alias_can_be_taken_back(uow: UnitOfWork) -> None:
    await merge(uow)
    assert await drop_alias(uow, "environment", "Prod", by=FINANCE, now=NOON) == "production"
    await records(uow, [an_event(tags=PROD)])
    assert await values(uow) == {"Prod": 1}
    with pytest.raises(UnknownName):
        await drop_alias(uow, "environment", "prod", by=FINANCE, now=NOON)


async def test_a_tag_with_too_many_values_is_folded_and_nothing_is_lost(uow: UnitOfWork) -> None:
    bookkeeper = Bookkeeper(uow, max_new_values=10)
    source = (await import_source(uow, "test", now=NOON)).id
    events = [an_event(tags={"feature": "search", "request": f"r-{number}"}) for number in range(25)]

    receipt = await bookkeeper.record(source, list(enumerate(events)), now=NOON)
    again = await bookkeeper.record(source, list(enumerate(events)), now=NOON)

    assert (receipt.accepted, again.duplicates, again.conflicts) == (25, 25, ())
    assert (await agreed(uow))[0] == 25
    tag = await review_tag(uow, "request", now=NOON)
    assert (len(tag.values), tag.many.requests) == (10, 15)
    async with uow.read() as tx:
        assert len(await tx.series.all()) == 11
    assert [one.dimension for one in await review_tags(uow, now=NOON)] == ["feature", "request"]


async def test_known_values_pass_however_many_and_new_ones_find_room_on_another_day(uow: UnitOfWork) -> None:
    bookkeeper = Bookkeeper(uow, max_new_values=3)
    source = (await import_source(uow, "test", now=NOON)).id
    customers = [f"customer-{letter}" for letter in "abcdef"]

    for day in range(3):
        at = NOON + timedelta(days=day)
        events = [(place, an_event(at=at, tags={"customer": one})) for place, one in enumerate(customers)]
        await bookkeeper.record(source, events, now=at)

    found = await values(uow, "customer")
    assert found.pop(MANY) == 3
    assert set(found) == set(customers)
    assert sum(found.values()) == 15


async def test_near_duplicates_are_proposed_with_what_they_are_worth(uow: UnitOfWork) -> None:
    await records(uow, [an_event(tags=tags) for tags in (PRODUCTION, PRODUCTION, {"environment": "prodution"})])
    (proposal,) = (await review_tag(uow, "environment", now=NOON)).merges
    assert (proposal.kept.value, [one.value for one in proposal.others]) == ("production", ["prodution"])

    await merge_values(uow, "environment", ["prodution"], "production", by=FINANCE, now=NOON)
    tag = await review_tag(uow, "environment", now=NOON)

    assert (tag.merges, [one.value for one in tag.values]) == ((), ["production"])
    assert (tag.aliases[0].spelling, tag.aliases[0].requests) == ("prodution", 1)


async def test_an_unknown_tag_is_named_with_the_nearest_one(uow: UnitOfWork) -> None:
    with pytest.raises(UnknownName, match="environment"):
        await review_tag(uow, "enviroment", now=NOON)


async def test_usage_that_is_only_misspelt_needs_no_rule_but_a_merge(uow: UnitOfWork) -> None:
    await add_rule(uow, "live", {"feature": "search"} | PRODUCTION, by=FINANCE, reattribute=False, now=NOON)
    search = {"feature": "search"}
    await records(uow, [an_event(tags=search | PRODUCTION) for _ in range(5)])
    await records(uow, [an_event(tags=search | {"environment": "prodution"}), an_event(tags={"feature": "chat"})])

    bucket = await unattributed(uow, now=NOON)
    assert [(one.dimension, one.requests) for one in bucket.misspelt] == [("environment", 1)]
    assert [(one.value, one.share) for one in bucket.candidates] == [("chat", 0.5)]

    await merge_values(uow, "environment", ["prodution"], "production", by=FINANCE, now=NOON)
    this_month, _ = await preview_reattribution(uow, PRODUCTION, now=NOON)
    assert [(one.source, one.target, one.requests) for one in this_month.shifts] == [("unattributed", "live", 1)]
