"""Invoices: what a provider asks for a month, line by line, made from the cost lines that the intake reads.

`InvoiceFold` takes cost lines one at a time and adds up those of equal labels, so that a bill of a million lines stays
small. Nothing comes out of it that is not whole: a bill of another month, another provider or several currencies is
refused with what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from core.errors import BudgetError
from core.intake.record import CostLine
from core.line_kind import LineKind, kind_of
from core.money import NANOS, decimal_string, nanos_from_decimal
from core.period import Cycle

__all__ = [
    "Invoice",
    "InvoiceFold",
    "InvoiceLine",
    "LineKind",
    "WrongInvoice",
    "invoice_of",
]

_DAY: Final = timedelta(days=1)
_MAX_LABELS: Final = 250_000
"""Different labels kept apart; beyond them the API keys are dropped from the labels, which no bill seen needs."""


class WrongInvoice(BudgetError):
    """A file that can be read, but is not the invoice that was asked for, or does not add up."""


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Lines of a bill with equal labels, added up. Money in nanos of the invoice's currency, negative for credits.

    Attributes:
      on: the UTC day charged for; None where the bill is not split by day.
      token_class: as `CostLine.token_class`; None where the bill does not say.
      window: the context window as the provider words it, `200k-1M`; None where it does not say.
      quantity, unit: what was consumed, tokens one by one; None unless every one of the lines tells it.
      list_nanos: before discounts; None unless every one of the lines tells it.
      count: how many lines of the bill these are.
    """

    kind: LineKind = LineKind.USAGE
    on: date | None = None
    model: str | None = None
    token_class: str | None = None
    tier: str = "standard"
    project: str | None = None
    api_key: str | None = None
    region: str | None = None
    window: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    nanos: int
    list_nanos: int | None = None
    description: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Invoice:
    """What one provider asks for one month.

    Attributes:
      currency: ISO 4217; of all lines and of the total.
      lines: sorted; their sum is `total_nanos`.
      rounded_to: nanos of the largest power of ten that every amount is a multiple of: 10 000 000 for whole cents.
      remarks: what was left out and why, in sentences; empty when nothing was.
    """

    provider: str
    month: Cycle
    currency: str
    lines: tuple[InvoiceLine, ...]
    total_nanos: int
    rounded_to: int = 1
    remarks: tuple[str, ...] = ()

    @property
    def line_count(self) -> int:
        """Lines as they stand on the bill."""
        return sum(line.count for line in self.lines)

    def converted(self, dollars_per_unit: Decimal) -> Invoice:
        """The same invoice in USD, at a rate above 0; every line is rounded by itself."""
        assert dollars_per_unit > 0
        lines = tuple(
            msgspec.structs.replace(
                line, nanos=_times(line.nanos, dollars_per_unit),
                list_nanos=None if line.list_nanos is None else _times(line.list_nanos, dollars_per_unit),
            )
            for line in self.lines
        )  # fmt: skip
        return replace(self, currency="USD", lines=lines, total_nanos=sum(line.nanos for line in lines), rounded_to=1)


class _Labels(NamedTuple):
    """What lines have to share to be added up."""

    kind: LineKind
    on: date | None
    model: str | None
    token_class: str | None
    tier: str
    project: str | None
    api_key: str | None
    region: str | None
    window: str | None
    unit: str | None
    description: str


@dataclass(slots=True)
class _Sums:
    quantity: Decimal | None
    nanos: int
    list_nanos: int | None
    count: int = 1

    def add(self, quantity: Decimal | None, nanos: int, list_nanos: int | None, count: int = 1) -> None:
        """What one of them does not tell, the sum does not tell either."""
        both = self.quantity is not None and quantity is not None
        self.quantity = self.quantity + quantity if both else None  # type: ignore[operator]
        listed = self.list_nanos is not None and list_nanos is not None
        self.list_nanos = self.list_nanos + list_nanos if listed else None  # type: ignore[operator]
        self.nanos += nanos
        self.count += count


