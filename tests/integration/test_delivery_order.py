"""A fair share for every conversation, in order; and what becomes of what cannot be delivered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.delivery.pace import BURST, EDIT_SECONDS, Pace
from bot.parked import retry_parked
from bot.slack.identity import Readers
from core.store.unit_of_work import UnitOfWork
from sandbox import Person, Sandbox
from sandbox.people import text_of
from tests.support.books import ANA, FARAH, SAM
from tests.support.delivery_desk import OTHER, Desk
from tests.support.synthetic import COMPOSERS


@pytest.fixture
async def desk(uow: UnitOfWork) -> AsyncIterator[Desk]:
    async with Sandbox(rate_limit=None) as box:
        yield Desk(uow, box)


async def test_a_slow_channel_delays_neither_people_nor_other_channels(desk: Desk) -> None:
    await desk.tells("slow")
    desk.fails("chat.postMessage", "slow", seconds=3)
    delivering = asyncio.create_task(desk.delivery.deliver_due())
    while desk.box.bench.faults.pending():
        await asyncio.sleep(0.01)
    await desk.tells("to sam", to=SAM)
    await desk.tells("elsewhere", to=OTHER)
    desk.delivery.wake()

    await Person(desk.box.url, SAM).sees("to sam", channel="dm")
    await Person(desk.box.url, SAM).sees("elsewhere", channel=OTHER)
    assert not delivering.done()
    assert await delivering == 3


async def test_a_limited_channel_is_left_alone_while_others_go_on(desk: Desk) -> None:
    for number in range(3):
        await desk.tells(f"n{number}")
    desk.fails("chat.postMessage", "429", seconds=30)
    await desk.delivery.deliver_due()
    await desk.tells("elsewhere", to=OTHER)
    await desk.tells("n3")
    await desk.delivery.deliver_due()

    assert await desk.texts() == []
    assert await desk.texts(OTHER) == ["elsewhere"]
    assert desk.calls("chat.postMessage") == 2
    desk.now += timedelta(seconds=31)
    await desk.delivery.deliver_due()
    assert await desk.texts() == ["n0", "n1", "n2", "n3"]


async def test_what_came_later_is_not_read_first(desk: Desk) -> None:
    await desk.tells("80 %")
    desk.fails("chat.postMessage", "500")
    await desk.delivery.deliver_due()
    await desk.tells("100 %")
    await desk.another().deliver_due()
    assert await desk.texts() == []
    desk.now += timedelta(seconds=16)
    await desk.another().deliver_due()

    assert await desk.texts() == ["80 %", "100 %"]


async def test_finance_hears_once_of_all_that_cannot_be_delivered_for_one_reason(desk: Desk) -> None:
    for number in range(3):
        await desk.tells(f"n{number}", to="C0NOWHERE")
    await desk.tells("n4", to="G0LEADS")
    await desk.delivery.deliver_due()

    (told,) = await Person(desk.box.url, FARAH).reads("dm")
    said = text_of(told)
    assert "4 messages" in said
    assert "<#C0NOWHERE> (3 messages)" in said
    assert "/invite @outlay" in said
    desk.now += timedelta(days=1)
    await desk.tells("n5", to="C0NOWHERE")
    await desk.delivery.deliver_due()
    assert len(await Person(desk.box.url, FARAH).reads("dm")) == 2


async def test_what_waited_for_an_invitation_is_told_within_the_hour_after_it(desk: Desk) -> None:
    members = desk.box.bench.workspace.channels[OTHER].members
    members.remove("U0OUTLAY")
    await desk.tells("80 %", to=OTHER)
    await desk.delivery.deliver_due()
    members.append("U0OUTLAY")
    desk.now += timedelta(hours=1)
    assert await retry_parked(desk.uow, now=desk.now)
    await desk.delivery.deliver_due()

    assert await desk.texts(OTHER) == ["80 %"]
    desk.now += timedelta(days=8)
    assert not await retry_parked(desk.uow, now=desk.now)


async def test_where_the_first_of_finance_cannot_be_reached_the_next_one_hears_of_it(desk: Desk) -> None:
    client = AsyncWebClient(desk.box.bot_token, base_url=desk.box.api_url, retry_handlers=[])
    delivery = Delivery(
        desk.uow, client, Readers(client, desk.uow.zone), lambda: desk.now, composers=COMPOSERS, finance=("U0LEE", ANA)
    )
    await desk.tells("n", to="C0NOWHERE")
    await delivery.deliver_due()

    (told,) = await Person(desk.box.url, ANA).reads("dm")
    assert "<#C0NOWHERE>" in text_of(told)


def test_a_conversation_takes_a_few_messages_at_once_and_then_one_a_second() -> None:
    at = [100.0]
    pace = Pace(lambda: at[0])
    waits = [pace.turn("C1") for _ in range(BURST + 2)]

    assert waits == [0.0] * BURST + [1.0, 2.0]
    assert pace.turn("C2") == 0.0
    at[0] += 60
    assert pace.turn("C1") == 0.0


def test_a_message_is_edited_at_once_and_then_not_for_a_while() -> None:
    at = [100.0]
    pace = Pace(lambda: at[0])

    assert pace.breath(("breach/1", "C1")) == 0.0
    at[0] += 1
    assert pace.breath(("breach/1", "C1")) == EDIT_SECONDS - 1
    assert pace.breath(("breach/2", "C1")) == 0.0
    at[0] += EDIT_SECONDS
    assert pace.breath(("breach/1", "C1")) == 0.0
