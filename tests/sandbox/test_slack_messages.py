"""chat.*: what can be written where, how it reads afterwards, and how it is refused."""

from __future__ import annotations

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.content import actions, button, section
from tests.sandbox.refusals import refused

METHODS = "https://docs.slack.dev/reference/methods"
POST = f"{METHODS}/chat.postMessage"
UPDATE = f"{METHODS}/chat.update"
METADATA = "https://docs.slack.dev/messaging/message-metadata"
FORMATTING = "https://docs.slack.dev/messaging/formatting-message-text"


@pytest.mark.documented(POST)
async def test_a_message_comes_back_with_its_id_channel_and_shape(api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="hello", blocks=[section()])
    assert sent["channel"] == "C0BUDGET"
    assert sent["message"]["ts"] == sent["ts"]
    assert sent["message"]["bot_id"] == "B0OUTLAY"
    assert sent["message"]["blocks"][0]["block_id"], "Slack gives every block an id"


@pytest.mark.documented(POST)
async def test_ids_of_messages_grow(api: AsyncWebClient) -> None:
    sent = [(await api.chat_postMessage(channel="C0BUDGET", text=str(n)))["ts"] for n in range(5)]
    assert sent == sorted(set(sent))


@pytest.mark.documented(POST)
@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C0OLD", "is_archived"),
        ("G0LEADS", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("U0LEE", "user_disabled"),
        ("U0OUTLAY", "cannot_dm_bot"),
    ],
)
async def test_some_places_cannot_be_written_to(api: AsyncWebClient, channel: str, code: str) -> None:
    with refused(code):
        await api.chat_postMessage(channel=channel, text="hello")


@pytest.mark.documented(POST)
async def test_a_public_channel_without_the_app_refuses_it(box: Sandbox, api: AsyncWebClient) -> None:
    box.bench.workspace.channels["C0SEARCH"].members.remove("U0OUTLAY")
    with refused("not_in_channel"):
        await api.chat_postMessage(channel="C0SEARCH", text="hello")


@pytest.mark.documented(POST)
async def test_a_user_id_as_channel_means_their_direct_message(api: AsyncWebClient) -> None:
    assert (await api.chat_postMessage(channel="U0ANA", text="hello"))["channel"] == "D0ANA"


@pytest.mark.documented(POST)
async def test_a_message_says_something(api: AsyncWebClient) -> None:
    with refused("no_text"):
        await api.api_call("chat.postMessage", params={"channel": "C0BUDGET", "text": " "})


@pytest.mark.documented(POST)
async def test_legacy_attachments_are_refused_rather_than_dropped(api: AsyncWebClient) -> None:
    with refused("invalid_attachments"):
        await api.chat_postMessage(channel="C0BUDGET", text="x", attachments=[{"text": "old"}])


@pytest.mark.documented(POST)
async def test_text_has_40000_characters(api: AsyncWebClient) -> None:
    await api.chat_postMessage(channel="C0BUDGET", text="x" * 40_000)
    with refused("msg_too_long"):
        await api.chat_postMessage(channel="C0BUDGET", text="x" * 40_001)


@pytest.mark.documented("https://github.com/slackapi/bolt-js/issues/2509")
async def test_blocks_together_have_a_limit_of_their_own(api: AsyncWebClient) -> None:
    await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[section("x" * 3000)] * 4)
    with refused("msg_blocks_too_long"):
        await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[section("x" * 3000)] * 5)


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/blocks")
async def test_a_refusal_of_blocks_says_where(api: AsyncWebClient) -> None:
    with refused("invalid_blocks") as caught:
        await api.chat_postMessage(channel="C0BUDGET", text="x", blocks=[section("x" * 3001)])
    expected = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert caught.value.response["response_metadata"]["messages"] == [expected]


@pytest.mark.documented(POST)
async def test_blocks_that_are_no_json_are_refused(box: Sandbox) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {box.bot_token}"}) as client:
        form = {"channel": "C0BUDGET", "blocks": "[{"}
        answer = (await client.post(f"{box.api_url}chat.postMessage", data=form)).json()
    assert answer["error"] == "invalid_blocks_format"


@pytest.mark.documented(FORMATTING)
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a & b < c", "a &amp; b &lt; c"),
        ("a &amp; b", "a &amp; b"),
        ("<@U0ANA> <#C0BUDGET> <!here>", "<@U0ANA> <#C0BUDGET> <!here>"),
        ("<https://example.com|why>", "<https://example.com|why>"),
        ("<script>", "&lt;script&gt;"),
    ],
)
async def test_only_markup_keeps_its_brackets(api: AsyncWebClient, sent: str, stored: str) -> None:
    assert (await api.chat_postMessage(channel="C0BUDGET", text=sent))["message"]["text"] == stored


@pytest.mark.documented(METADATA)
async def test_metadata_travels_with_a_message_and_is_read_back_when_asked_for(api: AsyncWebClient) -> None:
    metadata = {"event_type": "notice", "event_payload": {"id": 7}}
    sent = await api.chat_postMessage(channel="C0BUDGET", text="x", metadata=metadata)
    plain = (await api.conversations_history(channel="C0BUDGET"))["messages"][0]
    whole = (await api.conversations_history(channel="C0BUDGET", include_all_metadata=True))["messages"][0]
    assert plain["ts"] == whole["ts"] == sent["ts"]
    assert "metadata" not in plain
    assert whole["metadata"] == metadata


