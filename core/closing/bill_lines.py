"""The lines of an invoice, sorted by what they can be compared with: tokens, tools, or nothing in the books."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from core.closing.grid import SEARCHES, TOKENS
from core.invoice import Invoice, InvoiceLine
from core.line_kind import LineKind

_MOST: Final = 0.8
"""Share of the amount that has to be split by a dimension for the rest to be taken as not splitting by it."""
TRAINING: Final = "training"
IMAGES: Final = "images"


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice's lines.

    Attributes:
      tokens: to be compared cell by cell.
      searches: web searches, to be compared too.
      tools: other fees without tokens.
      training, images: usage that the books have no tokens for.
      apart: everything but usage, by its kind.
      by_day, by_model, by_class, by_project, by_key: whether the lines for tokens are split so.
    """

    tokens: tuple[InvoiceLine, ...]
    searches: tuple[InvoiceLine, ...]
    tools: tuple[InvoiceLine, ...]
    training: tuple[InvoiceLine, ...]
    images: tuple[InvoiceLine, ...]
    apart: dict[LineKind, tuple[InvoiceLine, ...]]
    by_day: bool
    by_model: bool
    by_class: bool
    by_project: bool
    by_key: bool


def sorted_lines(invoice: Invoice) -> Bill:
    """The lines of an invoice by what they are."""
    usage = [line for line in invoice.lines if line.kind is LineKind.USAGE]
    apart: dict[LineKind, list[InvoiceLine]] = {}
    for line in invoice.lines:
        if line.kind is not LineKind.USAGE:
            apart.setdefault(line.kind, []).append(line)
    by_class = _most(usage, lambda line: line.token_class is not None)
    groups: dict[str, list[InvoiceLine]] = {name: [] for name in ("tokens", SEARCHES, TRAINING, IMAGES, "tools")}
    for line in usage:
        if line.token_class in TOKENS or (line.token_class is None and not by_class):
            groups["tokens"].append(line)
        elif line.token_class in (SEARCHES, TRAINING, IMAGES):
            groups[line.token_class].append(line)
        else:
            groups["tools"].append(line)
    tokens = groups["tokens"]
    return Bill(
        tuple(tokens), tuple(groups[SEARCHES]), tuple(groups["tools"]), tuple(groups[TRAINING]), tuple(groups[IMAGES]),
        {kind: tuple(lines) for kind, lines in apart.items()},
        by_day=_most(tokens, lambda line: line.on is not None), by_model=_most(tokens, lambda line: line.model is not None),
        by_class=by_class, by_project=_most(tokens, lambda line: line.project is not None, 0.4),
        by_key=_most(tokens, lambda line: line.api_key is not None, 0.4),
    )  # fmt: skip


def _most(lines: Iterable[InvoiceLine], told: Callable[[InvoiceLine], bool], share: float = _MOST) -> bool:
    whole = part = 0
    for line in lines:
        whole += abs(line.nanos)
        part += abs(line.nanos) if told(line) else 0
    return whole > 0 and part >= share * whole
