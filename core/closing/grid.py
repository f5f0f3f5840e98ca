"""The grid: both sides of the comparison in arrays of one shape, split by what both of them tell.

Axes: UTC day, model, token class, variant (tier, region, long context), project. Where one side does not tell a dimension,
the axis has one place. Amounts are float nanos for fitting; what is reported is rounded and balanced in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from core.closing.catalogue import RateOf, Variant
from core.estimate import Mark

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DAY, MODEL, CLASS, VARIANT, PROJECT = range(5)
INPUT: Final = ("input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio")
OUTPUT: Final = ("output", "output_audio")
TOKENS: Final = (*INPUT, *OUTPUT)
SEARCHES: Final = "web_searches"
SEARCH_PLACE: Final = "web search"
"""Where searches stand on the model axis: bills charge them without a model. Their tokens are searches."""
ALL: Final = "all"
"""The one place of an axis that the bill does not split."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Labels of the places of each axis. `days` is empty where the bill is not split by day; with `uses_keys` projects are API keys."""

    days: tuple[date, ...]
    models: tuple[str, ...]
    classes: tuple[str, ...]
    variants: tuple[Variant, ...]
    projects: tuple[str, ...]
    uses_keys: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        return (
            max(len(self.days), 1), len(self.models), len(self.classes), len(self.variants), len(self.projects),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """Tokens and nanos of one side, or of some of its calls."""

    tokens: Floats
    nanos: Floats


@dataclass(frozen=True, slots=True)
class Marked:
    """The estimate's calls with one mark: what they hold, and how many they are (class axis of one place)."""

    side: Side
    requests: Floats


@dataclass(slots=True)
class Grid:
    """Estimate and bill side by side.

    Attributes:
      estimate, bill: all of either.
      price: nanos a token, as the estimate was priced, else by list; 0 where nothing is known.
      premium: by how many parts of its price a token above the long-context threshold costs more, by model and class.
      knows_tokens: cells whose tokens the bill tells; elsewhere `bill.tokens` are what its amount buys at `price`.
      lines: lines of the bill in each cell.
      requests: of the estimate, by day, model, variant and project (an axis of one place for the class).
      marked: the estimate's marked calls, in the same shape.
      long_nanos: what the estimate charged for long context above the plain price.
      shifted: the estimate's tokens if every call had come so many hours later (−14 to 14); None without hourly rows.
      rate_of, provider, on: to ask the price list with; `on` is the middle of the month.
    """

    axes: Axes
    estimate: Side
    bill: Side
    price: Floats
    premium: Floats
    knows_tokens: Mask
    lines: Floats
    requests: Floats
    marked: dict[Mark, Marked]
    long_nanos: Floats
    rate_of: RateOf
    provider: str
    on: date
    rounded_to: int
    split_by: tuple[str, ...]
    shifted: Callable[[int], Floats] | None = None

    def place_of(self, token_class: str) -> int | None:
        """Where a token class stands on its axis; None where neither side has it."""
        return self.axes.classes.index(token_class) if token_class in self.axes.classes else None

    def places_of(self, classes: tuple[str, ...]) -> list[int]:
        return [place for place, name in enumerate(self.axes.classes) if name in classes]
