"""A question that waits is brought up again, then put to the deputy; and it ends with its reason or its month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.breach import BreachState, Closing
from core.envelope import State
from core.errors import AlreadyDecided, OutOfRange
from core.escalation import Decision, EscalationState
from core.leave import Leave, LeaveSource
from core.money import NANOS
from core.people import Actor
from core.services import decide_approvals
from core.services.decide_approvals import GrantOrder
from core.services.keep_promises import keep_promises
from core.services.put_question import asked_alone, note_leaves, unreached
from core.services.respond_to_breach import on_closed
from core.services.say_away import say_away
from core.store.unit_of_work import UnitOfWork
from tests.support.asking import NOVEMBER, an_escalation, state, stored, told
from tests.support.books import ANA, DANA, FARAH, NOON, SAM, an_order, sets

TEN = GrantOrder(10 * NANOS, "launch week")


async def test_a_recovery_ends_degradation_and_takes_the_question_back(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow)
    async with uow.write() as tx:
        breach = (await tx.breaches.open_of(escalation.workload_id, NOVEMBER))[0]
        closed = replace(breach, state=BreachState.CLOSED, closed_at=NOON, closed_because=Closing.RECOVERED)
        await on_closed(tx, await tx.breaches.save(closed), now=NOON)

    assert await state(uow) is State.WITHIN
    assert (await stored(uow, escalation.id)).state is EscalationState.CLOSED
    with pytest.raises(AlreadyDecided, match="closed"):
        await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON)
    (notice,) = await told(uow)
    assert notice.facts["closed_because"] == "recovered"


async def test_reminders_at_one_and_four_hours_and_the_deputy_after_a_day(uow: UnitOfWork) -> None:
    await an_escalation(uow, deputy=DANA)
    seen: list[tuple[float, str, str]] = []
    await _delivered(uow, NOON)

    for minutes in range(0, 26 * 60, 20):
        now = NOON + timedelta(minutes=minutes)
        await keep_promises(uow, now=now)
        seen += [(minutes / 60, kind, who) for kind, who in await _delivered(uow, now)]

    assert [one for one in seen if one[1] == "escalation_reminder"] == [
        (1.0, "escalation_reminder", SAM), (4.0, "escalation_reminder", SAM),
    ]  # fmt: skip
    assert (24.0, "escalation", DANA) in seen


async def _delivered(uow: UnitOfWork, now: datetime) -> list[tuple[str, str]]:
    found = []
    for notice in await told(uow, now=now):
        async with uow.write() as tx:
            await tx.outbox.sent(notice, channel=f"D{notice.recipient}", ts=f"{notice.id}", at=now)
        if notice.kind.startswith("escalation"):
            found.append((notice.kind, notice.recipient))
    return found


async def test_a_decided_question_reminds_nobody(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, deputy=DANA)
    await decide_approvals.keep_degraded(uow, escalation.id, by=Actor(SAM), now=NOON)

    assert await keep_promises(uow, now=NOON + timedelta(days=2)) == 0


async def test_a_sponsor_who_cannot_be_reached_is_stood_in_for_at_once(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, deputy=DANA)
    async with uow.write() as tx:
        await unreached(tx, escalation.id, SAM, because="user_disabled", now=NOON)

    assert DANA in {notice.recipient for notice in await told(uow)}
    await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(DANA), now=NOON)
    assert (await stored(uow, escalation.id)).decision is Decision.GRANTED


async def test_without_a_deputy_owner_and_finance_hear_that_nobody_can_decide(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow)
    async with uow.write() as tx:
        await unreached(tx, escalation.id, SAM, because="user_disabled", now=NOON)

    notices = [notice for notice in await told(uow) if notice.kind == "escalation_unreached"]
    assert {notice.recipient for notice in notices} == {ANA, FARAH}


async def test_a_sponsor_who_said_to_be_away_is_stood_in_for_in_the_moment_of_the_question(uow: UnitOfWork) -> None:
    said = await say_away(uow, date(2026, 11, 27), by=Actor(SAM), zone=ZoneInfo("America/New_York"), now=NOON)
    escalation = await an_escalation(uow, deputy=DANA)

    asked = {notice.recipient: notice.facts for notice in await told(uow) if notice.kind == "escalation"}
    assert set(asked) == {SAM, DANA} and said.alone == ()
    found = await stored(uow, escalation.id)
    assert (found.turned_because, found.away_until) == ("away_said", datetime(2026, 11, 28, 5, tzinfo=UTC))
    assert asked[DANA]["turned_because"] == asked[SAM]["turned_because"] == "away_said"
    async with uow.read() as tx:
        (line,) = [line for line in await tx.audit.newest(subject="search", limit=9) if line.act == "asked the deputy"]
    assert (line.subject, line.detail["deputy"], line.detail["because"]) == (
        "search",
        DANA,
        "the sponsor said to be away",
    )


async def test_who_goes_away_after_the_question_is_stood_in_for_within_a_minute(uow: UnitOfWork) -> None:
    await an_escalation(uow, deputy=DANA)
    await _delivered(uow, NOON)
    await say_away(uow, date(2026, 11, 27), by=Actor(SAM), zone=ZoneInfo("UTC"), now=NOON)
    minute = NOON + timedelta(minutes=1)

    assert await keep_promises(uow, now=minute) == 1
    assert await _delivered(uow, minute) == [("escalation", DANA)]
    assert await keep_promises(uow, now=minute) == 0
    hour = NOON + timedelta(hours=1)
    await keep_promises(uow, now=hour)
    assert sorted(await _delivered(uow, hour)) == [("escalation_reminder", DANA), ("escalation_reminder", SAM)]


async def test_who_is_back_is_asked_alone_again(uow: UnitOfWork) -> None:
    for last_on in (date(2026, 11, 27), None):
        await say_away(uow, last_on, by=Actor(SAM), zone=ZoneInfo("UTC"), now=NOON)
    await an_escalation(uow, deputy=DANA)

    assert {notice.recipient for notice in await told(uow)} == {SAM}


async def test_a_status_turns_every_open_question_to_its_deputy_once(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow, deputy=DANA)
    away = {SAM: Leave(LeaveSource.STATUS, NOON + timedelta(days=3))}

    assert await asked_alone(uow, most=9) == (SAM, DANA)
    assert [await note_leaves(uow, away, now=NOON) for _ in range(2)] == [1, 0]
    assert await asked_alone(uow, most=9) == ()
    asked = [notice.recipient for notice in await told(uow) if notice.kind == "escalation"]
    assert sorted(asked) == [DANA, SAM]
    assert (await stored(uow, escalation.id)).turned_because == "away_status"
    await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON)


async def test_without_a_deputy_a_sponsors_leave_is_told_to_owner_and_finance_once(uow: UnitOfWork) -> None:
    await an_escalation(uow)
    away = {SAM: Leave(LeaveSource.STATUS)}
    for _ in range(2):
        await note_leaves(uow, away, now=NOON)

    notices = [notice for notice in await told(uow) if notice.kind == "escalation_unreached"]
    assert sorted(notice.recipient for notice in notices) == [ANA, FARAH]


async def test_owner_and_finance_hear_where_the_deputy_is_away_as_well(uow: UnitOfWork) -> None:
    await an_escalation(uow, deputy=DANA)
    await note_leaves(uow, {SAM: Leave(LeaveSource.STATUS), DANA: Leave(LeaveSource.STATUS)}, now=NOON)

    told_to = {(notice.kind, notice.recipient) for notice in await told(uow)}
    assert {("escalation", DANA), ("escalation_unreached", ANA), ("escalation_unreached", FARAH)} <= told_to


async def test_a_raise_that_waits_for_a_sponsor_on_leave_is_shown_to_the_deputy_once(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search", 100, deputy=DANA))
    await sets(uow, an_order("search", 200))
    away = {SAM: Leave(LeaveSource.STATUS)}

    assert [await note_leaves(uow, away, now=NOON) for _ in range(2)] == [1, 0]
    assert sorted(notice.recipient for notice in await told(uow) if notice.kind == "request") == [DANA, SAM]


async def test_last_months_question_cannot_be_granted_into_the_new_month(uow: UnitOfWork) -> None:
    escalation = await an_escalation(uow)

    with pytest.raises(OutOfRange, match="November 2026, which is over"):
        await decide_approvals.grant(uow, escalation.id, TEN, by=Actor(SAM), now=NOON + timedelta(days=8))
    await keep_promises(uow, now=NOON + timedelta(days=8))

    assert (await stored(uow, escalation.id)).closed_because == "cycle_over"
