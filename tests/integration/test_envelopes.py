"""Setting envelopes: who may, what waits for the sponsor, and what two people who act at once get."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import NotAllowed, Outdated, OutOfRange
from core.money import NANOS
from core.people import Actor
from core.period import Cycle
from core.services.budget_status import detail, overview
from core.services.manage_envelopes import set_envelope
from core.services.manage_workloads import add_rule
from core.services.read_audit import trail
from core.services.suggest_envelope import proposal
from core.store.unit_of_work import UnitOfWork
from tests.support.books import (
    ANA,
    DANA,
    DEFAULTS,
    FARAH,
    FINANCE,
    KIM,
    NOON,
    SAM,
    an_event,
    an_order,
    books_in,
    records,
    sets,
)


async def test_a_new_envelope_is_there_at_once_with_its_people(uow: UnitOfWork) -> None:
    outcome = await sets(uow, an_order("Search Bot", 4000, channel="C0SEARCH"))

    assert outcome.request is None
    assert any(note.startswith("search-bot is new") for note in outcome.notes)
    shown = await detail(uow, "search-bot", now=NOON)
    assert shown.line.size_nanos == 4000 * NANOS
    assert shown.envelope is not None
    assert shown.envelope.terms.people.sponsor == SAM
    assert shown.envelope.terms.channel == "C0SEARCH"
    assert [line.act for line in (await trail(uow, "search-bot")).lines] == ["opened envelope", "added workload"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sponsor": None}, "needs a sponsor"),
        ({"dollars": None}, "needs an amount"),
        ({"dollars": None, "sponsor": None}, "needs an amount and a sponsor"),
        ({"sponsor": ANA}, "cannot be the owner"),
        ({"owner": None, "sponsor": ANA}, "owner and sponsor at once"),
        ({"deputy": ANA}, "cannot be the owner"),
        ({"soft_share": 1.0, "hard_share": 0.9}, "below the hard one"),
        ({"dollars": 2e9}, "at most \\$1 billion"),
        ({"workload": "<!channel>"}, "workload's name"),
        ({"degrade": "throttle=0/min"}, "not a throttle"),
    ],
)
async def test_an_envelope_that_lacks_or_contradicts_something_is_not_made(
    uow: UnitOfWork, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(OutOfRange, match=says):
        await sets(uow, an_order(**fields))

    assert (await overview(uow, now=NOON)).lines == ()
    assert (await trail(uow, None)).total == 0


@pytest.mark.parametrize(
    ("by", "allowed"),
    [(Actor(ANA), True), (Actor(FARAH), True), (Actor(KIM), False), (Actor(SAM), False), (Actor(KIM, True), True)],
)
async def test_owner_and_finance_set_a_new_envelope(uow: UnitOfWork, by: Actor, allowed: bool) -> None:
    if allowed:
        assert (await set_envelope(uow, an_order(), by=by, defaults=DEFAULTS, now=NOON)).envelope
    else:
        with pytest.raises(NotAllowed, match="Ask"):
            await set_envelope(uow, an_order(), by=by, defaults=DEFAULTS, now=NOON)


@pytest.mark.parametrize(
    ("by", "allowed"),
    [(Actor(ANA), True), (Actor(FARAH), True), (Actor(KIM), False), (Actor(SAM), False), (Actor(KIM, True), True)],
)
async def test_owner_and_finance_change_an_existing_one(uow: UnitOfWork, by: Actor, allowed: bool) -> None:
    await sets(uow, an_order())

    if allowed:
        outcome = await set_envelope(uow, an_order(dollars=3000), by=by, defaults=DEFAULTS, now=NOON)
        assert outcome.envelope is not None
        assert outcome.envelope.size(outcome.cycle) == 3000 * NANOS
    else:
        with pytest.raises(NotAllowed, match=ANA):
            await set_envelope(uow, an_order(dollars=3000), by=by, defaults=DEFAULTS, now=NOON)


async def test_somebody_elses_workload_gets_its_first_envelope_from_its_owner_or_finance(uow: UnitOfWork) -> None:
    await add_rule(uow, "search", {"feature": "search"}, by=Actor(ANA), reattribute=False, now=NOON)

    for workload, owner in (("search", ANA), ("unattributed", FARAH)):
        with pytest.raises(NotAllowed, match=owner):
            await sets(uow, an_order(workload, owner=KIM), by=KIM)
        assert (await sets(uow, an_order(workload, owner=owner), by=owner)).envelope


async def test_lowering_is_immediate_and_raising_waits_for_the_sponsor(uow: UnitOfWork) -> None:
    await sets(uow, an_order(dollars=4000))

    lowered = await sets(uow, an_order(dollars=3000))
    raised = await sets(uow, an_order(dollars=5000))

    assert lowered.request is None
    assert raised.request is not None
    line = (await detail(uow, "search", now=NOON)).line
    assert (line.size_nanos, line.pending_nanos) == (3000 * NANOS, 5000 * NANOS)
    async with uow.read() as tx:
        waiting = {person: [one.id for one in await tx.requests.pending(person=person)] for person in (SAM, ANA, KIM)}
    assert waiting == {SAM: [raised.request.id], ANA: [raised.request.id], KIM: []}


@pytest.mark.parametrize("fields", [{"hard_share": 1.5}, {"sponsor": KIM}, {"deputy": DANA}])
async def test_every_other_loosening_waits_too(uow: UnitOfWork, fields: dict[str, Any]) -> None:
    await sets(uow, an_order())

    assert (await sets(uow, an_order(**fields))).request is not None


@pytest.mark.parametrize(
    "fields", [{"hard_share": 0.9}, {"soft_share": 0.5}, {"owner": KIM}, {"channel": "C0NEW"}, {"degrade": "stop"}]
)
async def test_every_other_change_is_immediate(uow: UnitOfWork, fields: dict[str, Any]) -> None:
    await sets(uow, an_order())

    outcome = await sets(uow, an_order(**fields))

    assert outcome.request is None
    assert outcome.envelope is not None
    assert outcome.envelope.revision == 2


async def test_the_sponsor_cannot_ask_themselves(uow: UnitOfWork) -> None:
    await sets(uow, an_order(finance=SAM))

    with pytest.raises(NotAllowed, match="own request"):
        await sets(uow, an_order(dollars=5000, finance=SAM), by=SAM)


async def test_where_there_is_a_deputy_the_sponsor_asks_the_deputy(uow: UnitOfWork) -> None:
    await sets(uow, an_order(finance=SAM, deputy=DANA))

    outcome = await sets(uow, an_order(dollars=5000, finance=SAM, deputy=DANA), by=SAM)

    assert outcome.request is not None
    async with uow.write() as tx:
        assert [notice.recipient for notice in await tx.outbox.claim(now=NOON)] == [DANA]


async def test_a_form_filled_before_somebody_elses_change_is_refused(uow: UnitOfWork) -> None:
    await sets(uow, an_order())
    await sets(uow, an_order(dollars=3000))

    with pytest.raises(Outdated, match="while the form was open"):
        await sets(uow, an_order(dollars=3500, seen_revision=1))


async def test_only_what_is_given_changes(uow: UnitOfWork) -> None:
    await sets(uow, an_order(soft_share=0.7, margin=0.4, degrade="stop", channel="C0SEARCH"))
    before = (await detail(uow, "search", now=NOON)).envelope

    await sets(uow, an_order(dollars=3000, owner=None, finance=None, sponsor=None))

    after = (await detail(uow, "search", now=NOON)).envelope
    assert before is not None
    assert after is not None
    assert after.terms == before.terms
    assert after.size(Cycle(2026, 11)) == 3000 * NANOS


async def test_an_envelope_holds_on_in_the_next_cycle_and_its_past_stays(uow: UnitOfWork) -> None:
    await sets(uow, an_order(dollars=4000))
    await sets(uow, an_order(dollars=3000), now=NOON + timedelta(days=20))

    sizes = [(await overview(uow, now=NOON + timedelta(days=days))).lines[0].size_nanos for days in (0, 20, 60)]

    assert sizes == [4000 * NANOS, 3000 * NANOS, 3000 * NANOS]


async def test_two_people_who_create_one_envelope_at_once_get_one(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        outcomes = await asyncio.gather(
            sets(uow, an_order(dollars=4000)), sets(elsewhere, an_order(dollars=4000), by=FARAH), return_exceptions=True
        )

        assert not [
            outcome for outcome in outcomes if isinstance(outcome, BaseException) and not isinstance(outcome, Outdated)
        ]
        found = (await overview(uow, now=NOON)).lines
        assert [line.size_nanos for line in found] == [4000 * NANOS]
        audit = await trail(uow, None)
        assert audit.broken_at is None


async def test_the_form_suggests_from_spend_with_its_basis(uow: UnitOfWork) -> None:
    await add_rule(uow, "search", {"feature": "search"}, by=FINANCE, reattribute=False, now=NOON)
    await records(uow, [an_event(input_tokens=100_000_000, tags={"feature": "search"})])

    suggested = await proposal(uow, None, by=Actor(ANA), defaults=DEFAULTS, now=NOON)

    assert suggested.workload == "search"
    assert suggested.suggested_nanos == 310 * NANOS
    assert "run-rate" in suggested.basis
    empty = await proposal(uow, "other", by=Actor(ANA), defaults=DEFAULTS, now=NOON)
    assert empty.suggested_nanos is None
