"""A month from left to right: the frame, the envelope's lines and the labels that charts over a cycle share."""

from __future__ import annotations

from typing import Any, Final

from bot.charts.amounts import axis_dollars, ticks
from bot.charts.labels import LABEL, Box, overlap
from bot.charts.sheet import SMALL, WIDTH, Sheet
from bot.readable import share
from core.envelope import Envelope
from core.money import NANOS, usd
from core.period import Cycle

LEFT, RIGHT, BOTTOM, TOP = 56, 104, 34, 66
ROOM: Final = 1.12
"""Air above the highest amount."""


class MonthPlot:
    """Amounts upwards, days to the right.

    Args:
      highest: nanos of the highest thing that is drawn; 0 makes an axis of one dollar.
    """

    def __init__(self, sheet: Sheet, cycle: Cycle, *, highest: float) -> None:
        self.sheet, self.cycle = sheet, cycle
        self.colours = sheet.colours
        self.edge = float(WIDTH - RIGHT)
        self.top = (highest or NANOS) * ROOM
        self.labels: list[Box] = []

    def x(self, day: float) -> float:
        """Where that many days of the cycle have passed, 0 to its length."""
        return LEFT + (WIDTH - LEFT - RIGHT) * day / self.cycle.days

    def y(self, nanos: float) -> float:
        return BOTTOM + (self.sheet.height - BOTTOM - TOP) * max(0.0, nanos) / self.top

    def frame(self) -> None:
        """Round amounts at the left, dates below; a day's label stands where the day begins."""
        quiet: dict[str, Any] = {"size": SMALL, "color": self.colours.quiet}
        for value in ticks(self.top / NANOS):
            at = self.y(value * NANOS)
            self.sheet.line([LEFT, self.edge], [at, at], color=self.colours.grid, linewidth=0.8, zorder=1)
            self.sheet.text(LEFT - 7, at, axis_dollars(value), ha="right", va="center", **quiet)
        month, last = f"{self.cycle.first_on:%b}", self.cycle.days
        for day, label in ((0, f"1 {month}"), (7, "8"), (14, "15"), (21, "22"), (last, f"{last} {month}")):
            self.sheet.text(self.x(day), BOTTOM - 8, label, ha="center", va="top", **quiet)

    def thresholds(self, envelope: Envelope, size: int) -> None:
        """Soft and hard across the chart; one label for both where they lie close together."""
        soft, hard = round(size * envelope.terms.soft_share), round(size * envelope.terms.hard_share)
        self._across(soft, self.colours.soft, (0, (6, 2, 1, 2)))
        self._across(hard, self.colours.hard, "solid")
        at_hard = f"Envelope {usd(size)} = hard" if hard == size else f"Hard {usd(hard)}"
        if self.y(soft) - BOTTOM < LABEL:
            self._beside(hard, f"Soft {usd(soft)} · hard {usd(hard)}", self.colours.hard, above=True)
            return
        self._beside(hard, at_hard, self.colours.hard, above=True)
        self._beside(soft, f"Soft {share(envelope.terms.soft_share)} = {usd(soft)}", self.colours.soft, above=False)
        if hard != size:
            self._across(size, self.colours.ink, "solid")
            if abs(self.y(hard) - self.y(size)) > LABEL and hard > size:
                self._beside(size, f"Envelope {usd(size)}", self.colours.ink, above=True)

    def _across(self, nanos: int, colour: str, style: object) -> None:
        height = self.y(nanos)
        self.sheet.line([LEFT, self.edge], [height, height], color=colour, linewidth=1.3, linestyle=style, zorder=2)

    def _beside(self, nanos: int, words: str, colour: str, *, above: bool) -> None:
        """A label at the left end of its line; spend has not come that high there in any month worth a chart."""
        height = self.y(nanos)
        low = height if above else height - LABEL
        width = self.sheet.width_of(words, size=SMALL)
        self.labels.append((LEFT + 4, low, LEFT + 4 + width, low + LABEL))
        self.sheet.text(
            LEFT + 4, height + (4 if above else -4), words, size=SMALL, color=colour, va="bottom" if above else "top",
            zorder=6, bbox=self.behind(),
        )  # fmt: skip

    def behind(self) -> dict[str, object]:
        """The sheet's colour behind words, so that lines do not run through them."""
        return {"facecolor": self.colours.sheet, "edgecolor": "none", "pad": 1.0, "alpha": 0.85}

    def is_free(self, box: Box) -> bool:
        """Whether words in this box stay on the sheet and off the other labels."""
        left, low, right, _ = box
        return left > LEFT and low > BOTTOM and right < WIDTH and not any(overlap(box, label) for label in self.labels)
