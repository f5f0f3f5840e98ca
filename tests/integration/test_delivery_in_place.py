"""Delivery into what is there already: edits, replies, and messages for several."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.pace import EDIT_SECONDS
from core.store.outbox import Place
from core.store.unit_of_work import UnitOfWork
from sandbox import Sandbox
from sandbox.people import text_of
from tests.support.delivery_desk import CHANNEL, Desk
from tests.support.synthetic import ALONE, SAID
from tests.support.tables import number_of


@pytest.fixture
async def desk(uow: UnitOfWork) -> AsyncIterator[Desk]:
    async with Sandbox(rate_limit=None) as box:
        yield Desk(uow, box)


async def test_a_message_is_edited_as_its_subject_develops(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    await desk.delivery.deliver_due()
    await desk.edits("90 %")
    await desk.delivery.deliver_due()

    assert await desk.texts() == ["90 %"]
    assert desk.calls("chat.postMessage") == 1


async def test_details_go_under_the_message(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    await desk.tells("the cause", subject="breach/1", place=Place.THREAD)
    await desk.delivery.deliver_due()

    head, reply = await desk.messages()
    assert (reply["text"], reply["thread_ts"]) == ("the cause", head["ts"])


async def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    await desk.delivery.deliver_due()
    await desk.tells("the cause", subject="breach/1", place=Place.THREAD)
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    desk.now += timedelta(seconds=16)
    await desk.delivery.deliver_due()

    assert await desk.texts() == ["80 %", "the cause"]


async def test_a_reply_whose_answer_was_lost_is_found_under_an_earlier_message_of_its_subject(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    await desk.delivery.deliver_due()
    await desk.tells("the cause", subject="breach/1", place=Place.THREAD)
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    desk.fails("conversations.replies", "gone")
    desk.now += timedelta(seconds=16)
    await desk.delivery.deliver_due()
    await desk.edits("90 %")
    desk.fails("chat.update", "gone")
    await desk.delivery.deliver_due()
    async with desk.uow.write() as tx:
        assert await tx.outbox.unpark({"channel_not_found"}, due_at=desk.now) == 1
    await desk.delivery.deliver_due()

    assert sorted(await desk.texts()) == ["80 %", "90 %", "the cause"]


async def test_what_cannot_be_edited_any_more_is_posted_anew_and_edited_there_from_then_on(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    await desk.delivery.deliver_due()
    (message,) = await desk.messages()
    await AsyncWebClient(desk.box.bot_token, base_url=desk.box.api_url).chat_delete(channel=CHANNEL, ts=message["ts"])
    await desk.edits("90 %")
    await desk.delivery.deliver_due()
    await desk.edits("95 %")
    await desk.another().deliver_due()

    assert await desk.texts() == ["95 %"]


async def test_a_thousand_refusals_are_one_message_with_few_edits(desk: Desk) -> None:
    await desk.tells("0 refused", subject="breach/1")
    await desk.delivery.deliver_due()
    delivering = asyncio.create_task(desk.delivery.run())
    for burst in range(10):
        async with desk.uow.write() as tx:
            for number in range(100 * burst, 100 * burst + 100):
                facts = {"says": f"{number + 1} refused"}
                await tx.outbox.add(
                    f"r/{number}", ALONE, CHANNEL, facts=facts, at=desk.now, subject="breach/1", place=Place.EDIT
                )
        desk.delivery.wake()
        await asyncio.sleep(0.05)
    await asyncio.sleep(EDIT_SECONDS)
    async with asyncio.timeout(30):
        while await unsent(desk):
            await asyncio.sleep(0.05)
    delivering.cancel()

    assert await desk.texts() == ["1000 refused"]
    assert desk.calls("chat.update") <= 4


async def unsent(desk: Desk) -> int:
    return await number_of(desk.uow, "SELECT count(*) FROM outbox WHERE sent_at IS NULL")


async def test_several_at_once_share_a_message_with_the_most_urgent_first(desk: Desk) -> None:
    for number, urgency in enumerate((1, 3, 2)):
        await desk.tells(f"breach {number}", kind=SAID, urgency=urgency, subject=f"breach/{number}")
    await desk.tells("digest")
    await desk.delivery.deliver_due()

    group, digest = await desk.messages()
    said = text_of(group)
    assert group["text"].startswith("3 budget alerts at once, first: breach 1")
    assert said.index("breach 1") < said.index("breach 2") < said.index("breach 0")
    assert sum("accessory" in block for block in group["blocks"]) == 3
    assert digest["text"] == "digest"


async def test_two_at_once_are_shown_whole(desk: Desk) -> None:
    for number in range(2):
        await desk.tells(f"breach {number}", kind=SAID)
    await desk.delivery.deliver_due()

    assert await desk.texts() == ["breach 0", "breach 1"]


async def test_an_edit_changes_its_line_in_a_shared_message_and_no_other(desk: Desk) -> None:
    for number in range(3):
        await desk.tells(f"breach {number}", kind=SAID, subject=f"breach/{number}")
    await desk.delivery.deliver_due()
    await desk.edits("recovered", "breach/1", kind=SAID)
    await desk.delivery.deliver_due()

    (message,) = await desk.messages()
    said = text_of(message)
    assert "recovered" in said
    assert "breach 0" in said
    assert "breach 2" in said
    assert "breach 1" not in said


async def test_what_does_not_fit_a_line_leaves_the_shared_message(desk: Desk) -> None:
    for number in range(3):
        await desk.tells(f"breach {number}", kind=SAID, subject=f"breach/{number}")
    await desk.delivery.deliver_due()
    await desk.edits("decided", "breach/1", kind=ALONE)
    await desk.delivery.deliver_due()

    assert (await desk.texts())[1:] == ["decided"]


async def test_a_shared_message_whose_answer_was_lost_is_found_for_all_in_it(desk: Desk) -> None:
    for number in range(3):
        await desk.tells(f"breach {number}", kind=SAID)
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    await desk.tells("breach 3", kind=SAID)
    desk.now += timedelta(seconds=16)
    await desk.delivery.deliver_due()

    assert len(await desk.messages()) == 2
    assert (await desk.texts())[1] == "breach 3"


async def test_a_shared_message_keeps_every_line_where_those_in_it_are_found_one_after_the_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.tells("breach 0", kind=SAID, subject="breach/0")
    await desk.edits("breach 0 recovered", "breach/0", kind=SAID)
    for number in (1, 2):
        await desk.tells(f"breach {number}", kind=SAID, subject=f"breach/{number}")
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    # Where much lies in the outbox, a claim ends in the middle of what shared a message.
    monkeypatch.setattr("bot.delivery.loop._BATCH", 1)
    desk.now += timedelta(seconds=16)
    await desk.delivery.deliver_due()

    (message,) = await desk.messages()
    said = text_of(message)
    assert all(line in said for line in ("breach 0 recovered", "breach 1", "breach 2")), said


async def test_a_message_that_was_posted_before_its_edit_came_is_found_and_then_edited(desk: Desk) -> None:
    await desk.tells("80 %", subject="breach/1")
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    await desk.edits("90 %")
    desk.now += timedelta(seconds=16)
    await desk.delivery.deliver_due()

    assert await desk.texts() == ["90 %"]


async def test_a_history_that_fails_is_not_taken_for_one_without_the_message(desk: Desk) -> None:
    await desk.tells("80 %")
    desk.fails("chat.postMessage", "lost")
    await desk.delivery.deliver_due()
    for wait in (16, 31):
        desk.fails("conversations.history", "500")
        desk.now += timedelta(seconds=wait)
        await desk.delivery.deliver_due()
    desk.now += timedelta(seconds=61)
    await desk.delivery.deliver_due()

    assert await desk.texts() == ["80 %"]
    assert desk.calls("chat.postMessage") == 1
