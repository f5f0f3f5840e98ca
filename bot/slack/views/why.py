"""`/budget why`: the difference in words, its causes in a table that adds up, who carries it, and what to do next."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import alt_waterfall, driver_title, signed, worth_showing
from bot.charts.waterfall import titles
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import freshness_line
from core.money import NANOS, apart, usd
from core.services.explain_spend import Against, Explanation, Mover
from core.variance import Driver

ROWS: Final = 40
_SHAPE: Final = frozenset(Driver) - {Driver.VOLUME, Driver.MODEL_MIX, Driver.CACHE_SHARE, Driver.PRICE}


def why_message(explanation: Explanation, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """`chart_file` is the Slack file of the waterfall; the table says the same and more."""
    finding = finding_sentence(explanation)
    workload = explanation.workload
    return blocks.message(
        f"*{name(workload)}*: {finding}",
        blocks.header(f"Why {workload} spends what it does"),
        blocks.section("\n".join([finding, f"Compared: {name(explanation.basis, 300)}.", *_movers(explanation)])),
        blocks.picture(chart_file, alt_waterfall(explanation)),
        _table(explanation),
        blocks.section(next_step(explanation)),
        blocks.context(
            "Each cause is its mean effect over all orders in which the causes could have come (Shapley), so the parts add up exactly.",
            freshness_line(explanation.freshness, reader),
        ),
        blocks.actions(
            *(
                blocks.button(f"Against {label}", f"{ids.SHOW_WHY}:{option}", f"{workload} vs={option}")
                for option, label, against in (
                    ("plan", "the plan", Against.PLAN),
                    ("last", "last cycle", Against.LAST_CYCLE),
                    ("forecast", "the forecast", Against.FORECAST),
                )
                if against is not explanation.against
            ),
        ),
    )


def finding_sentence(explanation: Explanation) -> str:
    """The gap, and the causes that make up most of it."""
    variance = explanation.variance
    first = titles(explanation.against)[0].lower()
    if not variance.gap_nanos:
        return f"No difference: *{usd(variance.actual_nanos)}*, as {first}."
    word = "more" if variance.gap_nanos > 0 else "less"
    part = f" ({share(abs(variance.gap_nanos) / variance.planned_nanos)})" if variance.planned_nanos else ""
    sides = f"{usd(variance.actual_nanos)} against {usd(variance.planned_nanos)}"
    start = f"*{apart(variance.actual_nanos, variance.planned_nanos)} {word}*{part}: {sides}."
    same = sorted(
        ((driver, nanos) for driver, nanos in variance.by_driver().items() if nanos * variance.gap_nanos > 0),
        key=lambda item: -abs(item[1]),
    )
    against = sorted(
        ((driver, nanos) for driver, nanos in variance.by_driver().items() if nanos * variance.gap_nanos < 0),
        key=lambda item: -abs(item[1]),
    )
    causes = " and ".join(f"{driver} ({signed(nanos)})" for driver, nanos in same[:2])
    eased = f"; {against[0][0]} went the other way ({signed(against[0][1])})" if against else ""
    return f"{start} Most of it is {causes}{eased}." if causes else start


def _movers(explanation: Explanation) -> list[str]:
    """The labels that carry most of the change against the last cycle."""
    if not explanation.movers:
        return []
    said = [
        f"{mover.dimension} *{_label(mover)}* {signed(mover.change_nanos)} (to {usd(mover.now_nanos)})"
        for mover in explanation.movers
    ]
    return [f"Carried, against the same days of the last cycle, by {', '.join(said)}."]


def _label(mover: Mover) -> str:
    return name(mover.label, 60) if mover.label is not None else f"without a {mover.dimension}"


def _table(explanation: Explanation) -> tables.Cell | None:
    """One row a cause and model, the totals around them; what does not fit is one row, so that it still adds up."""
    variance = explanation.variance
    before, after = titles(explanation.against)
    kept = worth_showing(variance.by_driver())
    parts = [(driver_title(part.driver), part.model, part.nanos) for part in variance.parts if part.driver in kept]
    dust = sum(part.nanos for part in variance.parts if part.driver not in kept)
    if len(parts) > ROWS:
        largest = sorted(parts, key=lambda part: -abs(part[2]))
        rest = largest[ROWS - 1 :]
        parts = [*largest[: ROWS - 1], (f"{len(rest)} smaller parts", "–", dust + sum(nanos for _, _, nanos in rest))]
        dust = 0
    rows: list[list[Cell]] = [[tables.words(before), _exact(variance.planned_nanos), tables.words("all")]]
    rows += [[tables.words(title), _exact(nanos, sign=True), tables.words(model)] for title, model, nanos in parts]
    if dust:
        cell = {"type": "raw_number", "value": round(dust / NANOS, 9), "text": "under a cent"}
        rows.append([tables.words("The rest"), cell, tables.words("all")])
    rows.append([tables.words(after), _exact(variance.actual_nanos), tables.words("all")])
    return tables.data_table(f"Causes for {explanation.workload}", ("Cause", "Dollars", "Model"), rows)


def _exact(nanos: int, *, sign: bool = False) -> Cell:
    """With cents whatever the size, so that the rows can be added up by hand; the value holds every nano."""
    cents = round(nanos / NANOS, 2)
    plain = f"${abs(cents):,.2f}" if abs(cents) >= 0.01 or not nanos else usd(abs(nanos))
    mark = "−" if nanos < 0 else "+" if sign and nanos > 0 else ""
    return {"type": "raw_number", "value": round(nanos / NANOS, 9), "text": f"{mark}{plain}"}


def next_step(explanation: Explanation) -> str:
    """What helps against the largest cause, as a line to paste."""
    variance, workload = explanation.variance, explanation.workload
    causes = {driver: nanos for driver, nanos in variance.by_driver().items() if nanos > 0}
    if not causes or variance.gap_nanos <= 0:
        return f"*Next:* see where the month ends with {code(f'/budget forecast {workload}')}"
    worst = max(causes, key=lambda driver: causes[driver])
    if worst is Driver.VOLUME:
        step = f"Is the growth wanted? Then plan it: {code(f'/budget plan {workload} from=tomorrow volume=+20%')}"
    elif worst is Driver.MODEL_MIX:
        by_model = {part.model: part.nanos for part in variance.parts if part.driver is Driver.MODEL_MIX}
        dear = max(by_model, key=lambda model: by_model[model])
        step = f"More of it runs on {name(dear, 60)}. Try a move: {code(f'/budget whatif {workload} move={dear}->CHEAPER:30%')}"
    elif worst is Driver.CACHE_SHARE:
        step = f"Less is read from cache. See what it is worth: {code(f'/budget whatif {workload} cache=+20pt')}"
    elif worst is Driver.PRICE:
        step = "Prices or price bands moved. Look at the model's price with `/budget price MODEL`"
    elif worst in _SHAPE:
        side = "output" if worst in (Driver.OUTPUT, Driver.REASONING, Driver.OUTPUT_AUDIO) else "input"
        step = f"Requests got longer. See what trimming is worth: {code(f'/budget whatif {workload} {side}=-10%')}"
    return f"*Next:* {step}"
