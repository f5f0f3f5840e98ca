"""The first days of a month over real books: who is told once, what proposals rest on, and who may accept them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.close import CloseTerms
from core.errors import AlreadyDecided, NotAllowed, Outdated
from core.money import NANOS
from core.period import Cycle
from core.proposal import ProposalState
from core.services.forecast_spend import refresh_forecasts
from core.services.manage_workloads import add_rule
from core.services.propose_envelopes import accept, discuss
from core.services.run_close import run_close
from core.services.tell_close import is_due
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, DEFAULTS, FARAH, KIM, SAM, Actor, an_event, an_order, records, sets

OCTOBER, NOVEMBER = Cycle(2026, 10), Cycle(2026, 11)
SET_ON = datetime(2026, 10, 5, 9, tzinfo=UTC)
NINE = datetime(2026, 11, 1, 9, 0, 30, tzinfo=UTC)
FOURTH = datetime(2026, 11, 4, 0, 5, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


async def with_october(uow: UnitOfWork, *, size: float = 900, a_day: int = 20) -> None:
    """Search with $20 a day since September, and an envelope."""
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=False, now=SET_ON)
    usage = [
        an_event(at=datetime(2026, 9, 1, 9, tzinfo=UTC) + timedelta(days=day), input_tokens=300_000 * a_day,
                 output_tokens=50_000 * a_day, tags={"feature": "search"})
        for day in range(61)
    ]  # fmt: skip
    await records(uow, usage, now=NINE - timedelta(hours=10))
    await sets(uow, an_order("search", size), now=SET_ON)


async def first_morning(uow: UnitOfWork, now: datetime = NINE) -> None:
    await refresh_forecasts(uow, now=now)
    await run_close(uow, CloseTerms(), finance=[FARAH], now=now)


async def told(uow: UnitOfWork) -> dict[str, list]:
    """Facts by recipient, oldest first: of posts and edits alike."""
    async with uow.write() as tx:
        found: dict[str, list] = {}
        while claimed := await tx.outbox.claim(now=FOURTH + timedelta(days=9)):
            for notice in claimed:
                await tx.outbox.sent(notice, channel="D", ts=f"1.{notice.id}", at=FOURTH)
                if notice.kind == "close":
                    found.setdefault(notice.recipient, []).append(notice.facts)
    return found


async def proposal_of(uow: UnitOfWork):
    async with uow.read() as tx:
        (found,) = (await tx.proposals.of_cycle(NOVEMBER)).values()
    return found


def test_a_close_is_told_from_nine_on_the_first_day_for_a_week():
    assert not is_due(OCTOBER, datetime(2026, 11, 1, 8, 59, tzinfo=UTC), UTC_ZONE)
    assert is_due(OCTOBER, NINE, UTC_ZONE)
    assert is_due(OCTOBER, datetime(2026, 11, 8, 23, 59, tzinfo=UTC), UTC_ZONE)
    assert not is_due(OCTOBER, datetime(2026, 11, 9, tzinfo=UTC), UTC_ZONE)
    assert is_due(OCTOBER, datetime(2026, 11, 1, 14, 0, tzinfo=UTC), ZoneInfo("America/New_York"))
    assert not is_due(OCTOBER, datetime(2026, 11, 1, 13, 59, tzinfo=UTC), ZoneInfo("America/New_York"))


async def test_finance_and_owners_are_told_once_whoever_runs(uow: UnitOfWork):
    await with_october(uow)
    await refresh_forecasts(uow, now=NINE)
    await asyncio.gather(*(run_close(uow, CloseTerms(), finance=[FARAH], now=NINE) for _ in range(3)))
    await first_morning(uow, NINE + timedelta(hours=5))
    facts = await told(uow)
    assert {person: len(one) for person, one in facts.items()} == {ANA: 1, FARAH: 1}
    assert facts[FARAH][0]["whole"]["estimate"] == 31 * 20 * NANOS
    assert facts[FARAH][0]["mine"] == []
    assert facts[ANA][0]["whole"] is None
    assert [one["workload"] for one in facts[ANA][0]["mine"]] == ["search"]


async def test_a_proposal_is_the_new_months_forecast_with_its_margin(uow: UnitOfWork):
    await with_october(uow)
    await first_morning(uow)
    proposed = await proposal_of(uow)
    assert 0 <= proposed.nanos - proposed.facts["p50"] * 1.2 < 10 * NANOS
    assert abs(proposed.facts["p50"] - 600 * NANOS) < 30 * NANOS
    assert (proposed.facts["size"], proposed.facts["spent"]) == (900 * NANOS, 620 * NANOS)
    assert proposed.facts["drivers"][0] == ["volume", 20 * NANOS]


async def test_nobody_is_told_before_nine_or_about_books_without_envelopes(uow: UnitOfWork):
    await first_morning(uow)
    assert await told(uow) == {}
    await with_october(uow)
    await first_morning(uow, NINE - timedelta(hours=1))
    assert await told(uow) == {}


async def test_less_takes_effect_at_once_and_every_copy_says_so(uow: UnitOfWork):
    await with_october(uow, size=900)
    await first_morning(uow)
    before = await proposal_of(uow)
    done = await accept(uow, NOVEMBER, before.workload_id, by=Actor(ANA), defaults=DEFAULTS, now=NINE)
    assert done.outcome is not None and done.outcome.request is None
    async with uow.read() as tx:
        envelope = await tx.envelopes.of(before.workload_id)
    assert envelope is not None and envelope.lasting(NOVEMBER) == before.nanos < 900 * NANOS
    assert envelope.lasting(OCTOBER) == 900 * NANOS
    facts = await told(uow)
    assert facts[ANA][-1]["mine"][0]["state"] == "accepted"
    assert facts[FARAH][-1]["whole"]["envelopes"][0][3] == "accepted"


async def test_more_asks_the_sponsor_and_changes_nothing_yet(uow: UnitOfWork):
    await with_october(uow, size=400)
    await first_morning(uow)
    before = await proposal_of(uow)
    done = await accept(uow, NOVEMBER, before.workload_id, by=Actor(FARAH), defaults=DEFAULTS, now=NINE)
    assert done.outcome is not None and done.outcome.request is not None
    assert done.outcome.request.deciders.sponsor == SAM
    assert (await proposal_of(uow)).state is ProposalState.ASKED
    async with uow.read() as tx:
        envelope = await tx.envelopes.of(before.workload_id)
    assert envelope is not None and envelope.lasting(NOVEMBER) == 400 * NANOS


async def test_two_people_who_accept_at_once_ask_the_sponsor_once(uow: UnitOfWork):
    await with_october(uow, size=400)
    await first_morning(uow)
    number = (await proposal_of(uow)).workload_id
    done = await asyncio.gather(
        *(accept(uow, NOVEMBER, number, by=Actor(who), defaults=DEFAULTS, now=NINE) for who in (ANA, FARAH)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, AlreadyDecided) for one in done) == 1
    async with uow.read() as tx:
        assert len(await tx.requests.pending(person=SAM)) == 1


@pytest.mark.parametrize("who", [KIM, SAM])
async def test_others_cannot_accept_or_discuss(uow: UnitOfWork, who: str):
    await with_october(uow)
    await first_morning(uow)
    number = (await proposal_of(uow)).workload_id
    with pytest.raises(NotAllowed):
        await accept(uow, NOVEMBER, number, by=Actor(who), defaults=DEFAULTS, now=NINE)
    with pytest.raises(NotAllowed):
        await discuss(uow, NOVEMBER, number, by=Actor(who), now=NINE)
    assert (await proposal_of(uow)).state is ProposalState.OPEN


async def test_a_changed_envelope_overtakes_its_proposal(uow: UnitOfWork):
    await with_october(uow)
    await first_morning(uow)
    await told(uow)
    number = (await proposal_of(uow)).workload_id
    await sets(uow, an_order("search", 700), now=NINE)
    with pytest.raises(Outdated):
        await accept(uow, NOVEMBER, number, by=Actor(ANA), defaults=DEFAULTS, now=NINE)
    await first_morning(uow, NINE + timedelta(hours=1))
    assert (await proposal_of(uow)).state is ProposalState.OVERTAKEN
    (line,) = (await told(uow))[ANA][-1]["mine"]
    assert (line["state"], line["current"]) == ("overtaken", 700 * NANOS)


async def test_a_proposal_of_a_month_that_is_over_changes_nothing(uow: UnitOfWork):
    await with_october(uow)
    await first_morning(uow)
    number = (await proposal_of(uow)).workload_id
    with pytest.raises(Outdated, match="which is over"):
        await accept(uow, NOVEMBER, number, by=Actor(ANA), defaults=DEFAULTS, now=NINE + timedelta(days=31))


async def test_talk_is_called_for_in_the_channel_and_settles_nothing(uow: UnitOfWork):
    await with_october(uow)
    await first_morning(uow)
    number = (await proposal_of(uow)).workload_id
    await discuss(uow, NOVEMBER, number, by=Actor(ANA), now=NINE)
    async with uow.write() as tx:
        notices = await tx.outbox.claim(now=FOURTH, limit=50)
    (call,) = (notice for notice in notices if notice.kind == "close_discuss")
    assert (call.recipient, call.facts["with"]) == ("C0BUDGET", [FARAH])
    done = await accept(uow, NOVEMBER, number, by=Actor(FARAH), defaults=DEFAULTS, now=NINE)
    assert done.proposal.state is ProposalState.ACCEPTED


async def test_the_message_is_brought_up_to_date_when_the_estimate_is_frozen_and_adjusted(uow: UnitOfWork):
    await with_october(uow)
    await first_morning(uow)
    assert (await told(uow))[FARAH][0]["whole"]["frozen_at"] is None
    await run_close(uow, CloseTerms(), finance=[FARAH], now=FOURTH)
    assert (await told(uow))[FARAH][-1]["whole"]["frozen_at"] is not None
    late = an_event(at=SET_ON, input_tokens=3_000_000, output_tokens=500_000, tags={"feature": "search"})
    await records(uow, [late], now=FOURTH)
    await run_close(uow, CloseTerms(), finance=[FARAH], now=FOURTH + timedelta(days=1))
    whole = (await told(uow))[FARAH][-1]["whole"]
    assert (whole["estimate"], whole["adjusted"]) == (620 * NANOS, 10 * NANOS)
    assert whole["adjustments"] == [["2026-11-05", 10 * NANOS, "late usage"]]
