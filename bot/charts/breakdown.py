"""Spend of one month by one dimension as bars: label and amount above each, so that long names have the whole width."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.patches import Rectangle

from bot.charts.alternatives import carries, unlabelled
from bot.charts.sheet import EDGE, LIGHT, WIDTH, Colours, Sheet, legible
from bot.readable import share
from core.money import usd
from core.standing import Breakdown, Slice

BARS: Final = 8
ROW: Final = 36
HEAD: Final = 66

Row = tuple[str, Slice, str]
"""Label, figures, and kind: `value`, `rest` (small values together), `none` (spend without the label) or `unpriced`."""


def breakdown_chart(breakdown: Breakdown) -> bytes:
    """A PNG, 960 wide. The largest values, the rest together, and spend without the label hatched at the end."""
    rows = _rows(breakdown)
    sheet = Sheet(HEAD + ROW * max(1, len(rows)) + 14, LIGHT)
    _heading(sheet, breakdown)
    total = breakdown.spent_nanos
    widest = max((part.spent_nanos for _, part, _ in rows), default=0)
    for place, row in enumerate(rows):
        _bar(sheet, sheet.height - HEAD - ROW * place, row, (widest, total))
    if not rows:
        sheet.text(EDGE, sheet.height - HEAD - 16, "Nothing was spent.", color=sheet.colours.quiet)
    return sheet.png()


def _rows(breakdown: Breakdown) -> list[Row]:
    """Largest first; a label that cannot be drawn refers to its row in the message's table."""
    named = [(place, part) for place, part in enumerate(breakdown.slices, start=1) if part.label is not None]
    bars = BARS + (len(named) == BARS + 1)  # one value alone needs no row for “1 more”
    rows: list[Row] = [
        (legible(part.label or "", f"row {place} of the table"), part, _kind(part, breakdown))
        for place, part in named[:bars]
    ]
    if rest := named[bars:]:
        together = Slice(None, sum(part.spent_nanos for _, part in rest), sum(part.requests for _, part in rest))
        rows.append((f"{len(rest):,} more", together, "rest"))
    rows += [(unlabelled(breakdown.dimension), part, "none") for part in breakdown.slices if part.label is None]
    return rows


def _kind(part: Slice, breakdown: Breakdown) -> str:
    return "unpriced" if not part.spent_nanos and part.label in breakdown.freshness.unpriced_models else "value"


def _heading(sheet: Sheet, breakdown: Breakdown) -> None:
    title = f"Spend by {breakdown.dimension} · {breakdown.cycle.title}"
    total, coverage = usd(breakdown.spent_nanos), breakdown.coverage
    covered = (
        f"{total} in total" if coverage is None else f"{share(coverage)} of {total} {carries(breakdown.dimension)}"
    )
    sheet.title(title)
    sheet.subtitle(covered)


def _bar(sheet: Sheet, top: float, row: Row, scale: tuple[int, int]) -> None:
    """Label and amount, and the bar below them; `scale` is the widest bar's nanos and the total."""
    (label, part, kind), (widest, total), colours = row, scale, sheet.colours
    amount = usd(part.spent_nanos) + (f" · {share(part.spent_nanos / total)}" if total else "")
    if kind == "unpriced":
        amount = "no price"
    whole = WIDTH - 2 * EDGE
    room = whole - sheet.width_of(amount, weight="bold") - 12
    ink = colours.ink if kind == "value" else colours.quiet
    sheet.text(EDGE, top - 13, sheet.shortened(label, room), color=ink)
    sheet.text(WIDTH - EDGE, top - 13, amount, weight="bold", color=ink, ha="right")
    sheet.axes.add_patch(Rectangle((EDGE, top - 28), whole, 9, facecolor=colours.grid, alpha=0.55, linewidth=0))
    if widest and part.spent_nanos > 0:
        length = max(1.5, whole * part.spent_nanos / widest)
        sheet.axes.add_patch(Rectangle((EDGE, top - 28), length, 9, **_looks(kind, colours)))


def _looks(kind: str, colours: Colours) -> dict[str, Any]:
    """Hatched where there is no label: told apart without colour too."""
    if kind == "none":
        return {"facecolor": colours.sheet, "edgecolor": colours.quiet, "hatch": "//////", "linewidth": 0.6}
    return {"facecolor": colours.actual if kind == "value" else colours.none}
