"""What can be mended of a comparison: a price from its day, a workload for usage that nobody tracks; the rest as advice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bot.charts.foretold import signed
from bot.readable import share, shortened
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.cause_words import cause_title
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.plans import input_block
from bot.slack.views.unattributed import Carry
from bot.slack.views.wording import day, listed, plural, state_text
from core.errors import OutOfRange
from core.money import usd
from core.period import Cycle
from core.services.mend_prices import AliasMend, Mend, MendPreview, PriceMend
from core.services.reprice_usage import Repriced
from core.usage import CLASS_NAMES
from core.workload import workload_name

View = dict[str, Any]
SHOWN: Final = 6
REPRICE: Final = "reprice"
PRICE_TITLE, ALIAS_TITLE = "Set the price", "Set the alias"
_PRICED: Final = ("wrong_price", "discount")
_TIERS: Final = ("service_tier", "batch_discount", "fast_mode")
_TRACKED: Final = {"projects": "project", "keys": "tag.api_key", "models": "model"}
"""What a bill calls usage that nobody reports, and the dimension of the rule that will catch it once it is sent."""
_ADVICE: Final[dict[str, str]] = {
    "alias": "The provider billed another model than the one that was asked for. From its day on the name is priced as what "
    "it stands for; you see what that does to every envelope first. Better still, let the gateway report the response's model.",
    "double_capture": "Two sources report the same calls. Let one of them count and the other check, or send the provider's "
    "response id with both: then each call counts once.",
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


def mend_of(cause: Mapping[str, Any], result: Mapping[str, Any]) -> Mend | None:
    """The price or alias that a cause speaks for; None where it names no single one, or one too far off to be a price."""
    details = cause["details"]
    year, month = (int(part) for part in result["month"].split("-"))
    starts = date.fromisoformat(details["from_on"]) if "from_on" in details else Cycle(year, month).first_on
    if cause["cause"] == "alias" and "billed_as" in details:
        return AliasMend(result["provider"], str(details["model"]), str(details["billed_as"]), starts)
    is_price = cause["cause"] in _PRICED or (cause["cause"] in _TIERS and "tier" in details)
    if not is_price or "ratio" not in details or details.keys() & {"project", "until_on"}:
        return None
    named = [details["model"]] if "model" in details else [label for label, ours, _ in result["models"] if ours > 0]
    token_class = details.get("token_class")
    if not named or token_class not in (None, *CLASS_NAMES):
        return None
    millionths, tier = round(details["ratio"] * 1_000_000), str(details.get("tier", "standard"))
    try:
        return PriceMend(result["provider"], tuple(map(str, named)), millionths, starts, token_class, tier)
    except OutOfRange:
        return None


def said_of(mend: Mend, models: str) -> str:
    """`gpt-4.1 output: 1.25× of the price in the books, from 1 Oct 2026`."""
    since = f"from {day(mend.from_on)}"
    if isinstance(mend, AliasMend):
        return f"{models} is priced as {name(mend.means, 60)}, {since}"
    part = f" {mend.token_class.replace('_', ' ')}" if mend.token_class else ""
    tier = f" (tier {name(mend.tier, 40)})" if mend.tier != "standard" else ""
    return f"{models}{part}{tier}: {mend.millionths / 1_000_000:.4g}× of the price in the books, {since}"


def preview_modal(mend: Mend, preview: MendPreview, value: str) -> View:
    """The new prices and what they do to the running month, with the choice to reprice what is booked."""
    title = ALIAS_TITLE if isinstance(mend, AliasMend) else PRICE_TITLE
    models = listed([name(price.model, 60) for price in preview.prices], 4)
    reprice = {
        "type": "checkboxes", "action_id": "value",
        "options": [{
            "text": blocks.plain(f"Also reprice usage since {day(mend.from_on)}", 75), "value": REPRICE,
            "description": blocks.plain("Audited; frozen months get an adjustment", 75),
        }],
    }  # fmt: skip
    shown: list[Block] = [
        blocks.section(f"*{said_of(mend, models)}*"),
        blocks.section(_effects(preview)),
    ]
    if preview.left_out:
        shown.append(
            blocks.context(f"Left out, no single price: {listed([name(one, 60) for one in preview.left_out], 4)}")
        )
    shown.append(input_block(ids.BLOCK_REPRICE, "What is booked already", reprice, optional=True))
    return {
        "type": "modal", "callback_id": ids.MEND_PRICE_MODAL, "title": blocks.plain(title, 24),
        "submit": blocks.plain("Set alias" if title == ALIAS_TITLE else "Set price", 24), "close": blocks.plain("Back", 24),
        "private_metadata": json.dumps({"value": value}), "blocks": shown,
    }  # fmt: skip


def mended_message(mend: Mend, preview: MendPreview, done: Repriced | None) -> Message:
    """What was set, and what repricing changed."""
    models = listed([name(price.model, 60) for price in preview.prices], 4)
    text = f"Set: {said_of(mend, models)}; it holds for usage recorded from now on."
    if done:
        text += f" Repriced {plural(done.events, 'event')}: {signed(done.difference_nanos)}."
        if done.adjusted:
            text += f" {listed([one.title for one in done.adjusted], 4)} got an adjustment."
    return blocks.message(
        text, blocks.section(text), blocks.context(f"Look at it: {code(f'/budget price {preview.prices[0].model}')}")
    )


def _can_mend(cause: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    return mend_of(cause, result) is not None or cause["cause"] in (*_ADVICE, "untracked_key")


def _acts(cause: Mapping[str, Any], result: Mapping[str, Any], value: str, carry: Carry) -> list[Block]:
    if mend := mend_of(cause, result):
        label = "Preview the alias…" if isinstance(mend, AliasMend) else "Preview the price…"
        return [blocks.actions(blocks.button(label, ids.PREVIEW_MEND, value, style="primary"))]
    if cause["cause"] == "double_capture":
        shown = value.rpartition(" ")[0]
        return [blocks.actions(blocks.button("Choose what counts…", ids.PREVIEW_CAPTURE, shown, style="primary"))]
    if cause["cause"] == "untracked_key":
        # One button, because those of one message have to differ in their action: for the largest.
        for kind, dimension in _TRACKED.items():
            for one in cause["details"].get(kind, [])[:1]:
                pairs = {dimension: str(one)} | ({"provider": result["provider"]} if kind == "models" else {})
                label = shortened(f"Workload for {one}", 70)
                return [blocks.actions(blocks.button(label, ids.PREVIEW_RULE, carry(_tame(str(one)), pairs)))]
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
