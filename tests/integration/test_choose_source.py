"""Two sources report the same calls: seen, previewed, one of them only checks from then on, and undone again; on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.close import Because, CloseTerms
from core.errors import NotAllowed, OutOfRange, UnknownName
from core.people import Actor
from core.services.choose_source import Choice, choose_source, overlaps, preview_choice, rules, undo_choice
from core.services.close_month import freeze_months, month_figures, turn_months
from core.services.keep_books import check_books
from core.services.manage_tokens import create_token
from core.store.unit_of_work import UnitOfWork
from core.usage import UsageEvent
from tests.support.books import FARAH, an_event, records
from tests.support.invoices import OCTOBER

FINANCE = Actor(FARAH, is_finance=True)
START = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)


def reports(name: str, days: Sequence[int], *, later: int = 0, **told: object) -> list[UsageEvent]:
    """One call a day as a source saw it; each day's has its own size."""
    return [
        an_event(id=f"{name}-{day}", at=START + timedelta(days=day, seconds=later), cache_read_tokens=day, **told)
        for day in days
    ]


async def two_sources(uow: UnitOfWork) -> Choice:
    """The gateway saw days 0 to 9, the app days 0 to 7 of the same calls, three seconds later, and one of its own on day 12."""
    await records(uow, reports("g", range(10)), source="gateway", now=NOW)
    await records(uow, reports("a", [*range(8), 12], later=3), source="app", now=NOW)
    async with uow.read() as tx:
        number = {source.name: source.id for source in await tx.sources.all()}
    return Choice("openai", number["gateway"], number["app"], START)


async def spent(uow: UnitOfWork) -> tuple[int, int]:
    """(requests, nanos) of the books, whose sums agree."""
    agreement = await check_books(uow)
    assert agreement.events == agreement.hourly == agreement.daily
    return agreement.events[0], agreement.events[1]


async def test_sources_with_the_same_calls_are_seen_with_their_dollars(uow: UnitOfWork) -> None:
    await two_sources(uow)
    await records(uow, reports("other", [1], model="gpt-5.1"), source="batch", now=NOW)

    (pair,) = await overlaps(uow, "openai", OCTOBER)
    assert (pair.fuller.name, pair.fuller.requests, pair.fuller.shared_requests) == ("gateway", 10, 8)
    assert (pair.other.name, pair.other.requests, pair.other.shared_requests) == ("app", 9, 8)
    assert pair.other.nanos - pair.other.shared_nanos == pair.other.alone_nanos > 0


