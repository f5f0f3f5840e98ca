"""Commands, actions and forms as Bolt receives them, over HTTP and over Socket Mode alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from sandbox import Person, Sandbox
from sandbox.people import CannotDo
from tests.sandbox.apps import TRANSPORTS, new_app, serving
from tests.sandbox.content import Json, actions, button, home, input_block, modal, options, plain, section, words_input

INTERACTIVITY = "https://docs.slack.dev/interactivity/handling-user-interaction"
COMMANDS = "https://docs.slack.dev/interactivity/implementing-slash-commands"
MODALS = "https://docs.slack.dev/surfaces/modals"
PAYLOADS = "https://docs.slack.dev/reference/interaction-payloads"

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture
def app(box: Sandbox) -> AsyncApp:
    return new_app(box)


@pytest.fixture
def ana(box: Sandbox) -> Person:
    return Person(box.url, "U0ANA")


def answering(**reply: Any) -> Callable[..., Any]:
    """A listener that acknowledges with `reply`."""

    async def listener(ack: AsyncAck) -> None:
        await ack(**reply)

    return listener


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


@pytest.mark.documented(MODALS)
async def test_a_form_is_opened_corrected_and_closed(box: Sandbox, app: AsyncApp, ana: Person, transport: str) -> None:
    got: list[Json] = []

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        view = modal(input_block(words_input(min_length=2)), callback_id="grant", private_metadata="b-7")
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    @app.view("grant")
    async def grant(ack: AsyncAck, view: Json, body: Json, client: Any) -> None:
        got.append(view)
        if view["state"]["values"]["asked"]["words"]["value"] == "never":
            await ack(response_action="errors", errors={"asked": "Say when."})
            return
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text="granted")

    async with serving(box, app, transport):
        assert (await ana.types("/budget")).view["title"]["text"] == "Grant"
        assert "required" in (await ana.submits({})).errors["asked"]
        assert "at least 2" in (await ana.submits({"words": "x"})).errors["asked"]
        assert got == [], "what Slack's client refuses never reaches the app"
        assert (await ana.submits({"words": "never"})).errors == {"asked": "Say when."}
        assert (await ana.submits({"asked": "today"})).message["text"] == "granted"
        with pytest.raises(CannotDo, match="no modal is open"):
            await ana.view()
    assert got[-1]["private_metadata"] == "b-7"


@pytest.mark.documented(MODALS)
@pytest.mark.parametrize(("action", "titles"), [("update", ["Next"]), ("push", ["Grant", "Next"]), ("clear", [])])
async def test_an_answer_to_a_form_moves_the_stack(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str, action: str, titles: list[str]
) -> None:
    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(section(), callback_id="grant"))

    following = {} if action == "clear" else {"view": modal(section(), title=plain("Next"))}
    app.view("grant")(answering(response_action=action, **following))
    async with serving(box, app, transport):
        await ana.types("/budget")
        await ana.submits(wait=0.1)
    assert [view.body["title"]["text"] for view in box.bench.modals.stack("U0ANA")] == titles


@pytest.mark.documented(MODALS)
async def test_an_answer_slack_would_not_take_leaves_the_form_open(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(section(), callback_id="grant"))

    app.view("grant")(answering(response_action="update", view=modal(title=plain("x" * 25))))
    async with serving(box, app, transport):
        await ana.types("/budget")
        seen = await ana.submits()
    assert seen.error is not None
    assert "less than 25" in seen.error
    assert (await ana.view())["title"]["text"] == "Grant"


@pytest.mark.documented(f"{PAYLOADS}/view-interactions-payload")
async def test_closing_is_told_only_when_asked_for(box: Sandbox, app: AsyncApp, ana: Person, transport: str) -> None:
    closed: list[str] = []

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        asked = command["text"] == "tell"
        view = modal(section(), callback_id="grant", notify_on_close=asked, private_metadata=command["text"])
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    @app.view_closed("grant")
    async def gone(ack: AsyncAck, view: Json) -> None:
        await ack()
        closed.append(view["private_metadata"])

    async with serving(box, app, transport):
        for text in ("quiet", "tell"):
            await ana.types(f"/budget {text}")
            await ana.closes()
    assert closed == ["tell"]


@pytest.mark.documented("https://docs.slack.dev/reference/methods/views.push")
async def test_three_views_stack_and_a_fourth_does_not(
    box: Sandbox, app: AsyncApp, ana: Person, transport: str
) -> None:
    refusals: list[str] = []

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(actions(button("More", "more"))))

    @app.action("more")
    async def more(ack: AsyncAck, body: Json, client: Any) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=modal(actions(button("More", "more"))))
        except SlackApiError as refusal:
            refusals.append(refusal.response["error"])
            await client.chat_postMessage(channel="U0ANA", text="full")

    async with serving(box, app, transport):
        await ana.types("/budget")
        for _ in range(3):
            await ana.clicks("More")
    assert len(box.bench.modals.stack("U0ANA")) == 3
    assert refusals == ["push_limit_reached"]


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


@pytest.mark.documented("https://docs.slack.dev/reference/block-kit/block-elements/file-input-element")
async def test_a_form_takes_files_of_the_right_kind(box: Sandbox, app: AsyncApp, ana: Person, transport: str) -> None:
    got: list[Json] = []
    picker = {"type": "file_input", "action_id": "bill", "filetypes": ["csv"], "max_files": 1}

    @app.command("/budget")
    async def budget(ack: AsyncAck, command: Json, client: Any) -> None:
        await ack()
        view = modal(input_block(picker), callback_id="bill")
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    @app.view("bill")
    async def bill(ack: AsyncAck, view: Json, client: Any) -> None:
        await ack()
        got.extend(view["state"]["values"]["asked"]["bill"]["files"])
        await client.chat_postMessage(channel="U0ANA", text="read")

    async with serving(box, app, transport):
        await ana.types("/budget")
        picture = await ana.uploads("bill.png", b"png")
        assert "csv" in (await ana.submits({"bill": [picture]})).errors["asked"]
        await ana.submits({"bill": [await ana.uploads("bill.csv", b"a,b")]})
    assert (got[0]["name"], got[0]["size"]) == ("bill.csv", 3)
    assert got[0]["url_private_download"].startswith(box.url)
