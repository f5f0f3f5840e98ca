"""`/budget export`: the month's file, sent to the person alone, since it names what everybody spends."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

import aiohttp
from slack_sdk.errors import SlackClientError

from bot.slack.command_forms import Export
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction
from bot.slack.listeners import answers
from bot.slack.views.export import export_message
from core.errors import Overloaded, TooLarge
from core.services import export_spend

MOST_BYTES: Final = 50_000_000
"""A spreadsheet opens no more; above it the command line writes to a disk instead."""
UPLOAD_SECONDS: Final = 60.0


async def export(asked: Interaction, command: Export) -> None:
    """Write the month beside nothing else, hand it over in the direct messages, and say what it holds."""
    with tempfile.TemporaryDirectory(prefix="outlay-export-") as folder:
        path = Path(folder) / f"outlay-{command.cycle}-{command.form}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            told = await export_spend.export_month(
                asked.desk.uow, command.cycle, command.form, file.write, now=asked.now, by=asked.actor
            )
        if path.stat().st_size > MOST_BYTES:
            raise TooLarge(
                f"{command.cycle.title} has {told.rows:,} rows, too many for a file in Slack. "
                f"Whoever runs Outlay writes it with `outlay export --month {command.cycle} -o FILE`."
            )
        await _sent(asked, path, title=f"{command.cycle.title}, {command.form}")
    await answers.report(asked, export_message(told, reader=await asked.reader()), share=False)


async def _sent(asked: Interaction, path: Path, *, title: str) -> None:
    """To the direct messages. Raises Overloaded where Slack does not take it."""
    try:
        opened = await asked.client.conversations_open(users=asked.actor.id)
        upload = asked.client.files_upload_v2(
            channel=str(opened["channel"]["id"]), file=str(path), filename=path.name, title=title
        )
        await asyncio.wait_for(upload, UPLOAD_SECONDS)
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as failed:
        raise Overloaded(
            "Slack did not take the file. Nothing was changed; try again in a minute.", correction=f"{COMMAND} export"
        ) from failed
