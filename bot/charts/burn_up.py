"""The burn-up chart of one workload: what was spent by each day, against its envelope."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, Final

from bot.charts.amounts import axis_dollars, ticks
from bot.charts.labels import LABEL, Box, box_at, overlap, spread
from bot.charts.sheet import DARK, LIGHT, SMALL, WIDTH, Sheet, legible
from bot.readable import share
from core.money import NANOS, usd
from core.standing import Detail

HEIGHT: Final = 330
LEFT, RIGHT, BOTTOM, TOP = 56, 104, 34, 66
GAP: Final = 35
"""Between the labels at the right edge: two lines of small text."""


def burn_up(detail: Detail, *, dark: bool = False) -> bytes:
    """A PNG, 960 × 660. Lines are labelled where they run; the dashes are the forecast with its range where
    there is one, else the straight-line run-rate."""
    plot = _Plot(detail, Sheet(HEIGHT, DARK if dark else LIGHT))
    plot.heading()
    plot.frame()
    plot.thresholds()
    plot.spend()
    plot.right_edge()
    return plot.sheet.png()


class _Plot:
    """The pieces of the chart, in the order in which they lie over each other."""

    def __init__(self, detail: Detail, sheet: Sheet) -> None:
        self.detail = detail
        self.sheet = sheet
        self.colours = sheet.colours
        line = detail.line
        self.sums = list(accumulate((nanos for _, nanos in detail.days), initial=0))
        self.spent = self.sums[-1] if detail.days else line.spent_nanos
        self.today = detail.cycle.days * min(1.0, max(0.0, detail.share_elapsed))
        self.is_open = self.today < detail.cycle.days
        self.ahead = line.forecast if self.is_open else None
        self.run_rate = line.run_rate_nanos if self.is_open and self.ahead is None else None
        self.edge = float(WIDTH - RIGHT)
        self.labels: list[Box] = []
        self.levels = self._thresholds()
        highest = max(
            self.spent,
            line.size_nanos or 0,
            *(self.levels or ()),
            self.run_rate or 0,
            detail.previous_nanos,
            self.ahead.p90_nanos if self.ahead else 0,
        )
        self.top = (highest or NANOS) * 1.12

    def _thresholds(self) -> tuple[int, int] | None:
        """Soft and hard in nanos, or None where there is no envelope."""
        size, envelope = self.detail.line.size_nanos, self.detail.envelope
        if size is None or envelope is None:
            return None
        return round(size * envelope.terms.soft_share), round(size * envelope.terms.hard_share)

    def x(self, day: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * day / self.detail.cycle.days

    def y(self, nanos: float) -> float:
        return BOTTOM + (HEIGHT - BOTTOM - TOP) * max(0.0, nanos) / self.top

    def heading(self) -> None:
        detail, line = self.detail, self.detail.line
        self.sheet.title(legible(line.workload, "This workload"))
        of = f" of {usd(line.size_nanos)}" if line.size_nanos is not None else ""
        used = f" ({share(line.share_used)})" if line.share_used is not None else ""
        bare = " · no envelope" if line.size_nanos is None else ""
        self.sheet.subtitle(f"{usd(line.spent_nanos)}{of} spent{used} · {detail.cycle.title}{bare}")

    def frame(self) -> None:
        """Round amounts at the left, dates below; a day's label stands where the day begins."""
        quiet: dict[str, Any] = {"size": SMALL, "color": self.colours.quiet}
        for value in ticks(self.top / NANOS):
            at = self.y(value * NANOS)
            self.sheet.line([LEFT, self.edge], [at, at], color=self.colours.grid, linewidth=0.8, zorder=1)
            self.sheet.text(LEFT - 7, at, axis_dollars(value), ha="right", va="center", **quiet)
        month = f"{self.detail.cycle.first_on:%b}"
        last = self.detail.cycle.days
        for day, label in ((0, f"1 {month}"), (7, "8"), (14, "15"), (21, "22"), (last, f"{last} {month}")):
            self.sheet.text(self.x(day), BOTTOM - 8, label, ha="center", va="top", **quiet)

    def thresholds(self) -> None:
        """The hard line is labelled above itself, the soft one below, so that close ones do not overlap."""
        line, envelope = self.detail.line, self.detail.envelope
        if line.size_nanos is None:
            return
        size = line.size_nanos
        if envelope is None or self.levels is None:
            self._across(size, self.colours.ink, "solid")
            self._beside(size, f"Envelope {usd(size)}", self.colours.ink, above=True)
            return
        soft, hard = self.levels
        at_hard = f"Envelope {usd(size)} = hard" if hard == size else f"Hard {usd(hard)}"
        at_soft = f"Soft {share(envelope.terms.soft_share)} = {usd(soft)}"
        self._across(soft, self.colours.soft, (0, (6, 2, 1, 2)))
        self._across(hard, self.colours.hard, "solid")
        if self.y(soft) - BOTTOM < LABEL:
            self._beside(hard, f"Soft {usd(soft)} · hard {usd(hard)}", self.colours.hard, above=True)
            return
        self._beside(soft, at_soft, self.colours.soft, above=False)
        if hard == size:
            self._beside(hard, at_hard, self.colours.hard, above=True)
            return
        self._across(size, self.colours.ink, "solid")
        if abs(self.y(hard) - self.y(size)) > LABEL:
            self._beside(hard, at_hard, self.colours.hard, above=True)
            self._beside(size, f"Envelope {usd(size)}", self.colours.ink, above=True)
        else:
            # Too close for a label between them: both are named above the upper one.
            both = f"{usd(size)} · hard {usd(hard)}"
            self._beside(max(hard, size), both, self.colours.hard, above=True)

    def _across(self, nanos: int, colour: str, style: object) -> None:
        height = self.y(nanos)
        self.sheet.line([LEFT, self.edge], [height, height], color=colour, linewidth=1.3, linestyle=style, zorder=2)

    def _beside(self, nanos: int, words: str, colour: str, *, above: bool) -> None:
        """A label at the left end of its line, or at the right end where the spend would run through it."""
        height = self.y(nanos)
        low = height if above else height - LABEL
        width = self.sheet.width_of(words, size=SMALL)
        day = (width + 14) / (self.edge - LEFT) * self.detail.cycle.days
        right = self.y(self._spent_on(day)) > low
        left = self.edge - 4 - width if right else LEFT + 4
        self.labels.append((left, low, left + width, low + LABEL))
        self.sheet.text(
            left,
            height + (4 if above else -4),
            words,
            size=SMALL,
            color=colour,
            va="bottom" if above else "top",
            zorder=6,
            bbox=self._behind(),
        )

    def _spent_on(self, day: float) -> int:
        """Nanos spent by that day of the cycle, counted from 0; today's where it lies ahead."""
        return self.sums[int(day)] if int(day) < len(self.sums) else self.spent

    def _behind(self) -> dict[str, object]:
        """The sheet's colour behind words, so that lines do not run through them."""
        return {"facecolor": self.colours.sheet, "edgecolor": "none", "pad": 1.0, "alpha": 0.85}

    def spend(self) -> None:
        """The cumulative line up to this moment, its end marked and named, and the straight line on from there."""
        whole = self.sums[:-1] if self.detail.days else [0]
        xs = [*(self.x(min(day, self.today)) for day in range(len(whole))), self.x(self.today)]
        ys = [self.y(nanos) for nanos in [*whole, self.spent]]
        colour, here, now = self.colours.actual, xs[-1], ys[-1]
        self.sheet.axes.fill_between(xs, ys, BOTTOM, color=colour, alpha=0.14, linewidth=0, zorder=3)
        self.sheet.line(xs, ys, color=colour, linewidth=2.4, solid_joinstyle="round", zorder=4)
        if self.is_open:
            self.sheet.line([here, here], [BOTTOM, now], color=colour, linewidth=1, linestyle=(0, (1, 2)), zorder=3)
        if self.ahead:
            low, high = self.y(self.ahead.p10_nanos), self.y(self.ahead.p90_nanos)
            self.sheet.axes.fill_between(
                [here, self.edge], [now, low], [now, high], color=colour, alpha=0.18, linewidth=0, zorder=3
            )
        if (middle := self.ahead.p50_nanos if self.ahead else self.run_rate) is not None:
            end = self.y(middle)
            dashes = (0, (4, 3))
            self.sheet.line([here, self.edge], [now, end], color=colour, linewidth=1.6, linestyle=dashes, zorder=4)
            hollow = {"marker": "o", "markersize": 5, "markerfacecolor": self.colours.sheet}
            self.sheet.line([self.edge], [end], color=colour, zorder=5, **hollow)
        self.sheet.line([here], [now], color=colour, marker="o", markersize=6, zorder=5)
        self._name_today(here, now)

    def _name_today(self, here: float, now: float) -> None:
        """Above the point and left of it, where nothing is in the way; else below it on its right, above the labels on its
        left, or above it on its right."""
        words = f"{usd(self.spent)} today" if self.is_open else usd(self.spent)
        width = self.sheet.width_of(words, weight="bold")
        places = (
            (here - 7, now + 7, "right", "bottom"),
            (here + 9, now - 5, "left", "top"),
            (here - 7, self._above_labels(here - 7 - width, here, now), "right", "bottom"),
            (here + 9, now + 7, "left", "bottom"),
        )
        free = (place for place in places if self._is_free(box_at(place, width)))
        x, y, across, upright = next(free, places[0] if here - width > LEFT else places[2])
        self.sheet.text(
            x,
            y,
            words,
            weight="bold",
            color=self.colours.actual,
            ha=across,
            va=upright,
            zorder=7,
            bbox=self._behind(),
        )

    def _above_labels(self, left: float, right: float, now: float) -> float:
        """The lowest height above the point where no label lies between `left` and `right`."""
        return max([now + 7, *(high + 3 for low_x, _, high_x, high in self.labels if low_x < right and left < high_x)])

    def _is_free(self, box: Box) -> bool:
        """Whether words in this box would cover no line, no label, and stay on the sheet."""
        left, low, right, high = box
        edge = self.edge + 8
        labels = [*self.labels, *((edge, at - GAP / 2, WIDTH, at + GAP / 2) for at, _, _ in self._edge_labels())]
        inside = left > LEFT and low > BOTTOM and right < WIDTH
        crossed = any(low < self.y(level) < high for level in self._all_levels())
        return inside and not crossed and not any(overlap(box, label) for label in labels)

    def _all_levels(self) -> list[int]:
        """The heights, in nanos, at which a line crosses the whole chart."""
        return [level for level in (self.detail.line.size_nanos, *(self.levels or ())) if level is not None]

    def right_edge(self) -> None:
        """Run-rate and last cycle's total, each beside its height; a short bar marks the latter."""
        if self.detail.previous_nanos:
            at = self.y(self.detail.previous_nanos)
            self.sheet.line([self.edge - 6, self.edge + 6], [at, at], color=self.colours.quiet, linewidth=2, zorder=5)
        for height, words, colour in self._edge_labels():
            self.sheet.text(self.edge + 11, height, words, size=SMALL, color=colour, va="center", linespacing=1.15)

    def _edge_labels(self) -> list[tuple[float, str, str]]:
        """Height, words and colour; pushed apart where they would overlap."""
        before, previous = self.detail.cycle.previous, self.detail.previous_nanos
        marks: list[tuple[float, str, str]] = []
        if self.run_rate is not None:
            marks.append((self.y(self.run_rate), f"{usd(self.run_rate)}\nrun-rate", self.colours.actual))
        if self.ahead:
            marks.append((self.y(self.ahead.p50_nanos), f"{usd(self.ahead.p50_nanos)}\nforecast", self.colours.actual))
        if previous:
            marks.append((self.y(previous), f"{usd(previous)}\nin {before.first_on:%b}", self.colours.quiet))
        heights = spread([at for at, _, _ in marks], gap=GAP, low=BOTTOM + 14, high=HEIGHT - TOP + 6)
        return [(height, words, colour) for height, (_, words, colour) in zip(heights, marks, strict=True)]
