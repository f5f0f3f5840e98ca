"""A tiny Bolt app for the page's tests: `/budget` answers with a table, buttons, a modal that refuses, and texts to escape."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
WORKLOADS = (
    ("search-answers", 4120.55, "Warned"),
    ("support-bot", 2310.10, "Within"),
    ("code-review", 9870.42, "Degraded"),
)


def make_app(*, token: str, signing_secret: str, api_url: str) -> AsyncApp:
    app = AsyncApp(client=AsyncWebClient(token=token, base_url=api_url), signing_secret=signing_secret)
    app.command("/budget")(answer_command)
    app.action("acknowledge")(answer_acknowledge)
    app.action("stop")(answer_acknowledge)
    app.action("home_count")(answer_home)
    app.action("more")(show_more)
    app.action("explain")(push_explanation)
    app.view("envelope")(answer_envelope)
    app.view("form")(answer_form)
    app.event("app_home_opened")(show_home)
    return app


async def answer_command(ack: AsyncAck, respond: AsyncRespond, client: AsyncWebClient, command: Json) -> None:
    asked = command["text"]
    await ack()
    if asked == "set":
        await client.views_open(trigger_id=command["trigger_id"], view=envelope_view())
    elif asked == "form":
        await client.views_open(trigger_id=command["trigger_id"], view=form_view())
    elif asked == "alert":
        await client.chat_postMessage(channel=command["channel_id"], text="An alert", blocks=alert_blocks("Nobody yet"))
    elif asked == "chart":
        await respond(text="A chart", blocks=[chart_block()])
    elif asked == "hostile":
        await respond(text="Hostile", blocks=hostile_blocks())
    else:
        await respond(text="Envelopes", blocks=[section("*Envelopes*"), table_block()])


async def answer_acknowledge(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
    await ack()
    await client.chat_update(
        channel=body["channel"]["id"],
        ts=body["message"]["ts"],
        text="An alert",
        blocks=alert_blocks(body["user"]["username"]),
    )


async def answer_envelope(ack: AsyncAck, client: AsyncWebClient, body: Json, view: Json) -> None:
    amount = view["state"]["values"]["amount"]["amount"]["value"]
    if not amount.isdecimal():
        await ack(response_action="errors", errors={"amount": f"“{amount}” is not an amount. Try 4000."})
        return
    await ack()
    await client.chat_postMessage(channel="C0BUDGET", text=f"<@{body['user']['id']}> set an envelope of {amount} USD.")


async def show_more(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
    await ack()
    view = envelope_view()
    view["blocks"].append(
        {
            "type": "input", "block_id": "reason", "label": plain("Reason"), "optional": True,
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    )  # fmt: skip
    await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)


async def push_explanation(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
    await ack()
    view = {
        "type": "modal",
        "title": plain("Why a sponsor"),
        "close": plain("Back"),
        "blocks": [section("Somebody decides.")],
    }
    await client.views_push(trigger_id=body["trigger_id"], view=view)


async def answer_form(ack: AsyncAck, client: AsyncWebClient, view: Json) -> None:
    await ack()
    states = [state for actions in view["state"]["values"].values() for state in actions.values()]
    await client.chat_postMessage(channel="C0BUDGET", text=" ".join(sorted(told(state) for state in states)))


def told(state: Json) -> str:
    """One input's state in a word: `type=value`."""
    held: Any = next(value for name, value in state.items() if name != "type")
    listed = held if isinstance(held, list) else [held]
    return f"{state['type']}={','.join(str(one.get('value') or one['name']) if isinstance(one, dict) else str(one) for one in listed)}"


async def show_home(client: AsyncWebClient, event: Json) -> None:
    await client.views_publish(user_id=event["user"], view=home_view("Never clicked"))


async def answer_home(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
    await ack()
    await client.views_publish(user_id=body["user"]["id"], view=home_view("Clicked once"))


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action_id: str, **rest: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **rest}


