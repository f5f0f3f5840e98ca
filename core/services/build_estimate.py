"""The estimate of a provider's month out of the books: sums by hour, priced by class, with the calls that give themselves away.

Reading happens in a transaction, the folding apart from it, so that a large month can be folded in a thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from core.attribution import Labels
from core.closing.events import says_mock
from core.estimate import DAY, EDGE, HOUR, Estimate, EstimateRow, HourlyTokens, Mark, by_day, estimate_of
from core.list_prices import SOURCE
from core.period import Cycle
from core.rates import Rate
from core.services.price_usage import PriceBook
from core.store.estimate_rows import SeriesSums, Share
from core.store.telltale_rows import Sign
from core.store.unit_of_work import Transaction
from core.usage import CLASS_NAMES, TokenClasses

MOST_HOURLY: Final = 200_000
"""Rows of hourly sums up to which the month is read by hour; above, by day: day edges are then not looked at."""
API_KEY_TAG: Final = "api_key"

_Place: TypeAlias = tuple[int, str, str, str | None, str | None, bool]
"""(start, model, tier, project, API key, above a long-context threshold)."""
_NOTHING: Final = (0,) * len(CLASS_NAMES)


@dataclass(frozen=True, slots=True)
class Books:
    """What was read for one provider and month; `fold` makes the estimate of it.

    Attributes:
      shares: per workload; they tell later whether the books still say the same.
      long: the part of `sums` that is of calls above a long-context threshold, with the number of the rate's band.
      cached: calls that could hold their cached tokens twice, with the band they would be in without them.
    """

    provider: str
    month: Cycle
    seconds: int
    shares: tuple[Share, ...]
    sums: Sequence[SeriesSums]
    edges: Sequence[SeriesSums]
    labels: Mapping[int, Labels]
    prices: PriceBook
    marked: Mapping[Mark, Sequence[SeriesSums]] = field(default_factory=dict)
    long: Sequence[SeriesSums] = ()
    cached: Sequence[tuple[int, SeriesSums]] = ()

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
    labels = await tx.series.of({one.series_id for one in (*sums, *edges)})
    prices = PriceBook(await tx.prices.negotiated())
    shares = tuple(await tx.estimates.shares(provider, starts_at, ends_at))
    books = Books(provider, month, seconds, shares, sums, edges, labels, prices)
    return await _with_calls(tx, books) if looks_at_calls else books


async def _with_calls(tx: Transaction, books: Books) -> Books:
    """The same with what only single calls tell."""
    known, month = tx.telltale, (books.provider, *bounds(books.month))
    thresholds = _thresholds(books)
    mocked = {number for number, labels in books.labels.items() if _says_mock(labels)}
    marked: dict[Mark, list[SeriesSums]] = defaultdict(list)
    for sign, sums in await known.signs(month, thresholds, also=mocked):
        for mark in _marks(sign, is_mocked=sums.series_id in mocked):
            marked[mark].append(sums)
    marked[Mark.REPEATED] += await known.repeated(month, thresholds)
    marked[Mark.CONSTANT] += await known.constant(month, thresholds)
    long = await known.long(month, thresholds, seconds=books.seconds)
    cached = await known.cached(month, thresholds)
    return replace(books, marked={mark: rows for mark, rows in marked.items() if rows}, long=long, cached=cached)


def _thresholds(books: Books) -> dict[tuple[str, str], tuple[int, ...]]:
    """Of the models whose price jumps with the input, as it is on the month's last day."""
    found = {}
    for labels in books.labels.values():
        rate = books.prices.current(labels.provider, labels.model, labels.tier, books.month.last_on)
        if rate and len(rate.bands) > 1:
            found[labels.model, labels.tier] = tuple(band.above for band in rate.bands[1:])
    return found


def _says_mock(labels: Labels) -> bool:
    told = dict(labels.tags)
    named = (labels.model, told.get("feature", ""), told.get("environment", ""), labels.workload or "")
    return told.get("cache_hit", "").lower() == "true" or says_mock(*named)


def _marks(sign: Sign, *, is_mocked: bool) -> list[Mark]:
    """The marks that a call's signs come to; an empty call has no other, and a mock is not guessed too."""
    if Sign.EMPTY in sign:
        return [Mark.EMPTY]
    is_mock = is_mocked or Sign.MOCK in sign
    told = (
        (Mark.AGGREGATE, Sign.AGGREGATE in sign), (Mark.MOCK, is_mock),
        (Mark.GUESSED, Sign.GUESSED in sign and not is_mock), (Mark.SMALL, Sign.SMALL in sign),
    )  # fmt: skip
    return [mark for mark, is_so in told if is_so]


