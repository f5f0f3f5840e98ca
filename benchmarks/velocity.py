"""How soon a runaway is told, and how often it is told for nothing, on real hourly series.

    python -m benchmarks.velocity [--series FOLDER] [--injections 100]

Without `--series`, the demo's real daily volumes are spread over real hours of the day (`sandbox/data`), each hour drawn by
chance. A folder may hold `hourly_requests.csv.gz` (series_id, ts, requests) and `servegen_hourly_14d.csv.gz` (series_id, hour,
requests, input_tokens, output_tokens): natural hourly series. Each is also thinned to a few requests an hour. A loop burns
twenty mean hours on top from a random hour on, or multiplies what is there by twenty. Told means within its first two
hours. Beside it a fixed rule: N times the mean hour of the last 28 days.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.report import finish, say
from core.velocity import HISTORY_HOURS, MERGED_HOURS, Pace, pace_of, surge_of
from sandbox.usage_series import profiles, volumes

ZONE = ZoneInfo("UTC")
LOOP = 20
FIXED = (5, 10)
MONTH_HOURS = 730
COST = 1_000_000
"""Nanos a request; the rule only looks at multiples."""


@dataclass(frozen=True)
class Series:
    """Requests of consecutive hours."""

    name: str
    first_at: datetime
    hours: list[int]


@dataclass
class Tally:
    alarms: int = 0
    months: float = 0.0
    added: list[bool] = field(default_factory=list)
    multiplied: list[bool] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        return {
            "false_alarms_a_month": round(self.alarms / self.months, 2) if self.months else 0.0,
            "told_added": round(sum(self.added) / max(1, len(self.added)), 3),
            "told_multiplied": round(sum(self.multiplied) / max(1, len(self.multiplied)), 3),
            "injections": len(self.added) + len(self.multiplied),
        }


class Learnt:
    """Our rule: the pace is learnt anew each day from what lies before it."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._paces: dict[int, Pace | None] = {}

    def is_told(self, place: int, spent: int, before: int) -> bool:
        day = place - place % 24
        if day not in self._paces:
            past = self._series.hours[max(0, day - HISTORY_HOURS) : day]
            first_at = self._series.first_at + timedelta(hours=day - len(past))
            self._paces[day] = pace_of([hour * COST for hour in past], past, first_at=first_at, zone=ZONE)
        pace = self._paces[day]
        hour_at = self._series.first_at + timedelta(hours=place)
        return pace is not None and bool(
            surge_of(pace, hour_at=hour_at, spent_nanos=spent * COST, before_nanos=before * COST, zone=ZONE)
        )


class Fixed:
    """N times the mean hour of the last 28 days."""

    def __init__(self, series: Series, times: int) -> None:
        self._series, self._times = series, times

    def is_told(self, place: int, spent: int, before: int) -> bool:
        day = place - place % 24
        past = self._series.hours[max(0, day - HISTORY_HOURS) : day]
        return spent > self._times * sum(past) / max(1, len(past))


