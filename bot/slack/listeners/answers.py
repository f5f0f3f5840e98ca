"""Answers that change nothing: read, put into words, send; for typed commands and for buttons that stand for them."""

from __future__ import annotations

import asyncio
from functools import partial

from bot import charts
from bot.slack.command_forms import Audit, Help, Hub, Price, Spend, Status, WorkloadList
from bot.slack.command_words import COMMAND, Word, as_typed
from bot.slack.interaction import Interaction
from bot.slack.pictures import drawn, uploaded
from bot.slack.reply import send_with_picture
from bot.slack.views import blocks
from bot.slack.views.audit import audit_message
from bot.slack.views.blocks import Message
from bot.slack.views.breakdown import breakdown_message
from bot.slack.views.detail import detail_message
from bot.slack.views.help import help_message
from bot.slack.views.hub import hub_message
from bot.slack.views.mrkdwn import with_mentions
from bot.slack.views.overview import overview_message
from bot.slack.views.price import price_message
from bot.slack.views.workloads import listing_message
from core.errors import BudgetError, UnknownName
from core.home import Home, home_of
from core.rates import negotiated
from core.services import budget_status, manage_prices, manage_workloads, read_audit
from core.services.read_home import read_office


async def send(asked: Interaction, message: Message, *, share: bool) -> None:
    """To the person, or to the channel where they asked for that."""
    if share:
        await asked.reply.share(message, otherwise=unshared(asked))
    else:
        await asked.reply.say(message)


async def report(asked: Interaction, message: Message, *, share: bool) -> None:
    """What has been done is told in any case: to the person alone, with the reason, where it cannot be shared."""
    try:
        await send(asked, message, share=share)
    except BudgetError as refusal:
        reason = blocks.context(f"Done, but only you see this. {with_mentions(refusal.message)}")
        await asked.reply.say({"text": message["text"], "blocks": [*message["blocks"], reason]})


def unshared(asked: Interaction) -> str | None:
    """What was typed, without the wish to share; None for a click."""
    typed = str(asked.body.get("text") or "").split()
    kept = " ".join(word for word in typed if Word(word).flag != "share")
    return as_typed(f"{COMMAND} {kept}".strip()) if typed else None


async def hub(asked: Interaction, command: Hub) -> None:
    await send(asked, hub_message(await _home(asked)), share=command.share)


async def explain(asked: Interaction, command: Help) -> None:
    home = await _home(asked)
    await send(asked, help_message(command.topic, home.names, home.unset), share=command.share)


async def _home(asked: Interaction) -> Home:
    desk = asked.desk
    office = await read_office(desk.uow, now=asked.now, finance_team=desk.finance)
    return home_of(office, asked.actor.id, is_finance=asked.actor.is_finance)


async def status(asked: Interaction, command: Status) -> None:
    if command.workload is not None:
        await _status_of_one(asked, command.workload, share=command.share)
        return
    overview, reader = await asyncio.gather(budget_status.overview(asked.desk.uow, now=asked.now), asked.reader())
    await send(asked, overview_message(overview, reader=reader), share=command.share)


async def _status_of_one(asked: Interaction, workload: str, *, share: bool) -> None:
    detail, reader = await asyncio.gather(budget_status.detail(asked.desk.uow, workload, now=asked.now), asked.reader())
    png = await drawn(asked.desk.charts, partial(charts.burn_up, detail))
    name = f"{detail.line.workload} {detail.cycle}"
    file = await uploaded(asked.client, png, name=name, alt=charts.alt_burn_up(detail))

    def compose(chart_file: str | None) -> Message:
        return detail_message(detail, chart_file=chart_file, reader=reader)

    await send_with_picture(partial(send, asked, share=share), compose, file)


async def spend(asked: Interaction, command: Spend) -> None:
    breakdown, reader = await asyncio.gather(
        budget_status.breakdown(asked.desk.uow, command.dimension, cycle=command.cycle, now=asked.now), asked.reader()
    )
    file = None
    if breakdown.spent_nanos:
        png = await drawn(asked.desk.charts, partial(charts.breakdown_chart, breakdown))
        name = f"spend by {command.dimension} {command.cycle}"
        file = await uploaded(asked.client, png, name=name, alt=charts.alt_breakdown(breakdown))

    def compose(chart_file: str | None) -> Message:
        return breakdown_message(breakdown, chart_file=chart_file, reader=reader)

    await send_with_picture(partial(send, asked, share=command.share), compose, file)


async def list_workloads(asked: Interaction, command: WorkloadList) -> None:
    listings, reader = await asyncio.gather(
        manage_workloads.list_workloads(asked.desk.uow, now=asked.now), asked.reader()
    )
    await send(asked, listing_message(listings, reader=reader), share=command.share)


async def audit(asked: Interaction, command: Audit) -> None:
    trail, reader = await asyncio.gather(read_audit.trail(asked.desk.uow, command.workload), asked.reader())
    await send(asked, audit_message(trail, reader=reader), share=command.share)


async def price(asked: Interaction, command: Price) -> None:
    """Shows a price, or sets it where prices were given; the service lets only finance set one."""
    if command.model is None:
        await explain(asked, Help("price", share=command.share))
        return
    uow = asked.desk.uow
    found = await manage_prices.price_in_force(uow, command.provider, command.model, now=asked.now, tier=command.tier)
    if command.prices:
        if not found.provider:
            line = " ".join(f"{name}={value}" for name, value in command.prices.items())
            raise UnknownName(
                f"I do not know who provides {command.model}. Name the provider as your usage does.",
                correction=f"{COMMAND} price {command.model} provider=openai {line}",
            )
        wanted = negotiated(
            found.provider, command.model, command.prices,
            from_on=command.from_on or asked.now.date(), set_by=asked.actor.id, tier=command.tier,
        )  # fmt: skip
        found = await manage_prices.set_price(uow, wanted, by=asked.actor, now=asked.now)
        await report(asked, price_message(found), share=command.share)
        return
    await send(asked, price_message(found), share=command.share)
