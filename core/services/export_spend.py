"""A month of the books as a file: read and written in parts, so that its size costs time and disk, not memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.errors import OutOfRange
from core.exporting.cells import csv_lines
from core.exporting.focus import FocusFile, Form
from core.exporting.lines import BookedDay, ExportLine, split
from core.exporting.plain import HEADER, plain_row
from core.people import Actor
from core.period import Cycle
from core.rates import Rate
from core.services.close_month import MonthFigures, month_figures
from core.services.price_usage import PriceBook
from core.store.unit_of_work import Transaction, UnitOfWork


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds. `unpriced_requests` are in it with their tokens and without dollars; `month` says how closed it is."""

    cycle: Cycle
    form: Form
    rows: int
    nanos: int
    unpriced_requests: int
    month: MonthFigures
    latest_usage_at: datetime | None


async def export_month(
    uow: UnitOfWork, cycle: Cycle, form: Form, write: Callable[[str], object], *, now: datetime, by: Actor | None = None
) -> Exported:
    """Hand the month's file to `write`, text part by text part; its amounts add up to the books' to the nano.

    Args:
      by: who asks in Slack, which only finance may; None on the command line of whoever runs Outlay.

    Raises NotAllowed, OutOfRange for a month that has not begun.
    """
    if by is not None:
        by.require_finance("export the books")
    if cycle > Cycle.of(now, uow.zone):
        raise OutOfRange(f"{cycle.title} has not begun, so there is nothing to export.", correction="/budget export")
    rows = nanos = unpriced = 0
    async with uow.read() as tx:
        desk = _Desk(form, FocusFile(form, cycle, uow.zone), await _prices(tx), PriceBook(()))
        write(csv_lines([desk.header]))
        async for days in tx.exports.days(cycle):
            lines = [line for day in days for line in desk.lines(day)]
            write(csv_lines(desk.row(line) for line in lines))
            rows += len(lines)
            nanos += sum(day.cost_nanos for day in days)
            unpriced += sum(day.unpriced_requests for day in days)
            # A part takes some milliseconds; others are answered in between.
            await asyncio.sleep(0)
        month, latest = await month_figures(tx, cycle), await tx.spend.latest_at()
    return Exported(cycle, form, rows, nanos, unpriced, month, latest)


async def _prices(tx: Transaction) -> PriceBook:
    return PriceBook(await tx.prices.negotiated())


@dataclass(frozen=True, slots=True)
class _Desk:
    """Prices by day, agreed and listed, and how a line becomes a row."""

    form: Form
    focus: FocusFile
    agreed: PriceBook
    listed: PriceBook

    @property
    def header(self) -> list[str]:
        return list(HEADER if self.form is Form.CSV else self.focus.header)

    def lines(self, day: BookedDay) -> list[ExportLine]:
        return split(day, self._rate(self.agreed, day), self._rate(self.listed, day))

    def row(self, line: ExportLine) -> list[str]:
        if self.form is Form.CSV:
            return plain_row(line)
        rate = self._rate(self.agreed, line.day)
        return self.focus.row(line, rate.source if rate else None)

    def _rate(self, book: PriceBook, day: BookedDay) -> Rate | None:
        """The rate in force on the day; of this provider alone, since another's price would be no price of this."""
        found = book.in_force(day.provider, day.model, day.tier, day.on)
        return book.current(day.provider, day.model, day.tier, day.on) if found else None
