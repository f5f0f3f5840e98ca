"""Dollars as short as an axis needs them."""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

from core.money import NANOS, usd


def axis_dollars(dollars: float) -> str:
    """`$0`, `$250`, `$2.5k`, `$1.2M`, `$0.002`: what a tick says."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(dollars) >= size:
            return f"${dollars / size:.4g}{unit}"
    return usd(round(dollars * NANOS))


def ticks(top: float) -> list[float]:
    """Three to five round values from 0 up to `top` (> 0)."""
    found = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, top)
    return [float(value) for value in found if 0 <= value <= top * 1.0001]
