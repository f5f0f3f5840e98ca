"""Usage events into an estimate, one at a time: a million of them become a few thousand rows, one a day and label.

The estimate counts what the books would count: an id once. A provider's answer that was reported under two ids is counted
twice here and marked, because naming that is what the comparison is for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final, NamedTuple

from core.closing.tally import Tally, Whole, added_up
from core.estimate import (
    DAY,
    EDGE,
    HOUR,
    Estimate,
    EstimateRow,
    HourlyTokens,
    Mark,
    UsageLabel,
    added_rows,
    estimate_of,
)
from core.intake.provider_names import provider_name
from core.list_prices import SOURCE, list_rates
from core.period import Cycle
from core.rates import Rate
from core.usage import CLASS_NAMES, TokenClasses, UsageEvent

TWIN_SECONDS: Final = 2
TWIN_TOKENS: Final = 200
"""Below this many tokens two different calls may well agree in every count."""
GUESSED_TOKENS: Final = 16
"""No chat has so few input tokens; OpenLIT and LiteLLM guess 4 to 9 for a stream without usage (usage-formats §1.5)."""
MOCK: Final = (10, 20)
"""Input and output tokens of LiteLLM's `mock_response` (fixtures, November 2026)."""
MOCK_WORDS: Final = ("mock", "healthcheck", "health-check", "health_check")
SMALL_TOKENS: Final = 2_000
"""A thousandth of the largest context window (2 million tokens, Gemini 1.5 Pro; prices of November 2026)."""
OFTEN: Final = 40
_MAX_SHAPES: Final = 200_000

_AMOUNTS: Final = 4
"""Requests, those without a price, nanos, and nanos for long context: what stands before the tokens in a row."""


class _Priced(NamedTuple):
    """Usage that is told apart by its label and by the prices it had, so that tokens alone tell what each class cost."""

    label: UsageLabel
    rate: Rate | None
    band: int


