"""`/budget forecast --accuracy`: what past forecasts were worth, beside the run-rate and the FinOps maturity marks."""

from __future__ import annotations

from typing import Final

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import plural, signed_percent
from core.scorecard import MATURITY, Score
from core.services.score_forecasts import Scorecard

_HEAD: Final = ("Off by", "Run-rate", "In range", "Bias", "Maturity", "Forecasts")
_MOST: Final = 60


def accuracy_message(card: Scorecard) -> Message:
    """Two tables, by stretch of the month and by workload; a plain sentence before a month has ended."""
    of = f" of *{name(card.workload)}*" if card.workload else ""
    if card.whole is None:
        text = f"No month with forecasts{of} has ended yet, so there is nothing to score. Ask again after the first."
        return blocks.message(text, blocks.section(text))
    finding = _finding(card, card.whole, of)
    months = f"{card.cycles[0].title} to {card.cycles[-1].title}" if len(card.cycles) > 1 else card.cycles[0].title
    rows = [_row(score) for score in card.workloads[:_MOST]]
    return blocks.message(
        finding,
        blocks.header(f"How good the forecasts were · {months}"),
        blocks.section("\n".join([finding, _honesty(card)])),
        tables.data_table("By stretch of the month", ("Made after", *_HEAD), [_row(score) for score in card.days])
        if card.days
        else None,
        tables.data_table("By workload", ("Workload", *_HEAD), rows) if not card.workload and rows else None,
        blocks.context(
            "Off by: summed error ÷ summed spend (WAPE), and the same of the run-rate beside it. In range: how often the month ended "
            "between p10 and p90; 80% is right. Bias: above 0 is foretelling too much.",
            f"Maturity by the FinOps Foundation's marks: {', '.join(f'{word} up to {most:.0%}' for most, word in reversed(MATURITY))}.",
        ),
        blocks.actions(blocks.button("Forecast", ids.SHOW_FORECAST, card.workload or "")),
    )


def _finding(card: Scorecard, whole: Score, of: str) -> str:
    text = f"Forecasts{of} were off by *{share(whole.wape)}*"
    if whole.run_rate_wape is not None:
        text += f", the run-rate by {share(whole.run_rate_wape)}"
    text += f"; {share(whole.coverage)} of the time the month ended inside the range."
    level = f"That is the FinOps level *{whole.maturity}*." if whole.maturity else "That is above the FinOps marks."
    return f"{text} {level}"


def _honesty(card: Scorecard) -> str:
    """What was foretold at the time and what only afterwards."""
    count = sum(score.forecasts for score in card.days)
    if card.backtested == 1:
        return (
            f"All {plural(count, 'forecast')} were made afterwards from history, knowing only the days before. "
            "From now on each day's forecast is kept as it is made."
        )
    if card.backtested:
        return f"{share(card.backtested)} of {plural(count, 'forecast')} were made afterwards from history; the rest at the time."
    return f"All {plural(count, 'forecast')} were made at the time."


def _row(score: Score) -> list[Cell]:
    bias: Cell = {"type": "raw_number", "value": round(score.bias * 100, 4), "text": signed_percent(score.bias)}
    return [
        tables.words(score.label),
        _part(score.wape),
        _part(score.run_rate_wape),
        tables.percent(score.coverage),
        bias,
        tables.words(score.maturity or "above 20%"),
        tables.number(score.forecasts),
    ]


def _part(value: float | None) -> Cell:
    if value is None:
        return tables.percent(None)
    return {"type": "raw_number", "value": round(value * 100, 4), "text": f"{value:.1%}"}
