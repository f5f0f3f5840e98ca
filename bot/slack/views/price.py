"""`/budget price`: the prices in force for a model, where they come from, and how to set negotiated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.wording import day, listed
from core.money import divide_half_even, usd
from core.rates import MILLION, NegotiatedPrice, Rate
from core.workload import quoted

if TYPE_CHECKING:
    from core.services.manage_prices import PriceInForce

BANDS = 4

_TITLES = {
    "input_uncached": "Input",
    "cache_read": "Cache read",
    "cache_write": "Cache write (5 min)",
    "cache_write_1h": "Cache write (1 h)",
    "input_audio": "Audio in",
    "output": "Output",
    "reasoning": "Reasoning",
    "output_audio": "Audio out",
}


_INPUT_SIDE = ("input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio")


def price_message(price: PriceInForce) -> Message:
    """The rate in force and its source; a model without one is unpriced, which is said as the problem it is."""
    model = name(price.model)
    example = f"/budget price {quoted(price.model)} input=1.25 output=10"
    if price.rate is None:
        text = f"*{model}* has no known price, so its cost is missing from every sum."
        known = (
            f" Did you mean {listed([name(one) for one in price.suggestions], 5, 'or')}?" if price.suggestions else ""
        )
        return blocks.message(
            text,
            blocks.section(f"{text}{known} Finance can set one, in dollars per million tokens:"),
            blocks.paste(example),
        )
    rate = price.rate
    finding = f"*{model}* at {name(price.provider)}: {_headline(rate)}."
    return blocks.message(
        finding,
        blocks.section(f"{finding}\n{_source(rate, price.negotiated)}"),
        blocks.fields(_figures(rate)),
        blocks.section("\n".join(_bands(rate))) if len(rate.bands) > 1 else None,
        blocks.context(
            "Dollars per million tokens; classes that are not listed cost like input or output. Past cost never changes.",
            f"Finance sets a negotiated one with {code(example)}",
        ),
    )


def _dollars(price: int, rate: Rate) -> str:
    """A price for the rate's own number of tokens, as dollars per million."""
    return usd(divide_half_even(price * MILLION, rate.per))


def _headline(rate: Rate) -> str:
    prices = rate.bands[0].prices
    return f"*{_dollars(prices.input_uncached, rate)}* in, *{_dollars(prices.output, rate)}* out per million tokens"


def _source(rate: Rate, negotiated: NegotiatedPrice | None) -> str:
    if negotiated and negotiated.means:
        return (
            f"The name stands for *{name(negotiated.means)}* from {day(negotiated.from_on)} (UTC), said by "
            f"{person(negotiated.set_by)}. Source: {name(rate.source, 200)}."
        )
    if negotiated:
        since, who = day(negotiated.from_on), person(negotiated.set_by)
        return f"Negotiated: in force from {since} (UTC), set by {who}, tier {name(negotiated.tier)}."
    return f"Source: {name(rate.source, 200)}."


def _figures(rate: Rate) -> list[tuple[str, str]]:
    """Input and output, and each class whose price is its own; the others cost like the side they are on."""
    band = rate.bands[0]
    figures = []
    for kind, title in _TITLES.items():
        price = getattr(band.prices, kind)
        side = band.prices.input_uncached if kind in _INPUT_SIDE else band.prices.output
        if price and (kind in ("input_uncached", "output") or price != side):
            figures.append((title, _dollars(price, rate)))
    if band.prices.web_searches:
        figures.append(("Web searches", f"{_dollars(band.prices.web_searches // 1_000, rate)} per thousand"))
    if band.per_request:
        figures.append(("Each request", usd(divide_half_even(band.per_request, rate.per))))
    return figures or [("Price", "free")]


def _bands(rate: Rate) -> list[str]:
    """Long-context prices: the whole request pays them once its input passes the limit."""
    lines = []
    for band in rate.bands[1:BANDS]:
        prices = f"{_dollars(band.prices.input_uncached, rate)} in, {_dollars(band.prices.output, rate)} out"
        lines.append(f"Above {band.above:,} input tokens the whole request pays {prices}.")
    return [*lines, "…"] if len(rate.bands) > BANDS else lines
