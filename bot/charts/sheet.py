"""The sheet a chart is drawn on: size, colours, and text that is never taken for a formula.

Sizes are in logical pixels of a 480 wide sheet, drawn at twice that. On a phone Slack shows it about 360 wide, so the
smallest text (12) is still 9 there.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text

WIDTH: Final = 480
SCALE: Final = 2
EDGE: Final = 16
POINT: Final = 72 / 100
"""Points in a logical pixel: the sheet has 100 of them to the inch."""

_FAMILY: Final = "DejaVu Sans"  # comes with matplotlib, so a chart looks the same on every machine
SMALL, BODY, TITLE = 12.0, 13.0, 15.5


@dataclass(frozen=True, slots=True)
class Colours:
    """Okabe and Ito's palette (2008), told apart with any colour vision, darkened to 4.5 : 1 where it is text."""

    sheet: str
    ink: str
    quiet: str
    grid: str
    actual: str
    soft: str
    hard: str
    trial: str
    none: str


LIGHT: Final = Colours(
    "#FFFFFF", "#1D1C1D", "#5C6370", "#E6E8EB", "#0072B2", "#8F6200", "#C44E00", "#A0487A", "#B9BEC6"
)
DARK: Final = Colours("#1A1D21", "#E8E8E8", "#A6ABB3", "#34383E", "#56B4E9", "#E69F00", "#FF8A4C", "#E59AC4", "#70767F")


class Sheet:
    """One figure with one axes over all of it, whose units are logical pixels from the lower left corner."""

    def __init__(self, height: int, colours: Colours) -> None:
        self.height = height
        self.colours = colours
        self._figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100 * SCALE, facecolor=colours.sheet)
        self._canvas = FigureCanvasAgg(self._figure)
        self.axes: Axes = self._figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
        self.axes.set_axis_off()

    def text(self, x: float, y: float, words: str, *, size: float = BODY, **looks: Any) -> Text:
        """Draws words literally: `$` starts no formula and characters without a glyph are left as boxes."""
        looks.setdefault("color", self.colours.ink)
        weight = looks.pop("weight", "normal")
        return self.axes.text(x, y, words, parse_math=False, fontproperties=_font(weight, size), **looks)

    def title(self, words: str) -> None:
        room = WIDTH - 2 * EDGE
        self.text(
            EDGE, self.height - 26, self.shortened(words, room, size=TITLE, weight="bold"), size=TITLE, weight="bold"
        )

    def subtitle(self, words: str) -> None:
        self.text(EDGE, self.height - 46, self.shortened(words, WIDTH - 2 * EDGE), color=self.colours.quiet)

    def line(self, xs: list[float], ys: list[float], **looks: Any) -> None:
        self.axes.plot(xs, ys, scalex=False, scaley=False, **looks)

    def width_of(self, words: str, *, size: float = BODY, weight: str = "normal") -> float:
        """The width of these words in logical pixels."""
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        width, _, _ = renderer.get_text_width_height_descent(words, _font(weight, size), ismath=False)
        return float(width) / SCALE

    def shortened(self, words: str, room: float, *, size: float = BODY, weight: str = "normal") -> str:
        """The words cut to `room` logical pixels, with an ellipsis that shows the cut."""
        narrowest = size / 4
        shown = words if len(words) * narrowest <= room else f"{words[: int(room / narrowest)]}…"
        while (width := self.width_of(shown, size=size, weight=weight)) > room and len(shown) > 1:
            # A proportional guess, a little short: to measure takes longer than to draw.
            shown = f"{shown[: min(len(shown) - 2, int(len(shown) * room / width * 0.97))].rstrip()}…"
        return shown

    def png(self) -> bytes:
        """The picture; the same input gives the same bytes."""
        out = BytesIO()
        options = {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 2}}
        self._canvas.print_png(out, **options)  # type: ignore[no-untyped-call]
        return out.getvalue()


@lru_cache(maxsize=16)
def _font(weight: str, size: float) -> FontProperties:
    return FontProperties(family=_FAMILY, weight=weight, size=size * POINT)


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=_FAMILY))).get_charmap())


def legible(words: str, otherwise: str) -> str:
    """The words on one line as far as the font can draw them; `otherwise` where it cannot draw even half of them."""
    shown = "".join(one for one in " ".join(words.split()) if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))[:200]
    missing = sum(ord(one) not in _drawable() for one in shown)
    if not shown or missing * 2 > len(shown):
        return otherwise
    return "".join(one if ord(one) in _drawable() else "?" for one in shown)