async def test_a_preview_changes_nothing(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    before = await spent(uow)

    seen = await preview_choice(uow, choice, by=FINANCE, now=NOW)
    assert (seen.requests, [name for name, _ in seen.by_workload]) == (9, ["unattributed"])
    assert await spent(uow) == before
    assert await rules(uow) == ()


async def test_what_the_other_source_reports_no_longer_counts_and_comes_back_when_undone(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    before = await spent(uow)

    _, done = await choose_source(uow, choice, takes_out=True, by=FINANCE, now=NOW)
    after = await spent(uow)
    assert (before[0] - after[0], before[1] - after[1]) == (done.requests, done.nanos)
    assert after[0] == 10
    assert await overlaps(uow, "openai", OCTOBER) == ()

    later = await records(uow, [*reports("a", [7, 13], later=3), *reports("a2", [14])], source="app", now=NOW)
    assert (later.accepted, later.duplicates, later.conflicts) == (0, 3, ())
    await records(uow, reports("g", [15]), source="gateway", now=NOW)
    assert (await spent(uow))[0] == 11

    (rule,) = await rules(uow)
    undone, back = await undo_choice(uow, rule.id, by=FINANCE, now=NOW)
    assert (undone.checks_name, back.requests) == ("app", 11)
    assert (await spent(uow))[0] == 22
    await records(uow, reports("a3", [16]), source="app", now=NOW)
    assert (await spent(uow))[0] == 23


async def test_without_taking_out_only_what_is_recorded_later_checks(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    before = await spent(uow)

    assert (await choose_source(uow, choice, takes_out=False, by=FINANCE, now=NOW))[1].requests == 0
    assert await spent(uow) == before
    tomorrow = [an_event(at=NOW + timedelta(hours=1)), an_event(at=NOW + timedelta(hours=2), provider="anthropic")]
    receipt = await records(uow, tomorrow, source="app", now=NOW + timedelta(hours=3))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)


async def test_an_answer_that_a_checking_source_reported_first_counts_by_the_other_one(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    await records(uow, [an_event(id="a-x", at=START, response_id="resp-1")], source="app", now=NOW)
    await choose_source(uow, choice, takes_out=True, by=FINANCE, now=NOW)
    await records(uow, [an_event(id="g-x", at=START, response_id="resp-1")], source="gateway", now=NOW)
    assert (await spent(uow))[0] == 11

    (rule,) = await rules(uow)
    await undo_choice(uow, rule.id, by=FINANCE, now=NOW)
    assert (await spent(uow))[0] == 20, "the answer must not come back beside the report that counts it"


async def test_a_frozen_month_keeps_its_estimate_and_gets_an_adjustment(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    closed = datetime(2026, 11, 10, 9, tzinfo=UTC)
    await turn_months(uow, CloseTerms(), now=closed)
    await freeze_months(uow, CloseTerms(), now=closed)

    seen = await preview_choice(uow, choice, by=FINANCE, now=closed)
    _, done = await choose_source(uow, choice, takes_out=True, by=FINANCE, now=closed)
    assert done.adjusted == (OCTOBER,)
    assert seen == done, "the preview has to say what happens"
    async with uow.read() as tx:
        figures = await month_figures(tx, OCTOBER)
        (one,) = await tx.closings.adjustments(OCTOBER)
    assert (one.because, one.figure.nanos) == (Because.COUNTED_TWICE, -done.nanos)
    assert figures.estimate_nanos - done.nanos == (await spent(uow))[1]


async def test_only_finance_chooses_and_no_circle_can_be_made(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    with pytest.raises(NotAllowed):
        await preview_choice(uow, choice, by=Actor("U0ANA"), now=NOW)
    with pytest.raises(OutOfRange, match="last 400 days"):
        await choose_source(
            uow, replace(choice, from_at=NOW - timedelta(days=500)), takes_out=True, by=FINANCE, now=NOW
        )
    await choose_source(uow, choice, takes_out=True, by=FINANCE, now=NOW)
    turned = replace(choice, counts=choice.checks, checks=choice.counts)
    with pytest.raises(OutOfRange, match="only checks already"):
        await choose_source(uow, turned, takes_out=True, by=FINANCE, now=NOW)
    async with uow.read() as tx:
        acts = [entry.act for entry in await tx.audit.newest(subject=None, limit=10)]
    assert "let one source count" in acts


async def test_what_asks_the_guard_always_counts(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    await create_token(uow, "proxy", frozenset({"usage", "guard"}), by=FARAH, now=NOW)
    async with uow.read() as tx:
        guarded = await tx.sources.named("proxy")
    assert guarded
    with pytest.raises(NotAllowed, match="asks the guard"):
        await choose_source(uow, replace(choice, checks=guarded.id), takes_out=True, by=FINANCE, now=NOW)


async def test_a_rule_is_undone_once(uow: UnitOfWork) -> None:
    choice = await two_sources(uow)
    await choose_source(uow, choice, takes_out=True, by=FINANCE, now=NOW)
    (rule,) = await rules(uow)
    await undo_choice(uow, rule.id, by=FINANCE, now=NOW)
    with pytest.raises(UnknownName, match="count already"):
        await undo_choice(uow, rule.id, by=FINANCE, now=NOW)
