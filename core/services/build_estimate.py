"""The estimate of a provider's month out of the books: sums by hour, priced by class, with the calls that give themselves away.

Reading happens in a transaction, the folding apart from it, so that a large month can be folded in a thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from core.attribution import Labels
from core.estimate import DAY, HOUR, Estimate, EstimateRow, HourlyTokens, Mark, by_day, estimate_of
from core.list_prices import SOURCE
from core.money import divide_half_even
from core.period import Cycle
from core.rates import Rate
from core.services.price_usage import PriceBook
from core.store.estimate_rows import SeriesSums, Share
from core.store.unit_of_work import Transaction
from core.usage import CLASS_NAMES, TokenClasses

MOST_HOURLY: Final = 200_000
"""Rows of hourly sums up to which the month is read by hour; above, by day: day edges are then not looked at."""
EDGE: Final = timedelta(hours=14)
"""No time zone is further from UTC."""
API_KEY_TAG: Final = "api_key"

_Classes: TypeAlias = tuple[int, ...]
"""Nanos by class, in the order of `CLASS_NAMES`."""
_Place: TypeAlias = tuple[int, str, str, str | None, str | None]
"""(start, model, tier, project, API key)."""
_NOTHING: Final[_Classes] = (0,) * len(CLASS_NAMES)


@dataclass(frozen=True, slots=True)
class Books:
    """What was read for one provider and month; `fold` makes the estimate of it.

    Attributes:
      shares: per workload; they tell later whether the books still say the same.
      long: calls above a long-context threshold, with the number of the rate's band.
    """

    provider: str
    month: Cycle
    seconds: int
    shares: tuple[Share, ...]
    sums: Sequence[SeriesSums]
    edges: Sequence[SeriesSums]
    marked: Mapping[str, Sequence[SeriesSums]]
    labels: Mapping[int, Labels]
    prices: PriceBook
    long: Sequence[tuple[int, SeriesSums]] = field(default=())

    @property
    def basis(self) -> dict[str, int]:
        """The sums that a comparison stands on."""
        return basis_of(self.shares)


def basis_of(shares: Iterable[Share]) -> dict[str, int]:
    """Requests and nanos of the books."""
    known = list(shares)
    return {"requests": sum(one.requests for one in known), "nanos": sum(one.nanos for one in known)}


def bounds(month: Cycle) -> tuple[datetime, datetime]:
    """The first instant of a month and of the next in UTC, as providers bill."""
    first, following = month.first_on, month.next.first_on
    return datetime(first.year, first.month, 1, tzinfo=UTC), datetime(following.year, following.month, 1, tzinfo=UTC)


async def read_books(tx: Transaction, provider: str, month: Cycle, *, looks_at_calls: bool = True) -> Books:
    """Everything about one provider's month. A month without usage has no rows.

    Args:
      looks_at_calls: False leaves out what only single calls tell (marks, long contexts), which reads the whole journal.
    """
    starts_at, ends_at = bounds(month)
    seconds = HOUR if await tx.estimates.count(provider, starts_at, ends_at) <= MOST_HOURLY else DAY
    sums = await tx.estimates.sums(provider, starts_at, ends_at, seconds=seconds)
    edges: list[SeriesSums] = []
    if seconds == HOUR:
        edges = await tx.estimates.sums(provider, starts_at - EDGE, starts_at, seconds=HOUR)
        edges += await tx.estimates.sums(provider, ends_at, ends_at + EDGE, seconds=HOUR)
    marked: Mapping[str, Sequence[SeriesSums]] = {}
    if looks_at_calls:
        marked = await tx.estimates.marked(provider, starts_at, ends_at, seconds=seconds)
    wanted = {one.series_id for rows in (sums, edges, *marked.values()) for one in rows}
    labels = await tx.series.of(wanted)
    prices = PriceBook(await tx.prices.negotiated())
    shares = tuple(await tx.estimates.shares(provider, starts_at, ends_at))
    long = await _long_calls(tx, labels, prices, month, seconds) if looks_at_calls else []
    return Books(provider, month, seconds, shares, sums, edges, marked, labels, prices, long)


async def _long_calls(
    tx: Transaction, labels: Mapping[int, Labels], prices: PriceBook, month: Cycle, seconds: int
) -> list[tuple[int, SeriesSums]]:
    """Calls above the thresholds of those series whose price has any, as they are on the month's last day."""
    starts_at, ends_at = bounds(month)
    by_threshold: dict[tuple[int, int, int | None], list[int]] = defaultdict(list)
    for series, known in labels.items():
        rate = prices.current(known.provider, known.model, known.tier, month.last_on)
        thresholds = [band.above for band in rate.bands[1:]] if rate else []
        for place, above in enumerate(thresholds, start=1):
            until = thresholds[place] if place < len(thresholds) else None
            by_threshold[place, above, until].append(series)
    found = []
    for (place, above, until), series_ids in sorted(by_threshold.items(), key=lambda item: item[0][:2]):
        rows = await tx.estimates.above(series_ids, starts_at, ends_at, above=above, until=until, seconds=seconds)
        found += [(place, row) for row in rows]
    return found


