"""How far the numbers can be trusted: sources, and what no rule matched."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.command_forms import Sources, Unattributed, WorkloadAdd
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers, workloads
from bot.slack.views.sources import sources_message
from bot.slack.views.unattributed import unattributed_message
from core.services.choose_source import rules
from core.services.read_coverage import recent_coverage
from core.services.review_unattributed import unattributed as read_unattributed
from core.services.watch_sources import second_opinions, sources_health


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_SOURCES, show_sources)
    registrar.action(ids.SHOW_UNATTRIBUTED, show_unattributed)
    registrar.action(ids.PREVIEW_RULE, preview_rule)


async def sources(asked: Interaction, command: Sources) -> None:
    found = await sources_health(asked.desk.uow, now=asked.now)
    opinions = await second_opinions(asked.desk.uow)
    covered = await recent_coverage(asked.desk.uow, now=asked.now)
    standing = await rules(asked.desk.uow)
    message = sources_message(found, opinions, covered, standing, reader=await asked.reader(), now=asked.now)
    await answers.send(asked, message, share=command.share)


async def show_sources(asked: Interaction) -> None:
    await sources(asked, Sources())


async def unattributed(asked: Interaction, command: Unattributed) -> None:
    bucket = await read_unattributed(asked.desk.uow, now=asked.now)
    await answers.send(asked, unattributed_message(bucket, carry=workloads.carried), share=command.share)


async def show_unattributed(asked: Interaction) -> None:
    await unattributed(asked, Unattributed())


async def preview_rule(asked: Interaction) -> None:
    """A candidate's button opens the same preview as the typed command; adding stays a second decision."""
    name, pairs = workloads.brought_back(asked.value)
    await workloads.preview(asked, WorkloadAdd(name, pairs))
