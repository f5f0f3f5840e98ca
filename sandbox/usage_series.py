"""Real daily volumes, token shapes and hours of the day, moved onto the demo company's calendar.

Reads the files of `sandbox/data` once; `sandbox/data/README.md` says where they come from and what in them is real.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
DAYS_A_WEEK = 7


class TokenShape(NamedTuple):
    """Mean tokens of one request on one day; `cached_share` is the part of the input read from a cache, 0 to 1."""

    input_tokens: float
    output_tokens: float
    cached_share: float


@dataclass(frozen=True)
class Volume:
    """Requests a day from `first_on` onwards, without gaps, in the source's own scale."""

    first_on: date
    requests: tuple[int, ...]

    def on(self, day: date, *, anchor: date, pivot: date) -> int:
        """Requests of the real day that stands for `day`.

        The Monday that opens the anchor's month is laid on `pivot`, a Monday of the real series; so weekdays stay
        right, and every anchor inside one month tells the same story. Outside the real span the series repeats after
        a whole number of weeks.
        """
        assert pivot.weekday() == 0, f"{pivot} is not a Monday"
        position = (pivot - self.first_on).days + (day - opening_monday(anchor)).days
        return self.requests[position % whole_weeks(len(self.requests))]


def token_shape(name: str, day: date, *, anchor: date, week: int) -> TokenShape:
    """Token shape of `day`: the Monday that opens the anchor's month has the first day of the series' week `week`.

    Shorter series than the demo's months repeat after a whole number of weeks.
    """
    shapes = token_shapes()[name]
    position = week * DAYS_A_WEEK + (day - opening_monday(anchor)).days
    return shapes[position % whole_weeks(len(shapes))]


def opening_monday(anchor: date) -> date:
    """Monday of the week that holds the first day of the anchor's month."""
    first = anchor.replace(day=1)
    return first - timedelta(days=first.weekday())


def whole_weeks(days: int) -> int:
    """The largest multiple of seven days within `days`: a series cut there can repeat without moving a weekday."""
    return days // DAYS_A_WEEK * DAYS_A_WEEK


@cache
def volumes() -> dict[str, Volume]:
    days: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in rows("volumes.csv.gz"):
        days[row["volume"]].append((date.fromisoformat(row["date"]), int(row["requests"])))
    return {name: Volume(found[0][0], tuple(requests for _, requests in found)) for name, found in days.items()}


@cache
def token_shapes() -> dict[str, tuple[TokenShape, ...]]:
    shapes: dict[str, list[TokenShape]] = defaultdict(list)
    for row in rows("shapes.csv.gz"):
        shape = TokenShape(float(row["input_tokens"]), float(row["output_tokens"]), float(row["cached_share"]))
        shapes[row["shape"]].append(shape)
    return {name: tuple(found) for name, found in shapes.items()}


@cache
def profiles() -> dict[str, tuple[tuple[float, ...], ...]]:
    """By name: for each weekday (Monday first) the share of the day's requests in each of its 24 hours."""
    table: dict[str, list[list[float]]] = defaultdict(lambda: [[0.0] * 24 for _ in range(DAYS_A_WEEK)])
    for row in rows("profiles.csv.gz"):
        table[row["profile"]][int(row["weekday"])][int(row["hour"])] = float(row["share"])
    return {name: tuple(map(tuple, weekdays)) for name, weekdays in table.items()}


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / name, "rt", newline="") as stream:
        yield from csv.DictReader(stream)