def measure(series: Iterable[Series], *, injections: int, seed: int = 7) -> Mapping[str, Tally]:
    """By rule, over all series; the first four weeks, or half of a shorter series, are only learnt from."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for one in series:
        start = min(HISTORY_HOURS, len(one.hours) // 2)
        draw = random.Random(f"{seed} {one.name}")
        places = [draw.randrange(start, len(one.hours) - 2) for _ in range(injections)]
        rules: dict[str, Learnt | Fixed] = {"learnt": Learnt(one)}
        rules |= {f"fixed_{times}": Fixed(one, times) for times in FIXED}
        for name, rule in rules.items():
            tally = tallies[name]
            tally.alarms += episodes(rule, one, start)
            tally.months += (len(one.hours) - start) / MONTH_HOURS
            for place in places:
                tell(tally, rule, one, place)
    return tallies


def episodes(rule: Learnt | Fixed, series: Series, start: int) -> int:
    """Alarms without a loop; those within a day of the last one are one."""
    hours = series.hours
    over = [place for place in range(start, len(hours)) if rule.is_told(place, hours[place], hours[place - 1])]
    return sum(later - earlier > MERGED_HOURS for earlier, later in pairwise([-MERGED_HOURS - 1, *over]))


def tell(tally: Tally, rule: Learnt | Fixed, series: Series, place: int) -> None:
    past = series.hours[max(0, place - HISTORY_HOURS) : place]
    loop = round(LOOP * sum(past) / len(past))
    before, first, second = series.hours[place - 1 : place + 2]
    tally.added.append(
        rule.is_told(place, first + loop, before) or rule.is_told(place + 1, second + loop, first + loop)
    )
    if first and second:
        tally.multiplied.append(
            rule.is_told(place, first * LOOP, before) or rule.is_told(place + 1, second * LOOP, first * LOOP)
        )


def sample_series(*, days: int = 120, seed: int = 7) -> list[Series]:
    """The demo's real volumes on real hours of the day, each hour drawn by chance."""
    shapes = sorted(profiles().items())
    found = []
    for number, (name, volume) in enumerate(sorted(volumes().items())):
        draw = random.Random(f"{seed} {name}")
        profile = shapes[number % len(shapes)][1]
        hours = []
        for step, requests in enumerate(volume.requests[:days]):
            weekday = (volume.first_on + timedelta(days=step)).weekday()
            hours += [by_chance(draw, requests * share) for share in profile[weekday]]
        found.append(Series(name, datetime.combine(volume.first_on, datetime.min.time(), UTC), hours))
    return found


def thinned(series: Iterable[Series], a_hour: float, *, seed: int = 7) -> list[Series]:
    """The same shapes with so many requests in a mean hour."""
    found = []
    for one in series:
        draw = random.Random(f"{seed} {one.name} {a_hour}")
        mean = sum(one.hours) / len(one.hours)
        found.append(Series(one.name, one.first_at, [by_chance(draw, hour / mean * a_hour) for hour in one.hours]))
    return found


def by_chance(draw: random.Random, mean: float) -> int:
    """A Poisson number; for large means the normal one beside it."""
    if mean > 50:
        return max(0, round(draw.gauss(mean, mean**0.5)))
    count, left = 0, draw.expovariate(1.0)
    while left < mean:
        count += 1
        left += draw.expovariate(1.0)
    return count


def natural(folder: Path) -> list[Series]:
    hours: dict[str, dict[datetime, int]] = defaultdict(dict)
    for row in rows(folder / "hourly_requests.csv.gz"):
        hours[row["series_id"]][datetime.fromisoformat(f"{row['ts']}:00").replace(tzinfo=UTC)] = int(
            float(row["requests"])
        )
    return [filled(name, found) for name, found in hours.items()]


def clients(folder: Path, *, active_hours: int = 100) -> list[Series]:
    """Real clients of a language model service over 14 days, by tokens; those that are hardly there are left out."""
    tokens: dict[str, list[int]] = defaultdict(lambda: [0] * 336)
    for row in rows(folder / "servegen_hourly_14d.csv.gz"):
        tokens[row["series_id"]][int(row["hour"])] = int(float(row["input_tokens"])) + 4 * int(
            float(row["output_tokens"])
        )
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return [Series(name, start, found) for name, found in tokens.items() if sum(map(bool, found)) > active_hours]


def rows(path: Path) -> Iterable[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as stream:
        yield from csv.DictReader(stream)


def filled(name: str, hours: Mapping[datetime, int]) -> Series:
    first_at = min(hours)
    count = int((max(hours) - first_at).total_seconds()) // 3600 + 1
    return Series(name, first_at, [hours.get(first_at + timedelta(hours=step), 0) for step in range(count)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--series", type=Path)
    parser.add_argument("--injections", type=int, default=100)
    arguments = parser.parse_args()
    base = natural(arguments.series) if arguments.series else sample_series()
    groups = {"as_is": base, **{f"{rate:g}_an_hour": thinned(base, rate) for rate in (0.3, 1, 5)}}
    if arguments.series:
        groups["model_clients_14_days"] = clients(arguments.series)
    figures = {}
    for group, series in groups.items():
        tallies = measure(series, injections=arguments.injections)
        figures[group] = {name: tally.figures() for name, tally in tallies.items()}
        for name, found in figures[group].items():
            say(f"{group:24} {len(series):3} series  {name:9} {found}")
    finish("velocity", {"loop": LOOP, **figures})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
