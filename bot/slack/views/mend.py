"""What can be mended of a comparison: a price from its day, a workload for usage that nobody tracks; the rest as advice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bot.charts.foretold import signed
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.cause_words import cause_title
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.plans import input_block
from bot.slack.views.unattributed import Carry
from bot.slack.views.wording import day, listed, plural, state_text
from core.money import usd
from core.period import Cycle
from core.services.mend_prices import MendPreview, PriceMend
from core.services.reprice_usage import Repriced
from core.workload import workload_name

View = dict[str, Any]
SHOWN: Final = 6
REPRICE: Final = "reprice"
_ADVICE: Final[dict[str, str]] = {
    "alias": "The provider billed another model than the one that was asked for. Let the gateway report the model of the "
    "response, or set the price of the asked one with `/budget price`.",
    "double_capture": "Two sources report the same calls. Send the provider's response id with both, then each call counts "
    "once; `/budget sources` shows who sends what.",
    "mock_traffic": "Test calls are in the books. Tag them environment=test at the gateway, or switch their reporting off.",
}


def mend_modal(result: Mapping[str, Any], value: str, *, carry: Carry) -> View:
    """Each cause that something can be done about, the largest first.

    Args:
      value: the button's that led here.
      carry: packs a workload and the pairs of a rule into a button's value.
    """
    shown: list[Block] = []
    causes = sorted(enumerate(result["causes"]), key=lambda pair: -abs(pair[1]["nanos"]))
    for place, cause in [pair for pair in causes if _can_mend(pair[1], result)][:SHOWN]:
        said = f"*{signed(int(cause['nanos']))} {cause_title(cause['cause'])}*\n{name(cause['evidence'], 300)}"
        shown += [
            blocks.section(said),
            *_acts(cause, result, f"{value} {place}", carry),
            blocks.context(_advice(cause)),
        ]
    if not shown:
        shown.append(blocks.section("Nothing of this gap can be mended here: it is the provider's terms or rounding."))
    return {
        "type": "modal", "title": blocks.plain("Mend the gap", 24), "close": blocks.plain("Close", 24),
        "private_metadata": "{}", "blocks": shown,
    }  # fmt: skip


def price_mend(cause: Mapping[str, Any], result: Mapping[str, Any]) -> PriceMend | None:
    """The price that a cause speaks for; None where it names no single factor. Raises OutOfRange."""
    details = cause["details"]
    if cause["cause"] not in ("wrong_price", "discount") or "until_on" in details or "ratio" not in details:
        return None
    year, month = (int(part) for part in result["month"].split("-"))
    starts = date.fromisoformat(details["from_on"]) if "from_on" in details else Cycle(year, month).first_on
    if details.keys() & {"project", "token_class", "tier"}:
        return None
    named = [details["model"]] if "model" in details else [label for label, ours, _ in result["models"] if ours > 0]
    return PriceMend(result["provider"], tuple(str(one) for one in named), round(details["ratio"] * 1_000_000), starts)


def preview_modal(mend: PriceMend, preview: MendPreview, value: str) -> View:
    """The new prices and what they do to the running month, with the choice to reprice what is booked."""
    models = listed([name(price.model, 60) for price in preview.prices], 4)
    factor = f"{mend.millionths / 1_000_000:.4g}× of the price in the books"
    reprice = {
        "type": "checkboxes", "action_id": "value",
        "options": [{
            "text": blocks.plain(f"Also reprice usage since {day(mend.from_on)}", 75), "value": REPRICE,
            "description": blocks.plain("Audited; frozen months get an adjustment", 75),
        }],
    }  # fmt: skip
    shown: list[Block] = [
        blocks.section(f"*{models}: {factor}, from {day(mend.from_on)}*"),
        blocks.section(_effects(preview)),
    ]
    if preview.left_out:
        shown.append(
            blocks.context(f"Left out, no single price: {listed([name(one, 60) for one in preview.left_out], 4)}")
        )
    shown.append(input_block(ids.BLOCK_REPRICE, "What is booked already", reprice, optional=True))
    return {
        "type": "modal", "callback_id": ids.MEND_PRICE_MODAL, "title": blocks.plain("Set the price", 24),
        "submit": blocks.plain("Set price", 24), "close": blocks.plain("Back", 24),
        "private_metadata": json.dumps({"value": value}), "blocks": shown,
    }  # fmt: skip


def mended_message(mend: PriceMend, preview: MendPreview, done: Repriced | None) -> Message:
    """What was set, and what repricing changed."""
    models = listed([name(price.model, 60) for price in preview.prices], 4)
    text = f"Set: {models} at {mend.millionths / 1_000_000:.4g}× from {day(mend.from_on)}; it holds for usage recorded from now on."
    if done:
        text += f" Repriced {plural(done.events, 'event')}: {signed(done.difference_nanos)}."
        if done.adjusted:
            text += f" {listed([one.title for one in done.adjusted], 4)} got an adjustment."
    return blocks.message(
        text, blocks.section(text), blocks.context(f"Look at it: {code(f'/budget price {preview.prices[0].model}')}")
    )


def _can_mend(cause: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    is_price = cause["cause"] in ("wrong_price", "discount")
    return price_mend(cause, result) is not None if is_price else cause["cause"] in (*_ADVICE, "untracked_key")


def _acts(cause: Mapping[str, Any], result: Mapping[str, Any], value: str, carry: Carry) -> list[Block]:
    if price_mend(cause, result):
        return [blocks.actions(blocks.button("Preview the price…", ids.PREVIEW_MEND, value, style="primary"))]
    if cause["cause"] == "untracked_key":
        projects = [str(one) for one in cause["details"].get("projects", [])][:4]
        # One button, because those of one message have to differ in their action.
        one = projects[0] if projects else None
        return (
            [
                blocks.actions(
                    blocks.button(f"Workload for {one}", ids.PREVIEW_RULE, carry(_tame(one), {"project": one}))
                )
            ]
            if one
            else []
        )
    return []


def _advice(cause: Mapping[str, Any]) -> str:
    if cause["cause"] == "untracked_key":
        return "The bill has calls that no source reports. Give them a workload, and send their usage with a token of its own."
    sure = f"{share(cause['confidence'])} sure."
    return _ADVICE.get(cause["cause"], f"{sure} You see what it does to every envelope before anything is set.")


def _effects(preview: MendPreview) -> str:
    if not preview.effects:
        return "No workload has used it this month, so no envelope moves today."
    lines = []
    for one in preview.effects[:8]:
        size = f" of {usd(one.size_nanos)}" if one.size_nanos else ""
        turn = f" · {state_text(one.state)} → *{state_text(one.would_be)}*" if one.breaches else ""
        lines.append(f"• {name(one.workload)}: {usd(one.spent_nanos)} → *{usd(one.would_nanos)}*{size}{turn}")
    breaching = sum(one.breaches for one in preview.effects)
    said = (
        f"*{plural(breaching, 'envelope')} would pass a threshold.*"
        if breaching
        else "no envelope passes a threshold by it."
    )
    return "\n".join([f"This month, were it repriced: {said}", *lines])


def _tame(project: str) -> str:
    return workload_name(re.sub(r"[^a-z0-9._-]+", "-", project.lower()).strip("-._")[:60] or "untracked")
