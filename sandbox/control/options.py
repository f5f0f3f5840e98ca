"""The offers of an external select: the app is asked while a person types into it."""

from __future__ import annotations

from sandbox.bench import Bench
from sandbox.blocks.composition import OPTION_GROUP, PLAIN_OPTION
from sandbox.blocks.rules import MODAL, Inspection, ListOf
from sandbox.control.clicks import find_element, the_view
from sandbox.control.people import Impossible, the_channel, the_message, the_user
from sandbox.deliveries import Delivery
from sandbox.forms import options_of
from sandbox.model import Json
from sandbox.payloads import block_suggestion

OFFERS_KEPT = 1000


async def offer(bench: Bench, body: Json) -> Json:
    """Asks the app for options and keeps them, so that one of them can be picked. Raises Impossible."""
    user = the_user(bench, body)
    if body.get("view_id"):
        view, message = the_view(bench, user, body["view_id"]), None
        blocks, channel_id = view.body["blocks"], None
    else:
        channel = the_channel(bench, user, body.get("channel"))
        view, message = None, the_message(bench, user, channel, body.get("ts"))
        blocks, channel_id = message.blocks, channel.id
    block, element = find_element(blocks, {"action_id": body.get("action_id")})
    if "external_select" not in element["type"]:
        raise Impossible(f"{element['action_id']} does not ask the app for options")
    asked: Json = {
        "block_id": block["block_id"],
        "action_id": element["action_id"],
        "value": str(body.get("value", "")),
    }
    payload = block_suggestion(bench, user=user, asked=asked, view=view, message=message)
    ack = await bench.deliveries.send(Delivery("block_suggestion", payload, user.id, channel_id))
    answer: Json = ack.answer if isinstance(ack.answer, dict) else {}
    found = Inspection(MODAL)
    ListOf(PLAIN_OPTION, 100, low=0).check(answer.get("options", []), "/options", found)
    ListOf(OPTION_GROUP, 100, low=0).check(answer.get("option_groups", []), "/option_groups", found)
    if not ack.ok or found.problems:
        return {"ok": False, "error": ack.error or f"invalid_options: {found.problems}", "options": []}
    bench.offers.pop((user.id, element["action_id"]), None)
    bench.offers[user.id, element["action_id"]] = list(options_of(answer))
    if len(bench.offers) > OFFERS_KEPT:
        del bench.offers[next(iter(bench.offers))]
    return {"ok": True, **{name: answer[name] for name in ("options", "option_groups") if name in answer}}
