"""Delivery: what the books decided is told once, through lost answers, limits, crashes and people who are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.slack.identity import Readers
from core.people import Actor
from core.services.decide_requests import decide
from core.store.outbox import LEASE
from core.store.unit_of_work import UnitOfWork
from sandbox import Person, Sandbox
from sandbox.faults import Fault
from sandbox.people import text_of
from tests.support.books import ANA, FARAH, NOON, SAM, an_order, sets
from tests.support.tables import number_of

_OF_REQUESTS = "SELECT count(*) FROM outbox WHERE kind <> 'welcome' AND "
"""Whoever gets a role is welcomed too; this delivery has no words for that, and it is not what is tested here."""


@dataclass
class Post:
    """The outbox of some books, and a workspace to deliver it to."""

    uow: UnitOfWork
    box: Sandbox
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.delivery = self.another()

    def another(self) -> Delivery:
        """The delivery of a process of its own."""
        client = AsyncWebClient(self.box.bot_token, base_url=self.box.api_url, retry_handlers=[], timeout=5)
        return Delivery(self.uow, client, Readers(client, self.uow.zone), lambda: self.now)

    def fails(self, method: str, kind: str, **how: Any) -> None:
        self.box.bench.faults.order([Fault(method, kind, **how)])

    async def asks(self, dollars: float = 5000) -> int:
        """Ana's raise that waits for Sam; the request's number."""
        await sets(self.uow, an_order(dollars=4000))
        outcome = await sets(self.uow, an_order(dollars=dollars))
        assert outcome.request is not None
        return outcome.request.id

    async def received(self, person: str) -> list[str]:
        """What the bot's conversation with this person says, oldest first."""
        return [text_of(message) for message in await Person(self.box.url, person).reads("dm")]

    async def unsent(self) -> int:
        return await number_of(self.uow, _OF_REQUESTS + "sent_at IS NULL AND parked_because IS NULL")

    async def parked(self) -> int:
        return await number_of(self.uow, _OF_REQUESTS + "parked_because IS NOT NULL")

    def calls(self, method: str) -> int:
        return sum(entry.get("method") == method for entry in self.box.bench.traffic.entries())


@pytest.fixture
async def post(uow: UnitOfWork) -> AsyncIterator[Post]:
    async with Sandbox(rate_limit=None) as box:
        yield Post(uow, box)


async def test_the_sponsor_is_asked_once_and_the_requester_told_once(post: Post) -> None:
    request = await post.asks()

    assert await post.delivery.deliver_due() == 1
    assert await post.delivery.deliver_due() == 0
    await decide(post.uow, request, True, by=Actor(SAM), now=NOON)
    assert await post.delivery.deliver_due() == 2  # what Sam sees is changed, and Ana is told

    (asked,) = await post.received(SAM)
    (told,) = await post.received(ANA)
    assert "approved by" in asked
    assert "5,000" in told
    assert await post.unsent() == 0


async def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(post: Post) -> None:
    await post.asks()
    post.fails("chat.postMessage", "lost")

    assert await post.delivery.deliver_due() == 0
    assert len(await post.received(SAM)) == 1
    post.now += timedelta(seconds=16)
    assert await post.delivery.deliver_due() == 1

    assert len(await post.received(SAM)) == 1
    assert await post.unsent() == 0


async def test_without_the_right_to_look_back_a_lost_answer_is_told_again_rather_than_not_at_all(post: Post) -> None:
    await post.asks()
    post.box.bench.grants.scopes -= {"im:history", "channels:history", "groups:history", "mpim:history"}
    post.fails("chat.postMessage", "lost")

    await post.delivery.deliver_due()
    post.now += timedelta(seconds=16)
    assert await post.delivery.deliver_due() == 1

    assert len(await post.received(SAM)) == 2


