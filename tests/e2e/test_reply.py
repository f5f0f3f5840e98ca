"""An answer finds its way to the person, whatever is closed; over HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.pictures import uploaded
from bot.slack.reply import Reply, UnshowableMessage, send_with_picture
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from core.errors import NotAllowed, Overloaded
from sandbox import Person, RateLimit, Sandbox

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fcffff3f030005fe02fea72d8fb10000000049454e44ae426082"
)
HELLO = blocks.message("hello", blocks.section("hello"))
TOO_MANY = blocks.message("hello", *(blocks.section("hello") for _ in range(51)))


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(file_ready_seconds=0.2, rate_limit=RateLimit(per_second=0.001, burst=2)) as running:
        yield running


def reply(box: Sandbox, *, channel: str | None = "C0BUDGET", url: str | None = None) -> Reply:
    client = AsyncWebClient(box.bot_token, base_url=box.api_url, retry_handlers=[])
    return Reply(client, "U0KIM", channel, url)


async def test_a_used_up_response_url_gives_way_to_an_ephemeral_message(box: Sandbox):
    await reply(box, url=f"{box.url}/response/long-gone").say(HELLO)
    seen = await Person(box.url, "U0KIM").sees("hello", channel="C0BUDGET")
    assert seen["ephemeral"]


async def test_an_unreachable_response_url_gives_way_too(box: Sandbox):
    await reply(box, url="http://127.0.0.1:9/response").say(HELLO)
    assert (await Person(box.url, "U0KIM").sees("hello"))["ephemeral"]


async def test_where_the_bot_is_no_member_it_answers_in_a_direct_message(box: Sandbox):
    await reply(box, channel="G0LEADS").say(HELLO)
    await Person(box.url, "U0KIM").sees("hello", channel="dm")


async def test_without_a_channel_it_answers_in_a_direct_message(box: Sandbox):
    await reply(box, channel=None).say(HELLO)
    await Person(box.url, "U0KIM").sees("hello", channel="dm")


async def test_blocks_that_slack_refuses_are_told_apart_from_closed_doors(box: Sandbox):
    with pytest.raises(UnshowableMessage):
        await reply(box).say(TOO_MANY)
    with pytest.raises(UnshowableMessage):
        await reply(box).share(TOO_MANY)


@pytest.mark.parametrize("channel", ["G0LEADS", "C0OLD", None])
async def test_sharing_without_a_way_in_is_refused_with_the_line_that_works(box: Sandbox, channel: str | None):
    with pytest.raises(NotAllowed) as caught:
        await reply(box, channel=channel).share(HELLO, otherwise="/budget status")
    assert caught.value.correction == "/budget status"


async def test_sharing_too_fast_is_refused_for_a_moment(box: Sandbox):
    for _ in range(2):
        await reply(box).share(HELLO)
    with pytest.raises(Overloaded, match="Ask again"):
        await reply(box).share(HELLO)


def compose(file: str | None) -> Message:
    return blocks.message("a chart", blocks.section("a chart"), blocks.picture(file, "what it says"))


async def test_a_picture_that_is_not_ready_yet_is_waited_for(box: Sandbox):
    to_kim = reply(box)
    file = await uploaded(to_kim.client, PNG, name="chart", alt="what it says")
    await send_with_picture(to_kim.say, compose, file)
    seen = await Person(box.url, "U0KIM").sees("a chart")
    assert [block["type"] for block in seen["blocks"]] == ["section", "image"]


async def test_a_picture_that_never_gets_ready_is_left_out(box: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.slack.reply.FILE_WAITS", (0.01,))
    await send_with_picture(reply(box).say, compose, "F0NOWHERE")
    seen = await Person(box.url, "U0KIM").sees("a chart")
    assert "image" not in [block["type"] for block in seen["blocks"]]