class EventFold:
    """Events of any providers and months in, the estimate of one provider's month out.

    Attributes:
      left_out: events of other providers and other months.
      duplicates: events whose id had come before.
      refused: events that do not add up (a subset larger than its whole).
    """

    def __init__(self, provider: str, month: Cycle) -> None:
        self._provider, self._month = provider, month
        self._from = datetime.combine(month.first_on, time(0), UTC)
        self._until = datetime.combine(month.next.first_on, time(0), UTC)
        self._earliest, self._latest = self._from - EDGE, self._until + EDGE
        width = 2 + _AMOUNTS + len(CLASS_NAMES)
        self._sums = Tally(width)
        self._marked = {mark: Tally(width) for mark in Mark}
        # By the rate's identity: comparing all its prices for every event would take longer than all the rest.
        self._places: dict[tuple[str, str, str | None, str | None, int, int], int] = {}
        self._priced: list[_Priced] = []
        # Hashes of 64 bits instead of texts: a million of each fit into 64 MB, and a clash costs one call's cost.
        self._ids: set[int] = set()
        self._answers: set[int] = set()
        self._twins: set[int] = set()
        self._shapes: Counter[int] = Counter()
        self._rates: dict[tuple[str, str, date], tuple[tuple[time, Rate], ...]] = {}
        self.left_out = self.duplicates = self.refused = 0

    def add(self, event: UsageEvent) -> None:
        """Take one event."""
        at = event.at.astimezone(UTC)
        if not self._earliest <= at < self._latest or provider_name(event.provider) != self._provider:
            self.left_out += 1
            return
        if (key := hash(event.id)) in self._ids:
            self.duplicates += 1
            return
        self._ids.add(key)
        if event.problem(self._latest):
            self.refused += 1
            return
        second = int(at.timestamp())
        rate = self._rate(event, at)
        classes = event.classes()
        row = self._row(event, classes, rate)
        self._sums.add((second - second % HOUR, *row))
        if not self._from <= at < self._until:
            return
        day = second - second % DAY
        for mark in self._marks(event, second):
            self._marked[mark].add((day, *row))
        if rate and event.requests == 1 and len(rate.bands) > 1 and event.cache_read_tokens:
            self._count_twice(event, classes, rate, day)

    def done(self) -> Estimate:
        """The estimate of the events so far."""
        marked = {mark: self._rows(sums.sums(DAY)) for mark, sums in self._marked.items() if sums}
        hours = self._sums.sums(HOUR)
        first, last = int(self._from.timestamp()), int(self._until.timestamp())
        inside = hours[(hours[:, 0] >= first) & (hours[:, 0] < last)]
        inside[:, 0] -= inside[:, 0] % DAY
        known = tuple(one.label for one in self._priced)
        return estimate_of(
            self._rows(added_up(inside)), provider=self._provider, month=self._month, marked=marked, price_source=SOURCE,
            hours=HourlyTokens(known, hours[:, 0], hours[:, 1], hours[:, 2 + _AMOUNTS :]),
        )  # fmt: skip

    def _row(self, event: UsageEvent, classes: TokenClasses, rate: Rate | None, *, sign: int = 1) -> tuple[int, ...]:
        """What an event adds to the sums but for its time; with a `sign` of -1 what it takes away again."""
        requests = event.requests
        nanos = long_nanos = band = 0
        if rate:
            nanos = rate.cost(classes, requests)
            if requests == 1 and len(rate.bands) > 1 and classes.input_total > rate.bands[1].above:
                total = classes.input_total
                band = sum(total > one.above for one in rate.bands[1:])
                long_nanos = nanos - Rate(rate.source, rate.bands[:1], rate.per).cost(classes)
        tier, told = event.tier or "standard", event.tags.get
        place = (event.model, tier, told("project"), told("api_key"), id(rate), band)
        number = self._places.get(place)
        if number is None:
            number = self._places[place] = len(self._priced)
            self._priced.append(_Priced(UsageLabel(*place[:4], is_long=band > 0), rate, band))
        if sign == 1:
            return (number, requests, 0 if rate else requests, nanos, long_nanos, *classes)
        return (number, -requests, 0 if rate else -requests, -nanos, -long_nanos, *(-tokens for tokens in classes))

    def _count_twice(self, event: UsageEvent, classes: TokenClasses, rate: Rate, day: int) -> None:
        """What a call would have less, were its cached tokens in its input twice. Told where prices jump with the input."""
        once = classes._replace(input_uncached=classes.input_uncached - classes.cache_read)
        if once.input_uncached < 0:
            return
        marked = self._marked[Mark.TWICE]
        marked.add((day, *self._row(event, classes, rate)))
        marked.add((day, *self._row(event, once, rate, sign=-1)))

    def _rows(self, sums: Whole) -> tuple[EstimateRow, ...]:
        """Rows of the sums, in order of day and label."""
        found: dict[tuple[int, UsageLabel], EstimateRow] = {}
        for start, number, requests, unpriced, nanos, long_nanos, *counts in sums.tolist():
            one = self._priced[number]
            row = EstimateRow(
                starts_at=start, model=one.label.model, tier=one.label.tier, project=one.label.project,
                api_key=one.label.api_key, is_long=one.label.is_long, requests=requests, tokens=TokenClasses(*counts),
                cost_nanos=nanos, class_nanos=_by_class(counts, one), unpriced_requests=unpriced, long_nanos=long_nanos,
            )  # fmt: skip
            before = found.get((start, one.label))
            found[start, one.label] = added_rows(start, (before, row)) if before else row
        return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], str(key[1]))))

    def _rate(self, event: UsageEvent, at: datetime) -> Rate | None:
        key = (event.model, event.tier, at.date())
        if (rates := self._rates.get(key)) is None:
            rates = self._rates[key] = list_rates(event.provider, *key)
        chosen = rates[0][1] if rates else None
        for start, rate in rates[1:]:
            if start <= at.time():
                chosen = rate
        return chosen

    def _marks(self, event: UsageEvent, second: int) -> list[Mark]:
        found = []
        if self._is_repeated(event, second):
            found.append(Mark.REPEATED)
        if not (event.input_tokens or event.output_tokens or event.web_searches):
            return [*found, Mark.EMPTY]
        is_single = event.requests == 1
        if not is_single:
            found.append(Mark.AGGREGATE)
        if _is_mock(event):
            found.append(Mark.MOCK)
        elif is_single and 0 < event.input_tokens < GUESSED_TOKENS:
            found.append(Mark.GUESSED)
        if is_single and event.input_tokens < SMALL_TOKENS:
            found.append(Mark.SMALL)
        if self._is_constant(event):
            found.append(Mark.CONSTANT)
        return found

    def _is_repeated(self, event: UsageEvent, second: int) -> bool:
        if event.response_id:
            size = len(self._answers)
            self._answers.add(hash(event.response_id))
            return len(self._answers) == size
        if event.requests > 1 or event.input_tokens + event.output_tokens < TWIN_TOKENS:
            return False
        counts = (event.model, event.input_tokens, event.cache_read_tokens, event.output_tokens, event.reasoning_tokens)
        near = range(second - TWIN_SECONDS, second + TWIN_SECONDS + 1)
        found = any(hash((*counts, moment)) in self._twins for moment in near)
        self._twins.add(hash((*counts, second)))
        return found

    def _is_constant(self, event: UsageEvent) -> bool:
        shape = hash((event.model, event.input_tokens, event.output_tokens, event.cache_read_tokens))
        if shape in self._shapes or len(self._shapes) < _MAX_SHAPES:
            self._shapes[shape] += 1
        return self._shapes[shape] > OFTEN


def _is_mock(event: UsageEvent) -> bool:
    tags = event.tags
    return (
        (event.input_tokens, event.output_tokens) == MOCK
        or "_cache_hit" in event.id
        or "_cache_hit" in (event.response_id or "")
        or tags.get("cache_hit", "").lower() == "true"
        or says_mock(event.model, tags.get("feature", ""), tags.get("environment", ""), event.workload or "")
    )


@lru_cache(maxsize=10_000)
def says_mock(*told: str) -> bool:
    """Whether one of these labels of a call names it a mock or a health check."""
    words = " ".join(told).lower()
    return any(word in words for word in MOCK_WORDS)


def _by_class(counts: Sequence[int], one: _Priced) -> tuple[int, ...]:
    if one.rate is None:
        return (0,) * len(CLASS_NAMES)
    return one.rate.by_class(counts, one.band)
