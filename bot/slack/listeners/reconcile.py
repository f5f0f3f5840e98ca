"""`/budget reconcile`: the form, the invoice on its way in, and the answer in one message that changes."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.importing.invoices import read_invoice
from bot.readable import shortened
from bot.request_id import reference
from bot.slack import ids
from bot.slack.command_reconcile import Reconcile
from bot.slack.command_words import COMMAND
from bot.slack.downloads import Uploaded, download
from bot.slack.guard import guarded
from bot.slack.interaction import Interaction, Registrar, reply_to
from bot.slack.listeners import answers
from bot.slack.listeners.plan_forms import open_view, typed_in
from bot.slack.progress import Progress
from bot.slack.views.close_status import close_status_message
from bot.slack.views.mrkdwn import code
from bot.slack.views.reconcile_modal import reconcile_modal
from bot.slack.views.reconcile_progress import Order, again_message, progress_message, stopped_message
from bot.slack.views.wording import plural
from core.errors import BudgetError, NotAllowed, Unreadable
from core.exchange import read_rate
from core.invoice import Invoice
from core.period import Cycle
from core.services.close_status import choices, close_status
from core.services.pulled_invoice import pulled_invoice
from core.services.reconcile_month import reconcile_month
from core.services.take_invoice import Delivered, require_reader, take_invoice


def register(registrar: Registrar) -> None:
    registrar.action(ids.OPEN_RECONCILE, open_from_button)
    registrar.action(ids.VOUCH_UNITS, vouch)
    registrar.app.view(ids.RECONCILE_MODAL)(_submission(registrar))


async def reconcile(asked: Interaction, command: Reconcile) -> None:
    """The form, or with `--status` how far every month has come."""
    if command.status:
        found, reader = await asyncio.gather(
            close_status(
                asked.desk.uow, finance_team=asked.desk.finance, now=asked.now, provider=command.provider, month=command.month
            ),
            asked.reader(),
        )  # fmt: skip
        await answers.send(asked, close_status_message(found, reader=reader), share=command.share)
        return
    await _open(asked, command.provider, command.month)


async def open_from_button(asked: Interaction) -> None:
    provider, _, month = asked.value.rpartition(" ")
    await _open(asked, provider or None, Cycle.parse(month, today=asked.desk.today()) if month else None)


async def _open(asked: Interaction, provider: str | None, month: Cycle | None) -> None:
    offered = await choices(asked.desk.uow, provider=provider, month=month, now=asked.now)
    if provider and not asked.actor.is_finance:
        async with asked.desk.uow.read() as tx:
            await require_reader(tx, provider, offered.month, asked.actor)
    until = offered.pulled_until
    instead = f"{offered.stored}, which is here already" if offered.stored else None
    if instead is None and until:
        instead = f"the charges pulled up to {until.day} {until:%b %Y}"
    form = reconcile_modal(
        offered.providers, provider=provider, month=offered.month, today=asked.desk.today(), instead=instead
    )
    line = " ".join(filter(None, (COMMAND, "reconcile", provider, str(month) if month else None)))
    await open_view(asked, form, line=line)


def _submission(registrar: Registrar) -> Callable[..., Any]:
    async def submitted(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """What the form can tell at once is told at its fields; the rest happens after it has closed."""
        asked = registrar.interaction(body, client)
        errors: dict[str, str] = {}
        orders: list[Order] = []

        async def read() -> None:
            try:
                orders.append(_order_in(asked))
            except BudgetError as refusal:
                place = ids.BLOCK_INVOICE_RATE if isinstance(refusal, Unreadable) else ids.BLOCK_INVOICE_FILE
                errors[place] = shortened(refusal.message, 300)

        await guarded("read the invoice form", reply_to(body, client).say, read)
        if errors:
            await ack(response_action="errors", errors=errors)
            return
        await ack()
        for order in orders:
            await guarded("reconcile", reply_to(body, client).say, partial(carry_out, asked, order))

    return submitted


def _order_in(asked: Interaction) -> Order:
    """What was filled in. Raises TooLarge at the file, Unreadable at the rate."""
    typed = typed_in(asked.view)
    files = _files_in(asked.view)
    if files and (told := Uploaded.of(files[0])).size:
        told.require_small()
    rate = typed.get(ids.BLOCK_INVOICE_RATE)
    read_rate(rate)
    year, month = typed[ids.BLOCK_INVOICE_MONTH].split("-")
    file = str(files[0].get("id")) if files else None
    return Order(typed[ids.BLOCK_INVOICE_PROVIDER], Cycle(int(year), int(month)), file, rate)


def _files_in(view: Any) -> list[dict[str, Any]]:
    elements = ((view.get("state") or {}).get("values") or {}).get(ids.BLOCK_INVOICE_FILE) or {}
    return [file for element in elements.values() for file in element.get("files") or ()]


async def vouch(asked: Interaction) -> None:
    """Somebody says that the amounts are right although they look like cents; the file is fetched and read again."""
    await carry_out(asked, Order.unpacked(asked.value, units_agreed=True))


async def carry_out(asked: Interaction, order: Order) -> None:
    """Fetch, read, check, store, compare: shown in one message, which in the end is the comparison."""
    uow, by = asked.desk.uow, asked.actor
    async with uow.read() as tx:
        await require_reader(tx, order.provider, order.month, by)
    channel = asked.desk.channel or _channel_of(asked)
    progress = await Progress.begin(
        asked.client, channel, by.id, progress_message(order, by.id, "fetching the invoice …")
    )
    try:
        lines = await _took(asked, order, progress)
        await progress.show(progress_message(order, by.id, f"comparing {lines} with the books …"), always=True)
        done = await reconcile_month(
            uow, order.provider, order.month, by=by, finance_team=asked.desk.finance,
            channel=by.id if progress.is_direct else channel, now=asked.now, shown_at=progress.place,
        )  # fmt: skip
    except BudgetError as refusal:
        await progress.show(stopped_message(order, by.id, refusal.message, refusal=refusal), always=True)
        return
    except Exception:
        # The guard tells the person; the message must not say for ever that something is under way.
        await progress.show(
            stopped_message(order, by.id, f"Something broke ({reference()}); nothing was lost."), always=True
        )
        raise
    if done.is_known:
        await progress.show(again_message(order, by.id, "the same numbers as before; nothing changed."), always=True)
    elif not await _took_over(asked, done.kept.subject, progress):
        await progress.show(
            again_message(order, by.id, "compared anew; the numbers in the thread above are new."), always=True
        )
    asked.desk.wake_delivery()


async def _took(asked: Interaction, order: Order, progress: Progress) -> str:
    """Store what was brought, or find what is there; its lines in words. Raises BudgetError."""
    if order.file is None:
        async with asked.desk.uow.read() as tx:
            known = await tx.invoices.current(order.provider, order.month)
        if known and known.origin != "pull":
            return plural(known.line_count, "line")
    invoice, how = await _brought(asked, order, progress)
    await take_invoice(asked.desk.uow, invoice, how, by=asked.actor, now=asked.now)
    return plural(invoice.line_count, "line")


async def _took_over(asked: Interaction, subject: str, progress: Progress) -> bool:
    """Whether the comparison is shown in the place of the progress."""
    async with asked.desk.uow.read() as tx:
        return any((channel, ts) == progress.place for _, channel, ts in await tx.outbox.copies_of(subject))


async def _brought(asked: Interaction, order: Order, progress: Progress) -> tuple[Invoice, Delivered]:
    """The invoice, read and checked. Raises BudgetError."""
    if order.file is None:
        return await pulled_invoice(asked.desk.uow, order.provider, order.month)
    try:
        told = await asked.client.files_info(file=order.file)
    except SlackApiError as refused:
        raise NotAllowed("Slack does not let me read this file. Upload it again in the form.") from refused
    file = Uploaded.of(told["file"])
    loop = asyncio.get_running_loop()

    def moved(lines: int) -> None:
        shown = progress_message(order, asked.actor.id, f"reading {code(file.name, 60)}: {lines:,} lines …")
        asyncio.run_coroutine_threadsafe(progress.show(shown), loop)

    with tempfile.TemporaryDirectory(prefix="outlay-invoice-") as folder:
        path = await download(file, Path(folder), token=asked.desk.bot_token, api_url=asked.desk.api_url)
        shown = progress_message(order, asked.actor.id, f"reading {code(file.name, 60)} …")
        await progress.show(shown, always=True)
        invoice = await asyncio.to_thread(read_invoice, path, provider=order.provider, month=order.month, moved=moved)
        mark = await asyncio.to_thread(_fingerprint, path)
    return invoice, Delivered("upload", file.name, mark, read_rate(order.rate), order.units_agreed)


def _fingerprint(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _channel_of(asked: Interaction) -> str | None:
    place = asked.reply.channel
    return place if place and place.startswith(("C", "G")) else None
