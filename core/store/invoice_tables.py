"""The close's tables: invoices with their versions, what a comparison found, and who signed it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.store.tables import AUTO, BIG, INSTANT, JSON, TEXT


class InvoiceRow(SQLModel, table=True):
    """A provider's bill for one UTC month. A restated one takes the next version; its predecessor stays and names it.

    Attributes:
      month: `2026-10`.
      origin: `upload`, `import` or `pull`.
      fingerprint: SHA-256 of the content: the same file again changes nothing.
      total_nanos: in `currency`; `usd_nanos` the same in dollars at `rate` of the day `rate_on` from `rate_source`.
      line_count: lines of the file; the stored ones are folded to what a comparison tells apart.
      rounded_to, remarks: as in `core.invoice.Invoice`.
    """

    __tablename__ = "invoices"
    __table_args__: Any = (UniqueConstraint("provider", "month", "version", name="uq_invoices_version"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    provider: str
    month: str
    version: int
    superseded_by: int | None = Field(default=None, sa_type=BIG)
    origin: str
    file_name: str = Field(sa_type=TEXT)
    fingerprint: str
    currency: str
    total_nanos: int = Field(sa_type=BIG)
    usd_nanos: int = Field(sa_type=BIG)
    rate: str | None = None
    rate_on: int | None = Field(default=None, sa_type=BIG)
    rate_source: str | None = None
    line_count: int = Field(sa_type=BIG)
    rounded_to: int = Field(sa_type=BIG)
    remarks: Any = Field(sa_type=JSON)
    taken_by: str
    taken_at: datetime = Field(sa_type=INSTANT)


class InvoiceLineRow(SQLModel, table=True):
    """Lines of a bill with equal labels, as one: nanos in the invoice's currency and in dollars, and what they are for."""

    __tablename__ = "invoice_lines"
    __table_args__: ClassVar[dict[str, object]] = {"sqlite_with_rowid": False}
    invoice_id: int = Field(primary_key=True, sa_type=BIG, foreign_key="invoices.id")
    number: int = Field(primary_key=True, sa_type=BIG)
    nanos: int = Field(sa_type=BIG)
    usd_nanos: int = Field(sa_type=BIG)
    charge: Any = Field(sa_type=JSON)


class ReconciliationRow(SQLModel, table=True):
    """What one comparison of an invoice with the books found. Never changed: new numbers make a new row.

    Attributes:
      digest: SHA-256 of `result`: what a signature covers.
      result: everything that was shown, money in nanos.
      basis: the books' requests and nanos at that moment; they tell whether the numbers still hold.
      state: `open`, `signed`, or `superseded` by a newer comparison.
      channel: where its thread is.
    """

    __tablename__ = "reconciliations"
    __table_args__: Any = (Index("ix_reconciliations_place", "provider", "month"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    provider: str
    month: str
    invoice_id: int = Field(sa_type=BIG, foreign_key="invoices.id")
    made_by: str
    made_at: datetime = Field(sa_type=INSTANT)
    digest: str
    result: Any = Field(sa_type=JSON)
    basis: Any = Field(sa_type=JSON)
    estimate_nanos: int = Field(sa_type=BIG)
    invoice_nanos: int = Field(sa_type=BIG)
    unexplained_nanos: int = Field(sa_type=BIG)
    state: str = Field(index=True)
    channel: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=INSTANT)


class SignatureRow(SQLModel, table=True):
    """One person's word in one role; `refused_because` where it is a no, `void_because` once the numbers changed."""

    __tablename__ = "signatures"
    __table_args__: Any = (UniqueConstraint("reconciliation_id", "person", "role", name="uq_signatures_person"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    reconciliation_id: int = Field(sa_type=BIG, foreign_key="reconciliations.id")
    person: str
    role: str
    digest: str
    at: datetime = Field(sa_type=INSTANT)
    refused_because: str | None = Field(default=None, sa_type=TEXT)
    void_because: str | None = Field(default=None, sa_type=TEXT)