def table_block() -> Json:
    head = [{"type": "raw_text", "text": name} for name in ("Workload", "Spend", "State")]
    rows = [
        [
            {"type": "raw_text", "text": name},
            {"type": "raw_number", "value": spend, "text": f"${spend:,.2f}"},
            {"type": "raw_text", "text": state},
        ]
        for name, spend, state in WORKLOADS
    ]
    return {"type": "data_table", "caption": "Envelopes this month", "rows": [head, *rows]}


def chart_block() -> Json:
    points = [{"label": day, "value": value} for day, value in (("Mon", 12), ("Tue", 30), ("Wed", 18))]
    chart = {
        "type": "bar",
        "series": [{"name": "Spend", "data": points}],
        "axis_config": {"categories": ["Mon", "Tue", "Wed"]},
    }
    return {"type": "data_visualization", "title": "Spend by day", "chart": chart}


def alert_blocks(who: str) -> list[Json]:
    confirm = {
        "title": plain("Stop it?"),
        "text": plain("Requests get no answer."),
        "confirm": plain("Stop"),
        "deny": plain("Keep"),
    }
    buttons = [
        button("Acknowledge", "acknowledge", style="primary"),
        button("Stop", "stop", style="danger", confirm=confirm),
    ]
    return [
        section("*search-answers* is at 82 %"),
        {"type": "actions", "elements": buttons},
        section(f"Acknowledged by {who}"),
    ]


def hostile_blocks() -> list[Json]:
    return [
        {"type": "header", "text": plain(HOSTILE)},
        section("<javascript:document.title='owned'|a link> &lt;b&gt;not bold&lt;/b&gt;"),
        {"type": "markdown", "text": f"**strong** {HOSTILE} [a link](javascript:document.title='owned')"},
    ]


def envelope_view() -> Json:
    amount = {
        "type": "input", "block_id": "amount", "label": plain("Amount"), "hint": plain("US dollars a month"),
        "element": {"type": "plain_text_input", "action_id": "amount"},
    }  # fmt: skip
    sponsor = {
        "type": "input", "block_id": "sponsor", "label": plain("Sponsor"),
        "element": {"type": "users_select", "action_id": "sponsor", "initial_user": "U0SAM"},
    }  # fmt: skip
    more = {"type": "actions", "elements": [button("More options", "more"), button("Why a sponsor?", "explain")]}
    return {
        "type": "modal", "callback_id": "envelope", "title": plain("Set an envelope"), "submit": plain("Save"),
        "close": plain("Cancel"), "blocks": [section("The forecast is *3,370 USD*."), amount, sponsor, more],
    }  # fmt: skip


def option(name: str) -> Json:
    return {"text": plain(name), "value": name.lower()}


def form_view() -> Json:
    options = [option("Cheap"), option("Throttle"), option("Stop")]
    elements: dict[str, Json] = {
        "Menu": {"type": "static_select", "options": options},
        "Several": {"type": "multi_static_select", "options": options},
        "Boxes": {"type": "checkboxes", "options": options},
        "One of": {"type": "radio_buttons", "options": options},
        "Channel": {"type": "channels_select"},
        "Number": {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"},
        "Day": {"type": "datepicker"},
        "Address": {"type": "email_text_input"},
        "Invoice": {"type": "file_input"},
        "Emptied": {"type": "plain_text_input", "initial_value": "a suggestion"},
    }
    blocks = [
        {
            "type": "input", "block_id": name, "label": plain(name), "optional": name == "Emptied",
            "element": {"action_id": name, **element},
        }
        for name, element in elements.items()
    ]  # fmt: skip
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Everything"),
        "submit": plain("Send"),
        "blocks": blocks,
    }


def home_view(state: str) -> Json:
    return {
        "type": "home",
        "blocks": [
            section(f"*My envelopes* · {state}"),
            {"type": "actions", "elements": [button("Count", "home_count")]},
        ],
    }
