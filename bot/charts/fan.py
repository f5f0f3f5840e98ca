"""The fan chart: what was spent, and between which amounts the month will end in four months out of five."""

from __future__ import annotations

from datetime import date
from itertools import accumulate
from typing import Any, Final

from bot.charts.foretold import finding, name_of, signed
from bot.charts.labels import box_at, spread
from bot.charts.month_plot import BOTTOM, LEFT, TOP, MonthPlot
from bot.charts.sheet import DARK, LIGHT, SMALL, WIDTH, Sheet, legible
from core.forecast import Forecast
from core.money import usd
from core.scenario import Plan
from core.services.forecast_spend import Outlook

HEIGHT: Final = 330
GAP: Final = 33
WIDE_GAP: Final = 45
"""Between labels at the right edge: of two lines each, or of three and two."""
MARK_ROOM: Final = 230
MARKED: Final = 4
"""Plans that get a mark of their own; more of them are told in words."""


def fan_chart(outlook: Outlook, *, beside: Forecast | None = None, dark: bool = False) -> bytes:
    """A PNG, 960 × 660.

    Args:
      beside: another forecast of the same month (a what-if), drawn with a line of its own.
    """
    fan = _Fan(outlook, beside, Sheet(HEIGHT, DARK if dark else LIGHT))
    fan.heading()
    fan.plot.frame()
    fan.lines()
    fan.plans()
    fan.spend()
    fan.future()
    fan.right_edge()
    return fan.sheet.png()