async def test_a_failure_on_slacks_side_is_tried_again_and_looked_up_first(post: Post) -> None:
    await post.asks()
    post.fails("chat.postMessage", "500")

    assert await post.delivery.deliver_due() == 0
    post.now += timedelta(seconds=16)
    assert await post.delivery.deliver_due() == 1

    assert len(await post.received(SAM)) == 1
    assert post.calls("conversations.history") == 1


async def test_a_limit_is_waited_for_as_long_as_slack_says(post: Post) -> None:
    await post.asks()
    post.fails("chat.postMessage", "429", seconds=30)

    assert await post.delivery.deliver_due() == 0
    post.now += timedelta(seconds=29)
    assert await post.delivery.deliver_due() == 0
    post.now += timedelta(seconds=2)
    assert await post.delivery.deliver_due() == 1

    assert len(await post.received(SAM)) == 1


@pytest.mark.parametrize(
    # Of a person who cannot be reached the requester is told, and of everything finance: neither can be reached here.
    ("method", "kind", "parked"),
    [("chat.postMessage", "gone", 4), ("conversations.open", "revoked", 2)],
)
async def test_what_another_try_does_not_mend_is_parked_and_stays_visible(
    post: Post, method: str, kind: str, parked: int
) -> None:
    await post.asks()
    post.fails(method, kind, times=9)

    assert await post.delivery.deliver_due() == 0

    assert (await post.parked(), await post.unsent()) == (parked, 0)
    post.now += timedelta(days=1)
    assert await post.delivery.deliver_due() == 0


async def test_a_process_that_died_between_sending_and_marking_sends_nothing_twice(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    async def dies(*_: object, **__: object) -> None:
        raise Crash

    await post.asks()
    with monkeypatch.context() as patched:
        patched.setattr("core.store.outbox.Outbox.sent", dies)
        with pytest.raises(Crash):
            await post.delivery.deliver_due()

    assert await post.another().deliver_due() == 0  # the claim of the dead process still holds
    post.now += LEASE + timedelta(seconds=1)
    assert await post.another().deliver_due() == 1

    assert len(await post.received(SAM)) == 1
    assert await post.unsent() == 0


async def test_several_processes_that_deliver_at_once_send_each_notice_once(post: Post) -> None:
    for number in range(8):
        await sets(post.uow, an_order(f"w{number}"))
        await sets(post.uow, an_order(f"w{number}", 5000 + number))

    sent = await asyncio.gather(*(post.another().deliver_due() for _ in range(4)))

    assert sum(sent) == 8
    assert len(await post.received(SAM)) == 8


async def test_a_notice_that_cannot_be_made_does_not_keep_the_others(post: Post) -> None:
    await post.asks()
    async with post.uow.write() as tx:
        for number, facts in enumerate(({}, {"request_id": "many"}, {"request_id": 4711})):
            await tx.outbox.add(f"bad/{number}", "request", SAM, facts=facts, at=NOON - timedelta(hours=1))

    assert await post.delivery.deliver_due() == 2

    assert len(await post.received(SAM)) == 1
    assert "request_gone" in (await post.received(FARAH))[0]
    assert (await post.parked(), await post.unsent()) == (1, 2)


async def test_a_deleted_copy_does_not_keep_the_requester_from_hearing(post: Post) -> None:
    request = await post.asks()
    await post.delivery.deliver_due()
    post.fails("chat.update", "gone")
    await decide(post.uow, request, False, by=Actor(SAM), now=NOON)

    assert await post.delivery.deliver_due() == 2

    assert len(await post.received(ANA)) == 1
    assert "declined by" in (await post.received(SAM))[-1]


async def test_an_overtaken_request_says_so_where_it_was_asked(post: Post) -> None:
    await post.asks()
    await post.delivery.deliver_due()
    await sets(post.uow, an_order(dollars=3000))

    await post.delivery.deliver_due()

    (asked,) = await post.received(SAM)
    assert "superseded" in asked.lower() or "newer" in asked.lower()
    assert await post.unsent() == 0
