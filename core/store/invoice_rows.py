"""Invoices with their versions and folded lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.exchange import Conversion
from core.invoice import Invoice, InvoiceLine
from core.period import Cycle
from core.store.columns import day_number, day_of
from core.store.invoice_tables import InvoiceLineRow, InvoiceRow

_INVOICES: Any = InvoiceRow.__table__  # type: ignore[attr-defined]
_LINES: Any = InvoiceLineRow.__table__  # type: ignore[attr-defined]
_PART: Final = 1_000


@dataclass(frozen=True, slots=True)
class StoredInvoice:
    """An invoice as it is kept, without its lines; `id` and `version` are 0 before that.

    Attributes:
      month: a UTC calendar month, as providers bill.
      origin: `upload`, `import` or `pull`.
      fingerprint: SHA-256 of the content.
      total_nanos: in `currency`; `usd_nanos` in dollars.
      line_count: lines of the file, before they were folded.
      rounded_to, remarks: as in `Invoice`.
    """

    provider: str
    month: Cycle
    origin: str
    file_name: str
    fingerprint: str
    currency: str
    total_nanos: int
    usd_nanos: int
    conversion: Conversion | None
    line_count: int
    rounded_to: int
    remarks: tuple[str, ...]
    taken_by: str
    taken_at: datetime
    id: int = 0
    version: int = 0
    superseded_by: int | None = None


class InvoiceRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def current(self, provider: str, month: Cycle, *, lock: bool = False) -> StoredInvoice | None:
        """The version in force, or None; with `lock` nobody replaces it before this transaction ends."""
        query = select(_INVOICES).where(
            _INVOICES.c.provider == provider, _INVOICES.c.month == str(month), _INVOICES.c.superseded_by.is_(None)
        )
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _invoice(row) if row else None

    async def of(self, invoice_id: int) -> StoredInvoice | None:
        row = (await self._connection.execute(select(_INVOICES).where(_INVOICES.c.id == invoice_id))).first()
        return _invoice(row) if row else None

    async def versions(self, provider: str, month: Cycle) -> list[StoredInvoice]:
        """Every version ever taken, oldest first."""
        query = select(_INVOICES).where(_INVOICES.c.provider == provider, _INVOICES.c.month == str(month))
        return [_invoice(row) for row in await self._connection.execute(query.order_by(_INVOICES.c.version))]

    async def of_month(self, month: Cycle) -> list[StoredInvoice]:
        """The invoices in force for a month, by provider."""
        query = select(_INVOICES).where(_INVOICES.c.month == str(month), _INVOICES.c.superseded_by.is_(None))
        return [_invoice(row) for row in await self._connection.execute(query.order_by(_INVOICES.c.provider))]

    async def add(
        self,
        fresh: StoredInvoice,
        lines: Sequence[InvoiceLine],
        dollars: Sequence[int],
        *,
        replaces: StoredInvoice | None,
    ) -> StoredInvoice:
        """Store an invoice in the place of its predecessor, which stays.

        Args:
          lines: in the invoice's currency; `dollars` are their nanos in USD.
          replaces: the version in force, locked by the caller. Two who are first at once: the second gets IntegrityError.
        """
        version = replaces.version + 1 if replaces else 1
        result = await self._connection.execute(
            insert(_INVOICES).values(version=version, **_columns(fresh)).returning(_INVOICES.c.id)
        )
        number = int(result.scalar_one())
        if replaces:
            await self._connection.execute(
                update(_INVOICES).where(_INVOICES.c.id == replaces.id).values(superseded_by=number)
            )
        for start in range(0, len(lines), _PART):
            part = zip(lines[start : start + _PART], dollars[start : start + _PART], strict=True)
            rows = [
                {"invoice_id": number, "number": place, "nanos": line.nanos, "usd_nanos": usd, "charge": _charge(line)}
                for place, (line, usd) in enumerate(part, start=start + 1)
            ]
            await self._connection.execute(insert(_LINES), rows)
        return replace(fresh, id=number, version=version)

    async def in_dollars(self, stored: StoredInvoice) -> Invoice:
        """The invoice with its lines, in USD."""
        query = select(_LINES).where(_LINES.c.invoice_id == stored.id).order_by(_LINES.c.number)
        lines = []
        for row in await self._connection.execute(query):
            line = msgspec.convert({"nanos": row.usd_nanos} | row.charge, InvoiceLine)
            lines.append(line)
        is_usd = stored.currency == "USD"
        return Invoice(
            stored.provider, stored.month, "USD", tuple(lines), stored.usd_nanos, stored.rounded_to if is_usd else 1, stored.remarks
        )  # fmt: skip


def _columns(fresh: StoredInvoice) -> dict[str, Any]:
    conversion = fresh.conversion
    return {
        "provider": fresh.provider, "month": str(fresh.month), "origin": fresh.origin, "file_name": fresh.file_name,
        "fingerprint": fresh.fingerprint, "currency": fresh.currency, "total_nanos": fresh.total_nanos,
        "usd_nanos": fresh.usd_nanos, "rate": conversion.rate if conversion else None,
        "rate_on": day_number(conversion.on) if conversion else None, "rate_source": conversion.source if conversion else None,
        "line_count": fresh.line_count, "rounded_to": fresh.rounded_to, "remarks": list(fresh.remarks),
        "taken_by": fresh.taken_by, "taken_at": fresh.taken_at,
    }  # fmt: skip


_USUAL: Final = {
    field.name: msgspec.to_builtins(field.default)
    for field in msgspec.structs.fields(InvoiceLine)
    if field.default is not msgspec.NODEFAULT
}


def _charge(line: InvoiceLine) -> dict[str, Any]:
    """A line as plain values without its amount in the invoice's currency; what is as usual is left out."""
    told = msgspec.to_builtins(line)
    del told["nanos"]
    return {name: value for name, value in told.items() if name not in _USUAL or value != _USUAL[name]}


def _invoice(row: Any) -> StoredInvoice:
    conversion = Conversion(row.rate, day_of(row.rate_on), row.rate_source) if row.rate is not None else None
    return StoredInvoice(
        row.provider, Cycle.read(row.month), row.origin, row.file_name, row.fingerprint, row.currency, row.total_nanos,
        row.usd_nanos, conversion, row.line_count, row.rounded_to, tuple(row.remarks), row.taken_by, row.taken_at, row.id,
        row.version, row.superseded_by,
    )  # fmt: skip
