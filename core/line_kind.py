"""What a line of a bill charges for: usage that can be held against the books, or something that is on the invoice only."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from core.intake.record import ChargeCategory, CostLine

_ROUNDING: Final = ("rounding", "rounded")
_TAXES: Final = ("tax", "vat", "gst", "mwst", "umsatzsteuer", "tva", "iva")
_DISCOUNTS: Final = ("discount", "rebate", "savings plan", "commitment")
_CREDITS: Final = ("credit", "promo", "grant", "voucher")


class LineKind(StrEnum):
    """What a line charges for. Everything but `usage` is compared with nothing in the books."""

    USAGE = "usage"
    DISCOUNT = "discount"
    CREDIT = "credit"
    TAX = "tax"
    ROUNDING = "rounding"
    CORRECTION = "correction"
    PURCHASE = "purchase"
    ADJUSTMENT = "adjustment"


def kind_of(line: CostLine) -> LineKind:
    """What a cost line charges for: its category, or the words of a line that names neither model nor token class."""
    is_named = line.model is not None or line.token_class is not None or line.unit is not None
    is_usage = line.category is ChargeCategory.USAGE
    if is_usage and not line.correction and is_named and not (line.model is None and line.billed_nanos < 0):
        return LineKind.USAGE
    words = line.description.lower()
    match line.category:
        case ChargeCategory.TAX:
            return LineKind.TAX
        case ChargeCategory.CREDIT:
            return LineKind.DISCOUNT if _says(words, _DISCOUNTS) and not _says(words, _CREDITS) else LineKind.CREDIT
        case ChargeCategory.PURCHASE:
            return LineKind.PURCHASE
    if line.correction:
        return LineKind.CORRECTION
    for kind, marks in (
        (LineKind.ROUNDING, _ROUNDING), (LineKind.TAX, _TAXES), (LineKind.DISCOUNT, _DISCOUNTS), (LineKind.CREDIT, _CREDITS),
    ):  # fmt: skip
        if _says(words, marks):
            return kind
    return LineKind.USAGE if is_usage else LineKind.ADJUSTMENT


def _says(words: str, marks: Iterable[str]) -> bool:
    padded = f" {''.join(sign if sign.isalnum() else ' ' for sign in words)} "
    return any(f" {mark} " in padded or f" {mark}s " in padded for mark in marks)