class InvoiceFold:
    """Cost lines in, an invoice out; constant memory for bills that are split into hours or calls."""

    def __init__(self, provider: str, month: Cycle) -> None:
        self._provider = provider
        self._month = month
        self._from = datetime.combine(month.first_on, time(0), UTC)
        self._until = datetime.combine(month.next.first_on, time(0), UTC)
        self._sums: dict[_Labels, _Sums] = {}
        self._currencies: Counter[str] = Counter()
        self._others: Counter[str] = Counter()
        self._months: Counter[str] = Counter()
        self._rounded_to = NANOS * NANOS
        self._keeps_keys = True
        self._total = 0

    def add(self, line: CostLine) -> None:
        """Take a line of the bill. Lines of other providers and other months are counted, and told in the end."""
        if line.provider != self._provider:
            self._others[line.provider] += 1
            return
        billed_in = line.billing_starts_at or line.starts_at
        if not self._from <= billed_in < self._until:
            self._months[f"{billed_in:%Y-%m}"] += 1
            return
        self._currencies[line.currency] += 1
        nanos = line.billed_nanos
        self._total += nanos
        while nanos % self._rounded_to:
            self._rounded_to //= 10
        kind = kind_of(line)
        # A line's end is exclusive, and an hour or a day lies within the UTC day it begins in.
        on = line.starts_at.astimezone(UTC).date() if line.ends_at - line.starts_at <= _DAY else None
        described = "" if line.token_class and kind is LineKind.USAGE else line.description
        key = line.api_key if self._keeps_keys else None
        labels = _Labels(
            kind, on, line.model, line.token_class, line.tier, line.project, key, line.region, line.context_window,
            line.unit, described,
        )  # fmt: skip
        found = self._sums.get(labels)
        if found is not None:
            found.add(line.quantity, nanos, line.list_nanos)
            return
        self._sums[labels] = _Sums(line.quantity, nanos, line.list_nanos)
        if self._keeps_keys and len(self._sums) > _MAX_LABELS:
            self._drop_keys()

    def _drop_keys(self) -> None:
        self._keeps_keys = False
        merged: dict[_Labels, _Sums] = {}
        for labels, sums in self._sums.items():
            found = merged.setdefault(labels._replace(api_key=None), sums)
            if found is not sums:
                found.add(sums.quantity, sums.nanos, sums.list_nanos, sums.count)
        self._sums = merged

    def done(self, *, stated_total_nanos: int | None = None) -> Invoice:
        """The invoice of the lines so far.

        Args:
          stated_total_nanos: what the paper says the sum is; None where it says nothing.

        Raises:
          WrongInvoice: none of the lines is of this provider and month, they are in several currencies, or their sum
            is not the stated one.
        """
        if not self._sums:
            raise WrongInvoice(self._why_empty())
        if len(self._currencies) > 1:
            told = " and ".join(f"{currency} ({count:,} lines)" for currency, count in self._currencies.most_common())
            raise WrongInvoice(f"The invoice mixes currencies: {told}. Split it into one file for each.")
        if stated_total_nanos is not None and stated_total_nanos != self._total:
            difference = decimal_string(stated_total_nanos - self._total)
            raise WrongInvoice(
                f"The lines add up to {decimal_string(self._total)}, the invoice says {decimal_string(stated_total_nanos)}: "
                f"{difference} is missing. Upload the whole file, or correct the total."
            )
        lines = sorted((_line(labels, sums) for labels, sums in self._sums.items()), key=_order)
        return Invoice(
            self._provider, self._month, next(iter(self._currencies)), tuple(lines), self._total,
            self._rounded_to, tuple(self._remarks()),
        )  # fmt: skip

    def _why_empty(self) -> str:
        if self._months:
            told = _some(self._months)
            return f"The invoice is for {told}, not for {self._month}. Name its month, or upload the right file."
        if self._others:
            told = _some(self._others)
            return (
                f"The invoice is from {told}, not from {self._provider}. Name that provider, or upload the right file."
            )
        return f"The file holds no cost of {self._provider} in {self._month}."

    def _remarks(self) -> Iterable[str]:
        if self._others:
            yield f"{self._others.total():,} lines of {_some(self._others)} are left out"
        if self._months:
            yield f"{self._months.total():,} lines of {_some(self._months)} are left out"
        if not self._keeps_keys:
            yield "the bill has too many API keys to keep apart; they are added up by project"


def invoice_of(
    lines: Iterable[CostLine], *, provider: str, month: Cycle, stated_total_nanos: int | None = None
) -> Invoice:
    """The invoice that these cost lines make. Raises WrongInvoice."""
    fold = InvoiceFold(provider, month)
    for line in lines:
        fold.add(line)
    return fold.done(stated_total_nanos=stated_total_nanos)


def _line(labels: _Labels, sums: _Sums) -> InvoiceLine:
    return InvoiceLine(
        **labels._asdict(), quantity=sums.quantity, nanos=sums.nanos, list_nanos=sums.list_nanos, count=sums.count
    )


def _order(line: InvoiceLine) -> tuple[str, ...]:
    told = (line.kind.value, line.on, line.model, line.token_class, line.tier, line.project, line.api_key, line.region)
    return tuple(str(part or "") for part in (*told, line.window, line.unit, line.description))


def _some(counts: Counter[str]) -> str:
    names = [name for name, _ in counts.most_common(3)]
    return ", ".join(names) + (f" and {len(counts) - 3} more" if len(counts) > 3 else "")


def _times(nanos: int, rate: Decimal) -> int:
    return nanos_from_decimal(Decimal(nanos) * rate / NANOS)