def fold(books: Books) -> Estimate:
    """The estimate; without I/O, for any thread. Rows of the same project, key, model and tier are added up."""
    rates = _Rates(books)
    marked = {mark: tuple(_folded(books, rows, rates)) for mark, rows in books.marked.items()}
    if books.cached:
        marked[Mark.TWICE] = tuple(_folded(books, _counted_twice(books, rates), rates))
    rows = _folded(books, _apart(books.sums, books.long), rates)
    is_hourly = books.seconds == HOUR
    hours = HourlyTokens.of([*rows, *_folded(books, books.edges, rates)]) if is_hourly else None
    return estimate_of(
        by_day(rows) if is_hourly else rows, provider=books.provider, month=books.month, hours=hours, marked=marked,
        price_source=SOURCE,
    )  # fmt: skip


def _apart(sums: Iterable[SeriesSums], long: Sequence[SeriesSums]) -> list[SeriesSums]:
    """The sums without their long calls, and these beside them."""
    above: dict[tuple[int, int], list[SeriesSums]] = defaultdict(list)
    for one in long:
        above[one.starts_at, one.series_id].append(one)
    found = []
    for one in sums:
        rest = one
        for part in above.get((one.starts_at, one.series_id), ()):
            rest = less(rest, part)
        found.append(rest)
    return [*(one for one in found if one.requests or any(one.tokens) or one.cost_nanos), *long]


def less(whole: SeriesSums, part: SeriesSums) -> SeriesSums:
    """The whole without a part of it, in the band of the whole."""
    return whole._replace(
        requests=whole.requests - part.requests, unpriced_requests=whole.unpriced_requests - part.unpriced_requests,
        cost_nanos=whole.cost_nanos - part.cost_nanos,
        tokens=TokenClasses(*(all_ - some for all_, some in zip(whole.tokens, part.tokens, strict=True))),
    )  # fmt: skip


def _counted_twice(books: Books, rates: _Rates) -> Iterable[SeriesSums]:
    """What calls would have less, were their cached tokens in their input twice: as they are, less as they would be."""
    for band, one in books.cached:
        tokens = one.tokens._replace(input_uncached=one.tokens.input_uncached - one.tokens.cache_read)
        labels = books.labels[one.series_id]
        cost = sum(rates.by_class(one.starts_at, labels.model, labels.tier, one._replace(tokens=tokens, band=band)))
        yield one
        yield less(one._replace(requests=0, unpriced_requests=0, cost_nanos=0, tokens=TokenClasses(), band=band),
                   one._replace(tokens=tokens, cost_nanos=cost))  # fmt: skip


def _folded(books: Books, rows: Iterable[SeriesSums], rates: _Rates) -> list[EstimateRow]:
    sums: dict[_Place, list[SeriesSums]] = defaultdict(list)
    for row in rows:
        labels = books.labels[row.series_id]
        # Under the name it is billed by, where somebody said that the name stands for another model.
        on = datetime.fromtimestamp(row.starts_at, UTC).date()
        model = books.prices.meant(books.provider, labels.model, on, labels.tier)
        place = (row.starts_at, model, labels.tier, labels.value("project"), labels.value(API_KEY_TAG), row.band > 0)
        sums[place].append(row)
    return [_row(place, parts, rates) for place, parts in sums.items()]


def _row(place: _Place, parts: Sequence[SeriesSums], rates: _Rates) -> EstimateRow:
    starts_at, model, tier, project, api_key, is_long = place
    tokens = TokenClasses(*(sum(counts) for counts in zip(*(one.tokens for one in parts), strict=True)))
    cost, requests = sum(one.cost_nanos for one in parts), sum(one.requests for one in parts)
    # Half a token's price may be rounded away in every sum, and a call's cost in every call.
    by_class = added(rates.by_class(starts_at, model, tier, one) for one in parts)
    is_right = abs(sum(by_class) - cost) <= sum(abs(one.requests) for one in parts) + len(parts) * len(CLASS_NAMES)
    plain = (
        added(rates.by_class(starts_at, model, tier, one._replace(band=0)) for one in parts) if is_long else by_class
    )
    return EstimateRow(
        starts_at=starts_at, model=model, tier=tier, project=project, api_key=api_key, requests=requests, tokens=tokens,
        cost_nanos=cost, class_nanos=by_class if is_right else None, is_long=is_long,
        unpriced_requests=sum(one.unpriced_requests for one in parts), long_nanos=sum(by_class) - sum(plain),
    )  # fmt: skip


def added(parts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Nanos by class, added up."""
    return tuple(map(sum, zip(*parts, strict=True)))


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

    def by_class(self, starts_at: int, model: str, tier: str, used: SeriesSums) -> tuple[int, ...]:
        """Nanos by class, in the order of `CLASS_NAMES`, at the price of the band; 0 without a price."""
        rate = self.at(starts_at, model, tier)
        if rate is None or used.band >= len(rate.bands):
            return _NOTHING
        return rate.by_class(used.tokens, used.band)