@pytest.mark.documented(METADATA)
@pytest.mark.parametrize(
    "metadata", [{"event_type": "x"}, {"event_payload": {}}, {"event_type": "x", "event_payload": 1}]
)
async def test_metadata_has_a_type_and_a_payload(api: AsyncWebClient, metadata: dict[str, object]) -> None:
    with refused("invalid_metadata_format"):
        await api.chat_postMessage(channel="C0BUDGET", text="x", metadata=metadata)


@pytest.mark.documented(UPDATE)
async def test_an_update_keeps_what_it_does_not_mention(api: AsyncWebClient) -> None:
    metadata = {"event_type": "notice", "event_payload": {"id": 7}}
    sent = await api.chat_postMessage(channel="C0BUDGET", text="old", blocks=[actions(button())], metadata=metadata)
    edited = await api.chat_update(channel="C0BUDGET", ts=sent["ts"], text="new")
    assert edited["ts"] == sent["ts"]
    assert edited["message"]["text"] == "new"
    assert edited["message"]["blocks"] == sent["message"]["blocks"]
    assert edited["message"]["metadata"] == metadata
    assert float(edited["message"]["edited"]["ts"]) > float(sent["ts"])


@pytest.mark.documented(UPDATE)
async def test_an_empty_list_takes_the_blocks_away(api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="old", blocks=[section()])
    assert "blocks" not in (await api.chat_update(channel="C0BUDGET", ts=sent["ts"], text="new", blocks=[]))["message"]


@pytest.mark.documented(UPDATE)
async def test_only_own_messages_can_be_changed(api: AsyncWebClient, control: httpx.AsyncClient) -> None:
    typed = (await control.post("message", json={"user": "U0ANA", "channel": "C0BUDGET", "text": "hi"})).json()
    with refused("cant_update_message"):
        await api.chat_update(channel="C0BUDGET", ts=typed["message"]["ts"], text="mine now")
    with refused("cant_delete_message"):
        await api.chat_delete(channel="C0BUDGET", ts=typed["message"]["ts"])
    with refused("message_not_found"):
        await api.chat_update(channel="C0BUDGET", ts="1.000001", text="x")


@pytest.mark.documented(UPDATE)
async def test_updated_text_has_4000_characters(api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="old")
    with refused("msg_too_long"):
        await api.chat_update(channel="C0BUDGET", ts=sent["ts"], text="x" * 4001)


@pytest.mark.documented(f"{METHODS}/chat.delete")
async def test_a_deleted_message_is_gone(api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="x")
    await api.chat_delete(channel="C0BUDGET", ts=sent["ts"])
    assert (await api.conversations_history(channel="C0BUDGET"))["messages"] == []
    with refused("message_not_found"):
        await api.chat_delete(channel="C0BUDGET", ts=sent["ts"])


@pytest.mark.documented(f"{METHODS}/chat.postEphemeral")
async def test_an_ephemeral_message_is_for_one_person_and_in_no_history(
    api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    sent = await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="psst")
    assert sent["message_ts"]
    assert (await api.conversations_history(channel="C0BUDGET"))["messages"] == []
    ana = (await control.get("state", params={"user": "U0ANA"})).json()
    ben = (await control.get("state", params={"user": "U0BEN"})).json()
    assert [one["text"] for one in ana["ephemeral"]["U0ANA"]] == ["psst"]
    assert ben["ephemeral"].get("U0ANA") is None
    with refused("message_not_found"):
        await api.chat_update(channel="C0BUDGET", ts=sent["message_ts"], text="louder")


@pytest.mark.documented(f"{METHODS}/chat.postEphemeral")
async def test_a_page_opened_later_does_not_see_earlier_ephemerals(
    api: AsyncWebClient, control: httpx.AsyncClient
) -> None:
    first = await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="before")
    await api.chat_postEphemeral(channel="C0BUDGET", user="U0ANA", text="after")
    seen = (await control.get("state", params={"user": "U0ANA", "since": first["message_ts"]})).json()
    assert [one["text"] for one in seen["ephemeral"]["U0ANA"]] == ["after"]


@pytest.mark.documented(f"{METHODS}/chat.postEphemeral")
async def test_an_ephemeral_message_needs_its_reader_in_the_channel(api: AsyncWebClient) -> None:
    with refused("user_not_in_channel"):
        await api.chat_postEphemeral(channel="C0SEARCH", user="U0BEN", text="psst")


@pytest.mark.documented(f"{METHODS}/chat.getPermalink")
async def test_a_permalink_leads_to_the_message(box: Sandbox, api: AsyncWebClient) -> None:
    sent = await api.chat_postMessage(channel="C0BUDGET", text="x")
    link = (await api.chat_getPermalink(channel="C0BUDGET", message_ts=sent["ts"]))["permalink"]
    assert link == f"{box.url}/archives/C0BUDGET/p{sent['ts'].replace('.', '')}"
    async with httpx.AsyncClient() as client:
        assert (await client.get(link)).headers["location"] == f"/#/C0BUDGET/{sent['ts']}"
