"""What drawing costs: the time of a chart, and of matplotlib's plainest figure to hold it against."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

from matplotlib.figure import Figure


def plain_figure() -> None:
    figure = Figure(figsize=(4.8, 2.7), dpi=200)
    figure.subplots().plot(range(30))
    figure.savefig(BytesIO(), format="png")


def seconds(draw: Callable[[], object]) -> float:
    """Processor time of the quickest of five, after one to warm up."""
    draw()
    times = []
    for _ in range(5):
        start = time.process_time()
        draw()
        times.append(time.process_time() - start)
    return min(times)
