"""`/budget forecast <workload>`: where the month ends, how sure that is, what drives it, and the run-rate beside it."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import alt_fan, chance, days_words, finding
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.correction import correction_figure, correction_line
from bot.slack.views.detail import compact
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.run_rate import run_rate_sentence
from bot.slack.views.wording import day, freshness_line, plural, signed_percent, unpriced_line
from core.correction import NOTHING_LEARNED, Learned
from core.forecast import DriverRow
from core.money import NANOS, usd
from core.scorecard import Score
from core.services.forecast_spend import Outlook
from core.workload import UNATTRIBUTED

_PLANS: Final = 5
_SAID: Final = {
    "requests a day": "Requests a day", "cost a request": "Cost a request", "cache share": "Read from cache",
    "input uncached a request": "Uncached input",
}  # fmt: skip


def forecast_message(
    outlook: Outlook, *, accuracy: Score | None, backtested: float, chart_file: str | None, reader: ZoneInfo,
    learned: Learned = NOTHING_LEARNED,
) -> Message:  # fmt: skip
    """`accuracy` is what past forecasts of this workload were worth, `backtested` how many of them were made afterwards;
    `learned` what signed invoices say of it."""
    made, workload = outlook.forecast, outlook.month.workload
    said = finding_sentence(outlook)
    return blocks.message(
        f"*{name(workload)}*, {outlook.cycle.title}: {said}",
        blocks.header(f"{workload} · forecast for {outlook.cycle.title}"),
        blocks.section("\n".join([said, *_beside(outlook, learned)])),
        blocks.picture(chart_file, alt_fan(outlook)),
        blocks.fields(_figures(outlook, learned)),
        _drivers(outlook),
        _plans(outlook),
        blocks.context(
            made.basis,
            accuracy_line(accuracy, backtested),
            freshness_line(outlook.freshness, reader),
        ),
        blocks.actions(
            blocks.button("Why", ids.SHOW_WHY, workload),
            blocks.button("Plan a change", ids.OPEN_PLAN, workload)
            if outlook.envelope
            else blocks.button("Set an envelope", ids.OPEN_SET, workload),
        ),
    )


def finding_sentence(outlook: Outlook) -> str:
    """The finding with the middle and its range, in escaped mrkdwn."""
    made = outlook.forecast
    size = outlook.envelope.size(outlook.cycle) if outlook.envelope else 0
    middle = (
        f"*{usd(made.p50_nanos)}*, in four months out of five between {usd(made.p10_nanos)} and {usd(made.p90_nanos)}"
    )
    if not made.path:
        return f"The month is over: *{usd(made.spent_nanos)}* spent."
    if not size or made.breach_probability is None:
        return f"The month ends at about {middle}. It has no envelope yet."
    if made.spent_nanos > size:
        return f"*{usd(size)}* was passed already. The month ends at about {middle}."
    return f"*{finding(outlook)}.* The month ends at about {middle}."


def _beside(outlook: Outlook, learned: Learned) -> list[str]:
    found = []
    if line := correction_line(_foretold(outlook), learned):
        found.append(line)
    if outlook.forecast.is_thin_history:
        found.append(f"Only {plural(outlook.forecast.history_days, 'day')} of history: take the range, not the middle.")
    if sentence := run_rate_sentence(outlook):
        found.append(sentence)
    if missing := unpriced_line(outlook.freshness):
        found.append(missing)
    if outlook.month.workload == UNATTRIBUTED:
        found.append("What is unattributed follows no workload, so this range is softer than it looks.")
    return found


def _foretold(outlook: Outlook) -> tuple[int, int, int]:
    made = outlook.forecast
    return made.p10_nanos, made.p50_nanos, made.p90_nanos


def _figures(outlook: Outlook, learned: Learned) -> list[tuple[str, str]]:
    made = outlook.forecast
    size = outlook.envelope.size(outlook.cycle) if outlook.envelope else 0
    figures = [("Spent so far", usd(made.spent_nanos)), ("Forecast (p50)", usd(made.p50_nanos))]
    figures.append(("Range (p10–p90)", f"{usd(made.p10_nanos)}–{usd(made.p90_nanos)}"))
    figures += correction_figure(_foretold(outlook), learned)
    if size and made.breach_probability is not None:
        figures.append(("Envelope", usd(size)))
        figures.append(("Chance to pass it", chance(made.breach_probability)))
        if made.breach_on:
            figures.append(("Most likely", days_words(*made.breach_on)))
    if made.run_rate_nanos is not None:
        figures.append(("Run-rate", usd(made.run_rate_nanos)))
    figures += unit_figures(outlook)
    return figures


def unit_figures(outlook: Outlook) -> list[tuple[str, str]]:
    """What one unit of the business metric costs, over the last days with a number for it."""
    metric = outlook.month.metric
    if metric is None:
        return []
    days = sorted(on for on in metric.actual if on <= outlook.month.as_of)[-28:]
    units = sum(metric.actual[on] for on in days)
    if not units:
        return []
    known = set(days)
    costs = [(row.cost_nanos, row.requests) for row in outlook.month.history if row.on in known]
    nanos, requests = sum(cost for cost, _ in costs), sum(count for _, count in costs)
    return [
        (f"Cost per {metric.unit}", usd(round(nanos / units))),
        (f"Requests per {metric.unit}", f"{requests / units:,.3g}"),
    ]


def _drivers(outlook: Outlook) -> Block | None:
    """What moved lately beside what is expected of the days to come."""
    rows = [
        [tables.words(_title(row)), _driver(row, row.recent), _driver(row, row.expected), _change(row)]
        for row in outlook.forecast.drivers
        if row.recent or row.expected
    ]
    head = ("Driver", "Last 28 days", "To come", "Change")
    return tables.data_table(f"Drivers of {outlook.month.workload}, tokens a request", head, rows) if rows else None


def _title(row: DriverRow) -> str:
    known = _SAID.get(row.name)
    return known or f"{row.name[0].upper()}{row.name[1:]}".removesuffix(" a request")


def _driver(row: DriverRow, value: float | None) -> tables.Cell:
    if value is None:
        return tables.words("–")
    match row.unit:
        case "nanos":
            return tables.words(rate_text(value))
        case "share":
            return tables.words(f"{value:.1%}")
        case _:
            return tables.words(
                f"{value:,.1f}" if value < 100 else f"{value:,.0f}" if value < 1e6 else compact(round(value))
            )


def rate_text(nanos: float) -> str:
    """A small amount with three digits that count, so that a change of a percent can be seen in it: `$0.00203`."""
    dollars = nanos / NANOS
    return f"${dollars:#.3g}" if 1e-4 <= dollars < 1 else usd(round(nanos))


def _change(row: DriverRow) -> tables.Cell:
    """In percent, for the cache share in points."""
    if row.recent is None or row.expected is None:
        return tables.words("–")
    if row.unit == "share":
        points = signed_percent(row.expected - row.recent).removesuffix("%")
        return tables.words(f"{points} points")
    return tables.words(signed_percent(row.expected / row.recent - 1) if row.recent else "new")


def _plans(outlook: Outlook) -> Block | None:
    plans = outlook.forecast.plans
    if not plans:
        return None
    lines = [f"• from {day(plan.from_on)}: {name(plan.describe(), 200)}" for plan in plans[:_PLANS]]
    more = [f"• and {len(plans) - _PLANS} more"] if len(plans) > _PLANS else []
    shown = code(f"/budget plan {outlook.month.workload}")
    return blocks.section("\n".join([f"*Planned changes* ({shown})", *lines, *more]))


def accuracy_line(score: Score | None, backtested: float) -> str:
    """How far past forecasts were off, and what of that was made afterwards."""
    if score is None:
        return "No month has ended since the first forecast, so nothing is known of its accuracy yet."
    beside = f", the run-rate by {share(score.run_rate_wape)}" if score.run_rate_wape is not None else ""
    made = " (from history, foretold afterwards)" if backtested == 1 else ""
    return (
        f"Past forecasts were off by {share(score.wape)} on average{beside}; {share(score.coverage)} of the time the month ended "
        f"inside the range{made}. More: `/budget forecast --accuracy`"
    )
