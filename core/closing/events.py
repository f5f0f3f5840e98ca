"""Usage events into an estimate, one at a time: a million of them become a few thousand hourly rows.

The estimate counts what the books would count: an id once. A provider's answer that was reported under two ids is counted
twice here and marked, because naming that is what the comparison is for.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from core.estimate import DAY, HOUR, Estimate, EstimateRow, Mark, estimate_of
from core.intake import labels
from core.list_prices import SOURCE, list_rates
from core.period import Cycle
from core.rates import Rate
from core.usage import CLASS_NAMES, TokenClasses, UsageEvent

EDGE: Final = timedelta(hours=14)
"""No time zone is further from UTC (Kiritimati, +14:00)."""
TWIN_SECONDS: Final = 2
_TWIN_TOKENS: Final = 200
"""Below this many tokens two different calls may well agree in every count."""
_GUESSED_TOKENS: Final = 16
"""No chat has so few input tokens; OpenLIT and LiteLLM guess 4 to 9 for a stream without usage (usage-formats §1.5)."""
_MOCK: Final = (10, 20)
"""Input and output tokens of LiteLLM's `mock_response` (fixtures, November 2026)."""
_MOCK_WORDS: Final = ("mock", "healthcheck", "health-check", "health_check")
_SMALL_TOKENS: Final = 2_000
"""A thousandth of the largest context window (2 million tokens, Gemini 1.5 Pro; prices of November 2026)."""
_OFTEN: Final = 40
_MAX_SHAPES: Final = 200_000

_Key = tuple[int, str, str, str | None, str | None, bool]
"""(hour in Unix seconds, model, tier, project, API key, above the long-context threshold)."""


