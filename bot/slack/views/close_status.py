"""`/budget reconcile --status`: every provider's month with its gap, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import name, person, when
from bot.slack.views.tables import Cell
from bot.slack.views.wording import listed, plural
from core.money import usd
from core.services.close_status import MonthStatus


def close_status_message(found: Sequence[MonthStatus], *, reader: ZoneInfo) -> Message:
    """A table, and the next step for what is first in line."""
    if not found:
        text = "There is nothing to close: no provider was used in the last three months."
        return blocks.message(text, blocks.section(text))
    closed = sum(is_closed(one) for one in found)
    text = f"*{closed} of {plural(len(found), 'month')} closed.* {next_step(found)}"
    rows = [_row(one, reader) for one in found[: tables.ROWS]]
    return blocks.message(
        text,
        blocks.section(text),
        tables.data_table("The close by provider and month", ["Month", "Provider", "Stands", "Books", "Invoice", "Unexplained"], rows),
        _bring(first_in_line(found)),
        blocks.context("Books and invoice in USD. A month is closed when its owners and a finance partner have signed."),
    )  # fmt: skip


def _bring(first: MonthStatus | None) -> Block | None:
    if first is None or first.has_invoice:
        return None
    value = f"{first.provider} {first.month}"
    return blocks.actions(blocks.button("Bring the invoice", ids.OPEN_RECONCILE, value))


def is_closed(one: MonthStatus) -> bool:
    return one.kept is not None and one.kept.closed_at is not None


def first_in_line(found: Sequence[MonthStatus]) -> MonthStatus | None:
    """The oldest open month, of that the dearest; whoever has never closed one begins with the latest."""
    opened = [one for one in found if not is_closed(one)]
    if not opened:
        return None
    month = (min if len(opened) < len(found) else max)(one.month for one in opened)
    return max((one for one in opened if one.month == month), key=lambda one: one.estimate_nanos)


def next_step(found: Sequence[MonthStatus]) -> str:
    """Whom the first in line waits for, escaped."""
    first = first_in_line(found)
    if first is None:
        return "Nothing waits."
    what = f"{name(first.provider)} {first.month.title}"
    if not first.has_invoice:
        return f"{what} waits for its invoice."
    if first.kept is None or first.signing is None:
        return f"The invoice of {what} waits to be compared."
    if first.signing.refused:
        word = first.signing.refused[0]
        return f"{what} is refused by {person(word.person)}: “{name(word.refused_because or '', 200)}”."
    return f"{what} waits for {listed([person(who) for who in first.signing.waits_for], 4)}."


def _row(one: MonthStatus, reader: ZoneInfo) -> list[Cell]:
    kept = one.kept
    return [
        tables.words(str(one.month)), tables.words(one.provider), _stands(one, reader), tables.money(one.estimate_nanos),
        tables.money(kept.invoice_nanos if kept else None),
        {"type": "raw_number", "value": -1, "text": "–"} if kept is None
        else {"type": "raw_number", "value": abs(kept.unexplained_nanos) / 1e9, "text": usd(kept.unexplained_nanos)},
    ]  # fmt: skip


def _stands(one: MonthStatus, reader: ZoneInfo) -> Cell:
    if one.kept and one.kept.closed_at:
        return tables.words(f"closed {when(one.kept.closed_at, reader)}")
    if not one.has_invoice:
        return tables.words("no invoice yet")
    if one.signing is None:
        return tables.words("not compared yet")
    if one.signing.refused:
        return tables.people("refused by ", one.signing.refused[0].person)
    return tables.people("waits for ", next(iter(one.signing.waits_for), None))
