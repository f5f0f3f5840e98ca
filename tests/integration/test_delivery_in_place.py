"""Delivery into what is there already: edits, replies, messages for several, and a fair share for every conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.delivery.pace import BURST, EDIT_SECONDS, Pace
from bot.parked import retry_parked
from bot.slack.identity import Readers
from core.store.outbox import Place
from core.store.unit_of_work import UnitOfWork
from sandbox import Person, Sandbox
from sandbox.faults import Fault
from sandbox.people import text_of
from tests.support.books import ANA, FARAH, NOON, SAM
from tests.support.synthetic import ALONE, COMPOSERS, LINES, SAID
from tests.support.tables import number_of

CHANNEL, OTHER = "C0BUDGET", "C0SEARCH"


@dataclass
class Desk:
    """An outbox, a workspace, and one delivery between them."""

    uow: UnitOfWork
    box: Sandbox
    now: datetime = NOON
    keys: int = 0

    def __post_init__(self) -> None:
        self.delivery = self.another()

    def another(self) -> Delivery:
        client = AsyncWebClient(self.box.bot_token, base_url=self.box.api_url, retry_handlers=[], timeout=5)
        return Delivery(
            self.uow, client, Readers(client, self.uow.zone), lambda: self.now, composers=COMPOSERS, lines=LINES, finance=(FARAH,)
        )  # fmt: skip

    async def tells(self, says: str, *, to: str = CHANNEL, kind: str = ALONE, urgency: int = 0, **more: Any) -> None:
        self.keys += 1
        facts = {"says": says, "urgency": urgency}
        async with self.uow.write() as tx:
            await tx.outbox.add(f"k/{self.keys}", kind, to, facts=facts, at=self.now, **more)

    async def edits(self, says: str, subject: str = "breach/1", **more: Any) -> None:
        await self.tells(says, subject=subject, place=Place.EDIT, **more)

    def fails(self, method: str, kind: str, **how: Any) -> None:
        self.box.bench.faults.order([Fault(method, kind, **how)])

    async def messages(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        return [one for one in await Person(self.box.url, SAM).reads(channel) if one["user"] == "U0OUTLAY"]

    async def texts(self, channel: str = CHANNEL) -> list[str]:
        return [str(message["text"]) for message in await self.messages(channel)]

    def calls(self, method: str) -> int:
        return sum(entry.get("method") == method for entry in self.box.bench.traffic.entries())


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
