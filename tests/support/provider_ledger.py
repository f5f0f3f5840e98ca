"""What really happened at a provider: calls, their sums and their price. The stand-in reports it, the tests compare with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

DAY: Final = timedelta(days=1)
PRICES: Final = {
    "input_uncached": Decimal("1.25"), "cache_read": Decimal("0.125"), "cache_write": Decimal("1.5625"),
    "output": Decimal("10"),
}  # fmt: skip
"""Dollars per million tokens, of every model."""


@dataclass(frozen=True)
class Call:
    """Some calls of one model with one key. `input_tokens` holds cache reads and writes too."""

    at: datetime
    project: str | None = "proj_search"
    key: str | None = "key_search"
    model: str = "gpt-5.1-2025-11-13"
    input_tokens: int = 1000
    cached: int = 400
    written: int = 0
    output_tokens: int = 100
    requests: int = 1
    tier: str = "standard"
    batch: bool = False
    kind: str = "completions"

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def classes(self) -> dict[str, int]:
        return {
            "input_uncached": self.input_tokens - self.cached - self.written, "cache_read": self.cached,
            "cache_write": self.written, "output": self.output_tokens,
        }  # fmt: skip

    def dollars(self) -> dict[str, Decimal]:
        return {name: count * PRICES[name] / 1_000_000 for name, count in self.classes().items() if count}


@dataclass
class Ledger:
    """All calls of an organization; late ones are simply added later."""

    calls: list[Call] = field(default_factory=list)

    def add(self, *calls: Call) -> None:
        self.calls += calls

    def between(self, starts_at: datetime, ends_at: datetime, kind: str | None = None) -> list[Call]:
        return [call for call in self.calls if starts_at <= call.at < ends_at and kind in (None, call.kind)]

    def daily_tokens(self) -> dict[date, int]:
        """Tokens per UTC day; days without calls are absent."""
        days: dict[date, int] = defaultdict(int)
        for call in self.calls:
            days[call.at.date()] += call.tokens
        return dict(days)

    def requests(self) -> int:
        return sum(call.requests for call in self.calls)

    def nanos(self, *, discount: str = "0") -> int:
        dollars = sum((sum(call.dollars().values(), Decimal(0)) for call in self.calls), Decimal(0))
        return int(dollars * (1 - Decimal(discount)) * 1_000_000_000)


def grouped(calls: Iterable[Call], key: Callable[[Call], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Call]]:
    groups: dict[tuple[Any, ...], list[Call]] = defaultdict(list)
    for call in calls:
        groups[key(call)].append(call)
    return dict(sorted(groups.items(), key=repr))


def days_between(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    first = starts_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    count = -((first - ends_at) // DAY)
    return [first + number * DAY for number in range(count)]
