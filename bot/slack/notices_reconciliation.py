"""Notices of a reconciliation: the comparison with its chart, its record in the thread, signatures, reminders."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.charts.foretold import signed
from bot.charts.waterfall import between, steps
from bot.notices import Composed, Composer
from bot.slack.pictures import UPLOAD_SECONDS, drawn, uploaded
from bot.slack.views.reconciliation import Shown, alt_gap, gap_parts, reconciliation_message
from bot.slack.views.reconciliation_record import note_message, record_message, void_message
from core.reconciliation_file import as_csv
from core.services.reconcile_month import digest_of
from core.services.tell_reconciliation import NOTE, RECORD, REMINDER, SUMMARY, VOIDED
from core.store.outbox import Notice

log = logging.getLogger(__name__)
_UNREACHED: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, KeyError, IndexError)


def reconciliation_composers(client: AsyncWebClient, charts: Executor, zone: ZoneInfo) -> Mapping[str, Composer]:
    """One composer a kind; arguments as in `bot.notices.composers`."""

    async def summary(notice: Notice) -> Composed:
        read = Shown.of(notice.facts)
        png = await drawn(charts, partial(gap_chart, read))
        file = await uploaded(client, png, name=f"{read.result['provider']} {read.month}", alt=alt_gap(read))
        return Composed(lambda shown: reconciliation_message(read, chart_file=shown, reader=zone), file)

    async def record(notice: Notice) -> Composed:
        result: Mapping[str, Any] = notice.facts["result"]
        link = await _linked(client, result)
        return Composed(lambda _: record_message(result, link=link))

    async def note(notice: Notice) -> Composed:
        return Composed(lambda _: note_message(notice.facts, zone))

    async def void(notice: Notice) -> Composed:
        return Composed(lambda _: void_message(notice.facts))

    return {SUMMARY: summary, REMINDER: summary, RECORD: record, NOTE: note, VOIDED: void}


def gap_chart(read: Shown) -> bytes:
    """From the estimate to the invoice, one bar a cause."""
    bars = between(
        ("Estimate", int(read.result["estimate"])), gap_parts(read), ("Invoice", int(read.result["invoice"]))
    )
    return steps(bars, title=read.title, subtitle=f"{signed(read.gap)} from the estimate to the invoice")


async def _linked(client: AsyncWebClient, result: Mapping[str, Any]) -> str | None:
    """The permalink of the CSV, which a message shares by naming it; None where it could not be uploaded."""
    name = f"reconciliation-{result['provider']}-{result['month']}.csv"
    content = as_csv(result, digest=digest_of(result))
    try:
        answer = await asyncio.wait_for(
            client.files_upload_v2(content=content, filename=name, title=name), UPLOAD_SECONDS
        )
        return str(answer["files"][0]["permalink"])
    except _UNREACHED as failed:
        log.warning("file_upload_failed", extra={"file": name, "error": f"{type(failed).__name__}: {failed}"[:300]})
        return None
