"""Makes the three `*.csv.gz` files beside it from the forecasting benchmark's folder.

Run as `python sandbox/data/extract.py FOLDER`, where FOLDER holds `daily.csv.gz` and `hourly_requests.csv.gz`. The
output is the same byte for byte on every run. What the columns mean, and what in them is real, is in README.md.
"""

import csv
import gzip
import io
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Day:
    """One series on one day: requests, and tokens of all its requests."""

    on: date
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int


# Volume name -> benchmark series, first and last day taken (both included).
VOLUMES = {
    "bicimad": ("p_bicimad_2017", date(2018, 5, 1), date(2019, 12, 31)),
    "btc_tx": ("p_btc_tx_2014", date(2015, 11, 1), date(2016, 12, 31)),
    "flights_AA": ("p_flights_AA", date(2013, 1, 1), date(2013, 12, 31)),
    "flights_DL": ("p_flights_DL", date(2013, 1, 1), date(2013, 12, 31)),
    "flights_MQ": ("p_flights_MQ", date(2013, 1, 1), date(2013, 12, 31)),
    "flights_UA": ("p_flights_UA", date(2013, 1, 1), date(2013, 12, 31)),
    "webvisits": ("p_webvisits", date(2020, 7, 1), date(2021, 8, 25)),
    "wiki_R": ("p_wiki_R_2012", date(2013, 12, 1), date(2015, 3, 31)),
}

# Shape name (the ServeGen client that it comes from) -> benchmark series. The `*_mig` series are left out: their
# output lengths carry an invented change.
SHAPES = {
    "large-5": "p_flights_MQ",
    "large-12": "p_tweets_FB",
    "large-17": "p_tweets_IBM",
    "large-59": "p_tweets_AMZN",
    "large-95": "p_webvisits",
    "large-128": "p_wiki_R_2012",
    "large-133": "p_bicimad_2017",
    "small-7": "p_flights_DL",
    "small-19": "p_btc_tx_2014",
}
SHAPE_DAYS = 420

PROFILES = {
    "flights_AA": "p_flights_AA",
    "flights_DL": "p_flights_DL",
    "flights_UA": "p_flights_UA",
    "tweets_AMZN": "p_tweets_AMZN",
    "tweets_FB": "p_tweets_FB",
    "tweets_IBM": "p_tweets_IBM",
}


def main(folder: Path) -> None:
    daily = read_daily(folder / "daily.csv.gz")
    write("volumes.csv.gz", ("volume", "date", "requests"), volume_rows(daily))
    write("shapes.csv.gz", ("shape", "day", "input_tokens", "output_tokens", "cached_share"), shape_rows(daily))
    hourly = read_hourly(folder / "hourly_requests.csv.gz")
    write("profiles.csv.gz", ("profile", "weekday", "hour", "share"), profile_rows(hourly))


def volume_rows(daily: dict[str, list[Day]]) -> Iterable[tuple[object, ...]]:
    for name, (series, first, last) in VOLUMES.items():
        days = [day for day in daily[series] if first <= day.on <= last]
        assert len(days) == (last - first).days + 1, f"{series} has a gap between {first} and {last}"
        for day in days:
            yield name, day.on.isoformat(), day.requests


def shape_rows(daily: dict[str, list[Day]]) -> Iterable[tuple[object, ...]]:
    for name, series in SHAPES.items():
        for number, day in enumerate(daily[series][:SHAPE_DAYS]):
            yield (
                name,
                number,
                round(day.input_tokens / day.requests, 2),
                round(day.output_tokens / day.requests, 2),
                round(day.cached_tokens / day.input_tokens, 4),
            )


def profile_rows(hourly: dict[str, dict[tuple[int, int], int]]) -> Iterable[tuple[object, ...]]:
    for name, series in PROFILES.items():
        counts = hourly[series]
        for weekday in range(7):
            total = sum(counts[weekday, hour] for hour in range(24))
            for hour in range(24):
                yield name, weekday, hour, round(counts[weekday, hour] / total, 6)


def read_daily(path: Path) -> dict[str, list[Day]]:
    """Days of each series in date order, the models of a mixed series added together."""
    columns = ("requests", "input_tokens", "cached_input_tokens", "output_tokens")
    sums: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    with gzip.open(path, "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            cell = sums[row["series_id"], date.fromisoformat(row["date"])]
            for index, column in enumerate(columns):
                cell[index] += int(row[column])
    series: dict[str, list[Day]] = defaultdict(list)
    for (name, on), cell in sorted(sums.items()):
        if cell[0] > 0:
            series[name].append(Day(on, *cell))
    return series


def read_hourly(path: Path) -> dict[str, dict[tuple[int, int], int]]:
    """Requests of each series by (weekday, hour); weekday 0 is Monday."""
    series: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    with gzip.open(path, "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            at = datetime.fromisoformat(row["ts"])
            series[row["series_id"]][at.weekday(), at.hour] += int(row["requests"])
    return series


def write(name: str, header: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    # Without a fixed time the archive would differ on every run.
    (HERE / name).write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds daily.csv.gz and hourly_requests.csv.gz")
    main(parser.parse_args().folder)