@dataclass(slots=True)
class _Sums:
    requests: int = 0
    unpriced: int = 0
    nanos: int = 0
    long_nanos: int = 0
    tokens: array[int] = field(default_factory=lambda: array("q", bytes(8 * len(CLASS_NAMES))))
    class_nanos: array[float] = field(default_factory=lambda: array("d", bytes(8 * len(CLASS_NAMES))))


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
        self._sums: dict[_Key, _Sums] = {}
        self._edges: dict[_Key, _Sums] = {}
        self._marked: dict[Mark, dict[_Key, _Sums]] = {mark: {} for mark in Mark}
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
        inside = self._from <= at < self._until
        if not (inside or self._from - EDGE <= at < self._until + EDGE) or self._other_provider(event):
            self.left_out += 1
            return
        if (key := hash(event.id)) in self._ids:
            self.duplicates += 1
            return
        self._ids.add(key)
        if event.problem(self._until + EDGE):
            self.refused += 1
            return
        hour = int(at.timestamp()) // HOUR * HOUR
        rate = self._rate(event, at)
        is_long = bool(
            rate and event.requests == 1 and len(rate.bands) > 1 and event.input_tokens > rate.bands[1].above
        )
        place = (
            hour,
            event.model,
            event.tier or "standard",
            event.tags.get("project"),
            event.tags.get("api_key"),
            is_long,
        )
        targets = [_sums_at(self._sums if inside else self._edges, place)]
        if inside:
            day = (hour // DAY * DAY, *place[1:])
            targets += [_sums_at(self._marked[mark], day) for mark in self._marks(event, at)]
        _count(event.classes(), event.requests, rate, targets)
        if inside and rate and event.requests == 1 and len(rate.bands) > 1:
            self._count_twice(event.classes(), rate, day)

    def done(self) -> Estimate:
        """The estimate of the events so far."""
        marked = {mark: _rows(sums) for mark, sums in self._marked.items() if sums}
        return estimate_of(
            _rows(self._sums), provider=self._provider, month=self._month, row_seconds=HOUR, edges=_rows(self._edges),
            marked=marked, price_source=SOURCE,
        )  # fmt: skip

    def _count_twice(self, classes: TokenClasses, rate: Rate, day: _Key) -> None:
        """What a call would have less, were its cached tokens in its input twice. Told where prices jump with the input."""
        once = classes._replace(input_uncached=classes.input_uncached - classes.cache_read)
        if not classes.cache_read or once.input_uncached < 0:
            return
        marked = self._marked[Mark.TWICE]
        is_long = once.input_total > rate.bands[1].above
        _count(classes, 1, rate, [_sums_at(marked, day)])
        _count(once, 1, rate, [_sums_at(marked, (*day[:5], is_long))], sign=-1)

    def _other_provider(self, event: UsageEvent) -> bool:
        return labels.provider_name(event.provider) != self._provider

    def _rate(self, event: UsageEvent, at: datetime) -> Rate | None:
        key = (event.model, event.tier, at.date())
        if (rates := self._rates.get(key)) is None:
            rates = self._rates[key] = list_rates(event.provider, *key)
        chosen = rates[0][1] if rates else None
        for start, rate in rates[1:]:
            if start <= at.time():
                chosen = rate
        return chosen

    def _marks(self, event: UsageEvent, at: datetime) -> list[Mark]:
        found = []
        if self._is_repeated(event, at):
            found.append(Mark.REPEATED)
        if not (event.input_tokens or event.output_tokens or event.web_searches):
            return [*found, Mark.EMPTY]
        if event.requests > 1:
            found.append(Mark.AGGREGATE)
        words = (
            f"{event.model} {event.tags.get('feature', '')} {event.tags.get('environment', '')} {event.workload or ''}"
        )
        if (
            (event.input_tokens, event.output_tokens) == _MOCK
            or "_cache_hit" in f"{event.id}{event.response_id}"
            or event.tags.get("cache_hit", "").lower() == "true"
            or any(word in words.lower() for word in _MOCK_WORDS)
        ):
            found.append(Mark.MOCK)
        elif event.requests == 1 and 0 < event.input_tokens < _GUESSED_TOKENS:
            found.append(Mark.GUESSED)
        if event.requests == 1 and event.input_tokens < _SMALL_TOKENS:
            found.append(Mark.SMALL)
        if self._is_constant(event):
            found.append(Mark.CONSTANT)
        return found

    def _is_repeated(self, event: UsageEvent, at: datetime) -> bool:
        if event.response_id:
            size = len(self._answers)
            self._answers.add(hash(event.response_id))
            return len(self._answers) == size
        if event.requests > 1 or event.input_tokens + event.output_tokens < _TWIN_TOKENS:
            return False
        counts = (event.model, event.input_tokens, event.cache_read_tokens, event.output_tokens, event.reasoning_tokens)
        second = int(at.timestamp())
        near = range(second - TWIN_SECONDS, second + TWIN_SECONDS + 1)
        found = any(hash((*counts, moment)) in self._twins for moment in near)
        self._twins.add(hash((*counts, second)))
        return found

    def _is_constant(self, event: UsageEvent) -> bool:
        shape = hash((event.model, event.input_tokens, event.output_tokens, event.cache_read_tokens))
        if shape in self._shapes or len(self._shapes) < _MAX_SHAPES:
            self._shapes[shape] += 1
        return self._shapes[shape] > _OFTEN


def _count(classes: TokenClasses, requests: int, rate: Rate | None, targets: list[_Sums], *, sign: int = 1) -> None:
    """Add a call to sums; take it away again with a `sign` of -1."""
    nanos = long_nanos = 0
    parts: list[float] = []
    if rate:
        nanos = rate.cost(classes, requests)
        band = rate.bands[0]
        if requests == 1 and len(rate.bands) > 1 and classes.input_total > rate.bands[1].above:
            band = [band for band in rate.bands if classes.input_total > band.above][-1]
            long_nanos = nanos - Rate(rate.source, rate.bands[:1], rate.per).cost(classes)
        parts = [tokens * price / rate.per for tokens, price in zip(classes, band.prices, strict=True)]
    for sums in targets:
        sums.requests += sign * requests
        sums.unpriced += 0 if rate else sign * requests
        sums.nanos += sign * nanos
        sums.long_nanos += sign * long_nanos
        for place, tokens in enumerate(classes):
            if tokens:
                sums.tokens[place] += sign * tokens
                sums.class_nanos[place] += sign * parts[place] if parts else 0.0


def _sums_at(sums: dict[_Key, _Sums], place: _Key) -> _Sums:
    found = sums.get(place)
    if found is None:
        found = sums[place] = _Sums()
    return found


def _rows(sums: dict[_Key, _Sums]) -> tuple[EstimateRow, ...]:
    """Rows of the sums, in order. Empties the sums as it goes: both at once would need twice the memory."""
    rows = []
    for key in sorted(sums, key=lambda key: (key[0], str(key))):
        hour, model, tier, project, api_key, is_long = key
        found = sums.pop(key)
        rows.append(EstimateRow(
            starts_at=hour, model=model, tier=tier, project=project, api_key=api_key, is_long=is_long,
            requests=found.requests, tokens=TokenClasses(*found.tokens), cost_nanos=found.nanos,
            unpriced_requests=found.unpriced, class_nanos=tuple(round(part) for part in found.class_nanos),
            long_nanos=found.long_nanos,
        ))  # fmt: skip
    return tuple(rows)
