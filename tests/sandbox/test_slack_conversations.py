"""conversations.*, users.* and threads."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from sandbox.people import CannotDo
from tests.sandbox.refusals import refused

METHODS = "https://docs.slack.dev/reference/methods"
SCOPES = "https://docs.slack.dev/authentication/installing-with-oauth"


@pytest.mark.documented(f"{METHODS}/conversations.open")
async def test_opening_twice_gives_the_same_direct_message(api: AsyncWebClient) -> None:
    first = await api.conversations_open(users="U0ANA")
    again = await api.conversations_open(users=["U0ANA"], return_im=True)
    assert first["channel"] == {"id": "D0ANA"}
    assert again["already_open"] is True
    assert again["channel"]["user"] == "U0ANA"


@pytest.mark.documented(f"{METHODS}/conversations.open")
@pytest.mark.parametrize(
    ("user", "code"),
    [
        ("U0OUTLAY", "cannot_dm_bot"),
        ("U0NOBODY", "user_not_found"),
        ("U0LEE", "user_disabled"),
        ("", "users_list_not_supplied"),
    ],
)
async def test_some_people_cannot_be_written_to(api: AsyncWebClient, user: str, code: str) -> None:
    with refused(code):
        await api.conversations_open(users=user)


@pytest.mark.documented(f"{METHODS}/conversations.info")
async def test_a_channel_tells_what_it_is(api: AsyncWebClient, box: Sandbox) -> None:
    channel = (await api.conversations_info(channel="C0OLD", include_num_members=True))["channel"]
    assert channel["is_archived"] is True
    assert channel["is_member"] is False
    assert channel["num_members"] == 2
    with refused("channel_not_found"):
        await api.conversations_info(channel="G0LEADS")


@pytest.mark.documented(f"{METHODS}/conversations.members")
async def test_members_come_in_pages(api: AsyncWebClient) -> None:
    first = await api.conversations_members(channel="C0BUDGET", limit=5)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await api.conversations_members(channel="C0BUDGET", limit=5, cursor=cursor)
    assert len(first["members"]) == 5
    assert not set(first["members"]) & set(rest["members"])
    assert rest["response_metadata"]["next_cursor"] == ""
    with refused("invalid_cursor"):
        await api.conversations_members(channel="C0BUDGET", cursor="nonsense")


@pytest.mark.documented(f"{METHODS}/conversations.list")
async def test_a_list_shows_what_the_app_may_know_of(api: AsyncWebClient) -> None:
    found = await api.conversations_list(types="public_channel,private_channel", exclude_archived=True)
    names = {one["name"] for one in found["channels"]}
    assert "ai-budget" in names
    assert not names & {"leads", "old-experiments"}


@pytest.mark.documented(f"{METHODS}/conversations.history")
async def test_history_is_newest_first_in_pages(api: AsyncWebClient) -> None:
    sent = [(await api.chat_postMessage(channel="C0BUDGET", text=str(n)))["ts"] for n in range(5)]
    first = await api.conversations_history(channel="C0BUDGET", limit=3)
    rest = await api.conversations_history(
        channel="C0BUDGET", limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert first["has_more"] is True
    assert rest["has_more"] is False
    assert [one["ts"] for one in [*first["messages"], *rest["messages"]]] == sent[::-1]


@pytest.mark.documented(f"{METHODS}/conversations.history")
async def test_history_between_two_moments_leaves_them_out_unless_inclusive(api: AsyncWebClient) -> None:
    sent = [(await api.chat_postMessage(channel="C0BUDGET", text=str(n)))["ts"] for n in range(3)]
    between = await api.conversations_history(channel="C0BUDGET", oldest=sent[0], latest=sent[2])
    whole = await api.conversations_history(channel="C0BUDGET", oldest=sent[0], latest=sent[2], inclusive=True)
    assert [one["ts"] for one in between["messages"]] == [sent[1]]
    assert [one["ts"] for one in whole["messages"]] == sent[::-1]


@pytest.mark.documented(f"{METHODS}/conversations.replies")
async def test_a_thread_keeps_its_replies_out_of_the_history(api: AsyncWebClient) -> None:
    head = await api.chat_postMessage(channel="C0BUDGET", text="head")
    reply = await api.chat_postMessage(channel="C0BUDGET", text="reply", thread_ts=head["ts"])
    nested = await api.chat_postMessage(channel="C0BUDGET", text="nested", thread_ts=reply["ts"])
    assert nested["message"]["thread_ts"] == head["ts"], "a reply to a reply is a reply to the head"
    thread = (await api.conversations_replies(channel="C0BUDGET", ts=head["ts"]))["messages"]
    assert [one["text"] for one in thread] == ["head", "reply", "nested"]
    assert thread[0]["reply_count"] == 2
    assert [one["text"] for one in (await api.conversations_history(channel="C0BUDGET"))["messages"]] == ["head"]
    with refused("thread_not_found"):
        await api.conversations_replies(channel="C0BUDGET", ts="1.000001")


@pytest.mark.documented(f"{METHODS}/chat.postMessage")
async def test_a_broadcast_reply_is_in_the_channel_too(api: AsyncWebClient) -> None:
    head = await api.chat_postMessage(channel="C0BUDGET", text="head")
    await api.chat_postMessage(channel="C0BUDGET", text="all", thread_ts=head["ts"], reply_broadcast=True)
    newest = (await api.conversations_history(channel="C0BUDGET"))["messages"][0]
    assert (newest["text"], newest["subtype"]) == ("all", "thread_broadcast")
    with refused("cannot_reply_to_message"):
        await api.chat_postMessage(channel="C0BUDGET", text="x", thread_ts="1.000001")


@pytest.mark.documented(f"{METHODS}/chat.delete")
async def test_the_head_of_a_thread_leaves_a_tombstone(api: AsyncWebClient) -> None:
    head = await api.chat_postMessage(channel="C0BUDGET", text="head")
    await api.chat_postMessage(channel="C0BUDGET", text="reply", thread_ts=head["ts"])
    await api.chat_delete(channel="C0BUDGET", ts=head["ts"])
    thread = (await api.conversations_replies(channel="C0BUDGET", ts=head["ts"]))["messages"]
    assert [one.get("subtype") for one in thread] == ["tombstone", None]


@pytest.mark.documented(SCOPES)
@pytest.mark.parametrize(
    ("missing", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": "C0BUDGET", "text": "x"}),
        ("im:write", "conversations.open", {"users": "U0ANA"}),
        ("users:read", "users.info", {"user": "U0ANA"}),
        ("files:write", "files.getUploadURLExternal", {"filename": "a.png", "length": 1}),
        ("files:read", "files.info", {"file": "F1"}),
        ("channels:history", "conversations.history", {"channel": "C0BUDGET"}),
        ("channels:read", "conversations.info", {"channel": "C0BUDGET"}),
    ],
)
async def test_a_scope_that_was_not_granted_is_named(
    box: Sandbox, api: AsyncWebClient, missing: str, method: str, arguments: dict[str, object]
) -> None:
    box.scopes.discard(missing)
    with refused("missing_scope") as caught:
        await api.api_call(method, params=arguments)
    assert caught.value.response["needed"] == missing
    assert missing not in caught.value.response["provided"].split(",")


@pytest.mark.documented(SCOPES)
async def test_each_kind_of_conversation_has_its_own_history_scope(box: Sandbox, api: AsyncWebClient) -> None:
    await api.conversations_open(users="U0ANA")
    box.scopes.discard("im:history")
    await api.conversations_history(channel="C0BUDGET")
    with refused("missing_scope") as caught:
        await api.conversations_history(channel="D0ANA")
    assert caught.value.response["needed"] == "im:history"


@pytest.mark.documented(f"{METHODS}/users.info")
async def test_a_person_has_a_time_zone_until_they_leave(api: AsyncWebClient) -> None:
    kim = (await api.users_info(user="U0KIM"))["user"]
    assert (kim["tz"], kim["tz_offset"]) == ("Asia/Tokyo", 9 * 3600)
    lee = (await api.users_info(user="U0LEE"))["user"]
    assert lee["deleted"] is True
    assert "tz" not in lee
    with refused("user_not_found"):
        await api.users_info(user="U0NOBODY")


@pytest.mark.documented("https://docs.slack.dev/apis/web-api/user-presence-and-status")
async def test_a_status_is_shown_until_its_time_is_over(box: Sandbox, api: AsyncWebClient) -> None:
    kim = Person(box.url, "U0KIM")
    for expires, shown in ((0, "Vacationing"), (2_000_000_000, "Vacationing"), (1_500_000_000, "")):
        await kim.sets_status("Vacationing", ":palm_tree:", expires=expires)
        profile = (await api.users_info(user="U0KIM"))["user"]["profile"]
        assert (profile["status_text"], profile["status_text_canonical"]) == (shown, shown)
    await kim.sets_status("Am See", ":palm_tree:")
    profile = (await api.users_info(user="U0KIM"))["user"]["profile"]
    assert (profile["status_text"], profile["status_emoji"], profile["status_text_canonical"]) == (
        "Am See",
        ":palm_tree:",
        "",
    )


@pytest.mark.documented(f"{METHODS}/users.profile.set")
@pytest.mark.parametrize(
    ("text", "emoji", "code"), [("x" * 101, "", "failed_too_long"), ("away", "palm_tree", "failed_not_emoji_syntax")]
)
async def test_a_status_that_slack_would_not_take(box: Sandbox, text: str, emoji: str, code: str) -> None:
    with pytest.raises(CannotDo, match=code):
        await Person(box.url, "U0KIM").sets_status(text, emoji)


@pytest.mark.documented(f"{METHODS}/users.list")
async def test_the_list_of_people_holds_the_deactivated_too(api: AsyncWebClient) -> None:
    members = {one["id"]: one for one in (await api.users_list())["members"]}
    assert members["U0LEE"]["deleted"] is True
    assert members["U0OUTLAY"]["is_bot"] is True
