"""Modals as Bolt receives them: opened, corrected, stacked, closed, over HTTP and over Socket Mode alike."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from sandbox import Person, Sandbox
from sandbox.people import CannotDo
from tests.sandbox.apps import TRANSPORTS, answering, serving
from tests.sandbox.content import Json, actions, button, input_block, modal, plain, section, words_input

MODALS = "https://docs.slack.dev/surfaces/modals"
PAYLOADS = "https://docs.slack.dev/reference/interaction-payloads"

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


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
