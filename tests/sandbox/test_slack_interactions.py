"""Commands, actions and Home tabs as Bolt receives them, over HTTP and over Socket Mode alike."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from sandbox import Person, Sandbox
from sandbox.people import CannotDo
from tests.sandbox.apps import TRANSPORTS, answering, serving
from tests.sandbox.content import Json, actions, button, home, options, plain, section

COMMANDS = "https://docs.slack.dev/interactivity/implementing-slash-commands"
PAYLOADS = "https://docs.slack.dev/reference/interaction-payloads"

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.mark.documented(COMMANDS)
async def test_a_command_arrives_escaped_and_is_answered_to_its_sender(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    got: list[Json] = []

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json) -> None:
        got.append(command)
        await ack("noted")

    async with serving(box, app, transport):
        seen = await ana.types("/budget set @ben <#C0BUDGET> <!here> & http://example.com #leads")
    assert got[0]["text"] == (
        "set <@U0BEN|ben> <#C0BUDGET|ai-budget> &lt;!here&gt; &amp; <http://example.com> #leads"
    ), "a private channel is not named to an app"
    assert (got[0]["user_id"], got[0]["channel_name"], got[0]["team_domain"]) == ("U0ANA", "ai-budget", "acme")
    assert seen.message["text"] == "noted"
    assert seen.message["ephemeral_for"] == "U0ANA"


@pytest.mark.documented(COMMANDS)
async def test_an_answer_can_be_for_the_whole_channel(box: Sandbox, app: AsyncApp, ana: Person, transport: str) -> None:
    app.command("/budget")(answering(text="for all", response_type="in_channel"))
    async with serving(box, app, transport):
        seen = await ana.types("/budget status")
    assert seen.message["ephemeral"] is False
    assert [one["text"] for one in await Person(box.url, "U0BEN").reads("C0BUDGET")] == ["for all"]


@pytest.mark.documented(COMMANDS)
async def test_three_seconds_without_an_acknowledgement_show_an_error(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    box.bench.deliveries.ack_seconds = 0.2

    @app.command("/budget")
    async def budget(ack: AsyncAck) -> None:
        await asyncio.sleep(0.4)
        await ack()

    async with serving(box, app, transport):
        seen = await ana.types("/budget status")
        assert seen.error is not None
        assert seen.error.startswith("operation_timeout")
        assert seen.message["user"] == "USLACKBOT"
        await asyncio.sleep(0.4)  # The listener ends before its server does.


@pytest.mark.documented(COMMANDS)
async def test_commands_do_not_work_in_threads_nor_unknown_ones(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    async with serving(box, app, transport):
        with pytest.raises(CannotDo, match="not a valid command"):
            await ana.types("/nothing")
        with pytest.raises(CannotDo, match="not_in_channel"):
            await ana.types("/budget", channel="C0SUPPORT")


@pytest.mark.documented(f"{PAYLOADS}/block_actions-payload")
async def test_a_click_carries_its_message_and_the_answer_replaces_it(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    got: list[Json] = []

    @app.action("why")
    async def why(ack: AsyncAck, body: Json, respond: Any) -> None:
        await ack()
        got.append(body)
        await respond(text="because", blocks=[section("because")], replace_original=True)

    async with serving(box, app, transport):
        sent = await app.client.chat_postMessage(
            channel="C0BUDGET", text="warned", blocks=[actions(button(value="b-7"))]
        )
        seen = await ana.clicks("Why")
    assert got[0]["actions"][0]["value"] == "b-7"
    assert got[0]["message"]["ts"] == sent["ts"] == got[0]["container"]["message_ts"]
    assert seen.message["ts"] == sent["ts"], "edited in place"
    assert seen.message["edited"] is not None


@pytest.mark.documented(f"{PAYLOADS}/block_actions-payload")
async def test_a_click_in_an_ephemeral_message_carries_no_message(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    got: list[Json] = []
    app.command("/budget")(answering(text="hub", blocks=[actions(button())]))

    @app.action("why")
    async def why(ack: AsyncAck, body: Json, respond: Any) -> None:
        await ack()
        got.append(body)
        await respond(delete_original=True)

    async with serving(box, app, transport):
        await ana.types("/budget")
        await ana.clicks("why")
    assert "message" not in got[0]
    assert got[0]["container"]["is_ephemeral"] is True
    assert await ana.reads() == []


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element")
async def test_menus_and_pickers_say_what_was_picked(box: Sandbox, app: AsyncApp, ana: Person, transport: str) -> None:
    got: dict[str, Json] = {}
    menu = {"type": "overflow", "action_id": "more", "options": options(2)}
    select = {"type": "static_select", "action_id": "pick", "options": options(2)}
    day = {"type": "datepicker", "action_id": "day"}
    who = {"type": "users_select", "action_id": "who"}

    for name in ("more", "pick", "day", "who"):

        @app.action(name)
        async def picked(ack: AsyncAck, action: Json, respond: Any) -> None:
            await ack()
            got[action["action_id"]] = action
            await respond("ok")

    async with serving(box, app, transport):
        await app.client.chat_postMessage(channel="C0BUDGET", text="x", blocks=[actions(menu, select, day, who)])
        await ana.clicks("Option 1")
        await ana.clicks("pick", value="0")
        await ana.clicks("day", value="2026-11-30")
        await ana.clicks("who", value="U0BEN")
        with pytest.raises(CannotDo, match="no option"):
            await ana.clicks("pick", value="7")
        with pytest.raises(CannotDo, match="no user U0LEE"):
            await ana.clicks("who", value="U0LEE")
    assert got["more"]["selected_option"]["value"] == "1"
    assert got["pick"]["selected_option"]["value"] == "0"
    assert got["day"]["selected_date"] == "2026-11-30"
    assert got["who"]["selected_user"] == "U0BEN"


@pytest.mark.documented("https://docs.slack.dev/reference/events/app_home_opened")
async def test_opening_home_is_an_event_and_shows_what_is_published(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    @app.event("app_home_opened")
    async def opened(event: Json, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("mine"), actions(button())))

    app.action("why")(answering())
    async with serving(box, app, transport):
        await ana.opens_home()
        assert (await ana.home())["blocks"][0]["text"]["text"] == "mine"


@pytest.mark.documented(f"{PAYLOADS}/block_suggestion-payload")
async def test_an_external_menu_asks_the_app_what_to_offer(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    got: list[Json] = []
    menu = {"type": "external_select", "action_id": "workload", "min_query_length": 0}

    @app.options("workload")
    async def offers(ack: AsyncAck, payload: Json) -> None:
        await ack(options=[{"text": plain(f"{payload['value']}-bot"), "value": "w-1"}])

    @app.action("workload")
    async def picked(ack: AsyncAck, action: Json, respond: Any) -> None:
        await ack()
        got.append(action["selected_option"])
        await respond("ok")

    async with serving(box, app, transport):
        await app.client.chat_postMessage(channel="C0BUDGET", text="x", blocks=[actions(menu)])
        with pytest.raises(CannotDo, match="no option"):
            await ana.clicks("workload", value="w-1")
        assert [one["value"] for one in await ana.searches("workload", "search")] == ["w-1"]
        await ana.clicks("workload", value="w-1")
    assert got == [{"text": plain("search-bot"), "value": "w-1"}]