class _Fan:
    """The pieces of the chart, in the order in which they lie over each other."""

    def __init__(self, outlook: Outlook, beside: Forecast | None, sheet: Sheet) -> None:
        self.outlook, self.beside, self.sheet = outlook, beside, sheet
        self.colours = sheet.colours
        self.forecast = outlook.forecast
        self.size = outlook.envelope.size(outlook.cycle) if outlook.envelope else 0
        self.sums = list(accumulate((nanos for _, nanos in outlook.days), initial=0))
        tops = [self.size, self.forecast.p90_nanos, self.sums[-1], self.forecast.run_rate_nanos or 0]
        if outlook.envelope:
            tops.append(round(self.size * outlook.envelope.terms.hard_share))
        if beside:
            tops += [beside.p90_nanos]
        self.plot = MonthPlot(sheet, outlook.cycle, highest=max(tops))
        self.now = self._days_passed()

    def _days_passed(self) -> float:
        """Where the actual line ends: within today as far as usage has come."""
        whole = max(len(self.outlook.days) - 1, 0)
        today = self.outlook.month.today
        part = min(max((today.hours_elapsed if today else 24.0) / 24, 0.0), 1.0)
        return whole + part if self.outlook.days else 0.0

    def heading(self) -> None:
        self.sheet.title(f"{name_of(self.outlook)} · {self.outlook.cycle.title}")
        if self.beside is None:
            self.sheet.subtitle(finding(self.outlook))
            return
        was, would = self.forecast.p50_nanos, self.beside.p50_nanos
        self.sheet.subtitle(f"What if: {usd(would)} instead of {usd(was)} ({signed(would - was)})")

    def lines(self) -> None:
        if self.outlook.envelope and self.size:
            self.plot.thresholds(self.outlook.envelope, self.size)

    def plans(self) -> None:
        """A dotted upright where a plan begins, numbered as in the message."""
        cycle = self.outlook.cycle
        shown = [plan for plan in self.forecast.plans if cycle.first_on < plan.from_on <= cycle.last_on][:MARKED]
        for place, plan in enumerate(shown):
            at = self.plot.x((plan.from_on - cycle.first_on).days)
            top = self.sheet.height - TOP + 2
            self.sheet.line(
                [at, at], [BOTTOM, top], color=self.colours.quiet, linewidth=1.2, linestyle=(0, (1, 2)), zorder=2
            )
            self._mark(at, top - 16 * (place % 2), plan)

    def _mark(self, at: float, top: float, plan: Plan) -> None:
        room = max(at, self.plot.edge - at) - LEFT - 5 if at > self.plot.edge / 2 else self.plot.edge - at - 10
        words = self.sheet.shortened(legible(plan.describe(), "a planned change"), min(room, MARK_ROOM), size=SMALL)
        width = self.sheet.width_of(words, size=SMALL)
        across = "left" if at + 5 + width < self.plot.edge else "right"
        left = at + 5 if across == "left" else at - 5
        self.plot.labels.append((left - (width if across == "right" else 0), top - 20, left + width, top + 2))
        self.sheet.text(
            left,
            top,
            words,
            size=SMALL,
            color=self.colours.quiet,
            ha=across,
            va="top",
            zorder=6,
            bbox=self.plot.behind(),
        )

    def spend(self) -> None:
        plot, colour = self.plot, self.colours.actual
        whole = self.sums[:-1] if self.outlook.days else [0]
        xs = [*(plot.x(day) for day in range(len(whole))), plot.x(self.now)]
        ys = [plot.y(nanos) for nanos in [*whole, self.sums[-1]]]
        self.sheet.line(xs, ys, color=colour, linewidth=2.4, solid_joinstyle="round", zorder=5)
        self.sheet.line([xs[-1]], [ys[-1]], color=colour, marker="o", markersize=6, zorder=7)
        self._name_now(xs[-1], ys[-1])

    def _name_now(self, here: float, now: float) -> None:
        words = f"{usd(self.sums[-1])} today" if self.forecast.path else usd(self.sums[-1])
        width = self.sheet.width_of(words, weight="bold")
        places = ((here - 8, now + 6, "right", "bottom"), (here + 9, now - 6, "left", "top"))
        chosen = next((place for place in places if self.plot.is_free(box_at(place, width))), places[1])
        x, y, across, upright = chosen
        self.sheet.text(
            x,
            y,
            words,
            weight="bold",
            color=self.colours.actual,
            ha=across,
            va=upright,
            zorder=8,
            bbox=self.plot.behind(),
        )

    def future(self) -> None:
        """The fan opens at today's point; the dashes in it are the middle. The run-rate is a thin dotted line beside it."""
        path = self.forecast.path
        if not path:
            return
        xs, low, middle, high = self._path(self.forecast)
        axes = self.sheet.axes
        axes.fill_between(xs, low, high, color=self.colours.actual, alpha=0.22, linewidth=0, zorder=3)
        edge: dict[str, Any] = {"color": self.colours.actual, "linewidth": 0.7, "alpha": 0.7, "zorder": 3}
        self.sheet.line(xs, low, **edge)
        self.sheet.line(xs, high, **edge)
        self.sheet.line(xs, middle, color=self.colours.actual, linewidth=1.8, linestyle=(0, (4, 2)), zorder=5)
        if self.forecast.run_rate_nanos is not None and self.beside is None:
            ends = [middle[0], self.plot.y(self.forecast.run_rate_nanos)]
            self.sheet.line(
                [xs[0], xs[-1]], ends, color=self.colours.quiet, linewidth=1.3, linestyle=(0, (1, 1.5)), zorder=4
            )
        if self.beside is not None and self.beside.path:
            xs, low, middle, high = self._path(self.beside)
            axes.fill_between(xs, low, high, color=self.colours.trial, alpha=0.18, linewidth=0, zorder=4)
            self.sheet.line(xs, middle, color=self.colours.trial, linewidth=2.0, linestyle=(0, (1, 1)), zorder=6)

    def _path(self, forecast: Forecast) -> tuple[list[float], list[float], list[float], list[float]]:
        first, start = self.outlook.cycle.first_on, self.plot.y(self.sums[-1])
        xs = [self.plot.x(self.now), *(self.plot.x(_end_of(day.on, first)) for day in forecast.path)]
        low, middle, high = (
            [start, *(self.plot.y(getattr(day, quantile)) for day in forecast.path)]
            for quantile in ("p10_nanos", "p50_nanos", "p90_nanos")
        )
        return xs, low, middle, high

    def right_edge(self) -> None:
        """The middle and the two ends of the fan, each beside its height."""
        heights = [height for height, _, _ in self._ends()]
        placed = spread(
            heights, gap=GAP if self.beside else WIDE_GAP, low=BOTTOM + 14, high=self.sheet.height - TOP + 6
        )
        for height, (_, words, colour) in zip(placed, self._ends(), strict=True):
            self.sheet.text(self.plot.edge + 9, height, words, size=SMALL, color=colour, va="center", linespacing=1.15)

    def _ends(self) -> list[tuple[float, str, str]]:
        made, y = self.forecast, self.plot.y
        if not made.path:
            return []
        if self.beside is not None:
            return [
                (y(made.p50_nanos), f"{usd(made.p50_nanos)}\nas it is", self.colours.actual),
                (y(self.beside.p50_nanos), f"{usd(self.beside.p50_nanos)}\nwhat if", self.colours.trial),
            ]
        found = [
            (
                y(made.p50_nanos),
                f"{usd(made.p50_nanos)}\n{usd(made.p10_nanos)}–\n{usd(made.p90_nanos)}",
                self.colours.actual,
            )
        ]
        if made.run_rate_nanos is not None:
            found.append((y(made.run_rate_nanos), f"{usd(made.run_rate_nanos)}\nrun-rate", self.colours.quiet))
        return found


def _end_of(on: date, first: date) -> int:
    return (on - first).days + 1


assert WIDTH == 480  # the marks and labels above are placed for this width