def fold(books: Books) -> Estimate:
    """The estimate; without I/O, for any thread. Rows of the same project, key, model and tier are added up."""
    rates = _Rates(books)
    surcharges: dict[tuple[int, int], _Classes] = {}
    for place, row in books.long:
        known = surcharges.get((row.starts_at, row.series_id), _NOTHING)
        surcharges[row.starts_at, row.series_id] = _plus(known, rates.surcharge(row, place))
    marked = {Mark(name): tuple(_folded(books, rows, rates, {})) for name, rows in books.marked.items()}
    rows = _folded(books, books.sums, rates, surcharges)
    is_hourly = books.seconds == HOUR
    hours = HourlyTokens.of([*rows, *_folded(books, books.edges, rates, {})]) if is_hourly else None
    return estimate_of(
        by_day(rows) if is_hourly else rows, provider=books.provider, month=books.month, hours=hours, marked=marked,
        price_source=SOURCE,
    )  # fmt: skip


def _folded(
    books: Books, rows: Iterable[SeriesSums], rates: _Rates, surcharges: Mapping[tuple[int, int], _Classes]
) -> list[EstimateRow]:
    sums: dict[_Place, list[SeriesSums]] = defaultdict(list)
    for row in rows:
        labels = books.labels[row.series_id]
        # Under the name it is billed by, where somebody said that the name stands for another model.
        on = datetime.fromtimestamp(row.starts_at, UTC).date()
        model = books.prices.meant(books.provider, labels.model, on, labels.tier)
        sums[row.starts_at, model, labels.tier, labels.value("project"), labels.value(API_KEY_TAG)].append(row)
    folded = []
    for place, parts in sums.items():
        above = _NOTHING
        for one in parts:
            above = _plus(above, surcharges.get((one.starts_at, one.series_id), _NOTHING))
        folded.append(_row(place, parts, rates, above))
    return folded


def _row(place: _Place, parts: Sequence[SeriesSums], rates: _Rates, above: _Classes) -> EstimateRow:
    starts_at, model, tier, project, api_key = place
    tokens = TokenClasses(*(sum(counts) for counts in zip(*(one.tokens for one in parts), strict=True)))
    cost, requests = sum(one.cost_nanos for one in parts), sum(one.requests for one in parts)
    by_class = _plus(rates.by_class(starts_at, model, tier, tokens), above)
    # Where the price changed within the stretch, or was another when the usage came, the sum is all that is known.
    is_right = abs(sum(by_class) - cost) <= requests
    return EstimateRow(
        starts_at=starts_at, model=model, tier=tier, project=project, api_key=api_key, requests=requests, tokens=tokens,
        cost_nanos=cost, class_nanos=by_class if is_right else None,
        unpriced_requests=sum(one.unpriced_requests for one in parts), long_nanos=sum(above),
    )  # fmt: skip


def _plus(one: _Classes, other: _Classes) -> _Classes:
    return tuple(mine + theirs for mine, theirs in zip(one, other, strict=True))


class _Rates:
    """Rates in force by label and hour, looked up once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._found: dict[tuple[date, str, str], tuple[tuple[int, Rate], ...]] = {}

    def at(self, starts_at: int, model: str, tier: str) -> Rate | None:
        """The rate at the start of a stretch; None where there is none."""
        moment = datetime.fromtimestamp(starts_at, UTC)
        key = (moment.date(), model, tier)
        if key not in self._found:
            self._found[key] = self._books.prices.in_force(self._books.provider, model, tier, moment.date())
        return next((rate for start, rate in reversed(self._found[key]) if start <= starts_at % DAY), None)

    def by_class(self, starts_at: int, model: str, tier: str, tokens: TokenClasses) -> _Classes:
        """Nanos by class at the price below any long-context threshold; 0 without a price."""
        rate = self.at(starts_at, model, tier)
        if rate is None:
            return _NOTHING
        base = rate.bands[0].prices
        return tuple(divide_half_even(count * price, rate.per) for count, price in zip(tokens, base, strict=True))

    def surcharge(self, row: SeriesSums, place: int) -> _Classes:
        """What calls in the band with that number were charged above the price of the first band, by class."""
        labels = self._books.labels[row.series_id]
        rate = self.at(row.starts_at, labels.model, labels.tier)
        if rate is None or place >= len(rate.bands):
            return _NOTHING
        pairs = zip(row.tokens, rate.bands[place].prices, rate.bands[0].prices, strict=True)
        return tuple(divide_half_even(count * (price - base), rate.per) for count, price, base in pairs)
