"""`/budget forecast` and `/budget why`, typed or clicked: read, draw, put into words, send."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from bot import charts
from bot.slack import ids
from bot.slack.command_line import parse
from bot.slack.forecast_forms import Comparison, Forecast, Why
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.pictures import drawn, uploaded
from bot.slack.reply import send_with_picture
from bot.slack.views.accuracy import accuracy_message
from bot.slack.views.blocks import Message
from bot.slack.views.forecast import forecast_message
from bot.slack.views.forecasts import forecasts_message
from bot.slack.views.why import why_message
from core.correction import NOTHING_LEARNED, Learned
from core.errors import Unreadable
from core.services import budget_status, explain_spend, forecast_spend, score_forecasts
from core.services.explain_spend import Against
from core.services.learn_corrections import corrections_for

_AGAINST: Final[dict[Comparison, Against]] = {
    "plan": Against.PLAN, "last": Against.LAST_CYCLE, "forecast": Against.FORECAST,
}  # fmt: skip


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_FORECAST, show_forecast)
    registrar.action(ids.SHOW_ACCURACY, show_accuracy)
    for option in ("", *(f":{name}" for name in _AGAINST)):
        registrar.action(f"{ids.SHOW_WHY}{option}", show_why)


async def show_forecast(asked: Interaction) -> None:
    await forecast(asked, Forecast(asked.value or None))


async def show_accuracy(asked: Interaction) -> None:
    await forecast(asked, Forecast(asked.value or None, accuracy=True))


async def show_why(asked: Interaction) -> None:
    """The button carries what would have been typed."""
    command = parse(f"why {asked.value}", today=asked.desk.today())
    if not isinstance(command, Why):
        raise Unreadable("This button does not name a workload. Type `/budget why NAME`.")
    await why(asked, command)


async def forecast(asked: Interaction, command: Forecast) -> None:
    uow = asked.desk.uow
    if command.accuracy:
        card = await score_forecasts.scorecard(uow, command.workload, now=asked.now)
        await answers.send(asked, accuracy_message(card), share=command.share)
        return
    if command.workload is None:
        overview, reader = await asyncio.gather(budget_status.overview(uow, now=asked.now), asked.reader())
        await answers.send(asked, forecasts_message(overview, reader=reader), share=command.share)
        return
    made = await forecast_spend.outlook(uow, command.workload, now=asked.now)
    (card, reader), learned = (
        await asyncio.gather(score_forecasts.scorecard(uow, made.month.workload, now=asked.now), asked.reader()),
        await _learned(asked, made),
    )
    png = await drawn(asked.desk.charts, partial(charts.fan_chart, made))
    name = f"forecast {made.month.workload} {made.cycle}"
    file = await uploaded(asked.client, png, name=name, alt=charts.alt_fan(made))

    def compose(chart_file: str | None) -> Message:
        return forecast_message(
            made, accuracy=card.whole, backtested=card.backtested, chart_file=chart_file, reader=reader,
            learned=learned,
        )  # fmt: skip

    await send_with_picture(partial(answers.send, asked, share=command.share), compose, file)


async def _learned(asked: Interaction, made: forecast_spend.Outlook) -> Learned:
    """What signed invoices say of this forecast; nothing where it is switched off or the month is over."""
    if not asked.desk.learns or not made.forecast.path:
        return NOTHING_LEARNED
    return await corrections_for(asked.desk.uow, made.workload_id, made.cycle)


async def why(asked: Interaction, command: Why) -> None:
    """Without a workload it is about the one that spends most."""
    uow = asked.desk.uow
    workload = command.workload or await _largest(asked)
    against = _AGAINST[command.against] if command.against else None
    found, reader = await asyncio.gather(
        explain_spend.explain_spend(uow, workload, against, now=asked.now, as_of=command.as_of), asked.reader()
    )
    png = await drawn(asked.desk.charts, partial(charts.waterfall, found))
    name = f"why {found.workload} {found.cycle}"
    file = await uploaded(asked.client, png, name=name, alt=charts.alt_waterfall(found))

    def compose(chart_file: str | None) -> Message:
        return why_message(found, chart_file=chart_file, reader=reader)

    await send_with_picture(partial(answers.send, asked, share=command.share), compose, file)


async def _largest(asked: Interaction) -> str:
    overview = await budget_status.overview(asked.desk.uow, now=asked.now)
    if not overview.lines:
        raise Unreadable(
            "Nothing was spent this month yet, so there is nothing to explain.", correction="/budget status"
        )
    return overview.lines[0].workload
