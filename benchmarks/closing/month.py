"""A month in the making: what was recorded, what is billed, and what each planted cause moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Final

from benchmarks.closing.prices import (
    LONG_ABOVE,
    MILLION,
    NANOS,
    Tokens,
    is_long,
    micro_cost,
    prices_of,
    whole_nanos,
)
from benchmarks.closing.traffic import DAY, Call, Service, calls_of, services_of

BILLED: Final = ("text", "read", "write", "write_1h", "audio", "out", "audio_out", "search")
"""Classes of a bill's lines. Reasoning is output there."""


class CannotPlant(Exception):
    """This cause does not fit this month; another draw may."""


@dataclass(slots=True)
class Recorded:
    """A usage event as Outlay recorded it, before it is written down. `copy_of` tells a duplicate from its original."""

    id: str
    at: int
    service: int
    model: str
    tokens: Tokens
    requests: int = 1
    tier: str = "standard"
    response_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    nanos: int | None = None
    """What Outlay would say it costs; kept until the event is changed."""


@dataclass(slots=True)
class Line:
    """One line of the bill: a class of tokens of a model on a UTC day, in a project. `quantity` is None where none is told."""

    day: int
    service: int | None
    model: str
    kind: str
    project: str | None
    key: str | None
    quantity: int | None
    nanos: int
    list_nanos: int
    tier: str = "standard"
    region: str = ""
    is_fast: bool = False
    window: str = ""
    category: str = "Usage"
    words: str = ""
    is_correction: bool = False


@dataclass
class Month:
    """The case while it is made.

    Attributes:
      form: the format of the bill, a name of `bills.FORMS`.
      planted: cause → the nanos by which it moved invoice − estimate.
      touched: services that a cause has bent already; the next one takes another, so that the truth stays clear.
      shows_keys: whether the bill's lines name API keys.
      clean_nanos: the bill before anything was planted; sizes are shares of it.
    """

    provider: str
    first: date
    form: str
    rng: Random
    services: list[Service]
    calls: list[Call]
    recorded: list[Recorded] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    planted: dict[str, int] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    shows_keys: bool = False
    clean_nanos: int = 0

    @classmethod
    def made(cls, provider: str, first: date, form: str, rng: Random) -> Month:
        """A month whose records and bill agree."""
        services = services_of(provider, rng)
        month = cls(provider, first, form, rng, services, calls_of(services, first, rng))
        month.shows_keys = form in ("openai-costs", "anthropic-analytics", "csv") and rng.random() < 0.4
        month.record()
        month.bill()
        month.clean_nanos = month.invoice_nanos
        return month

    @cached_property
    def starts(self) -> int:
        return int(datetime(self.first.year, self.first.month, 1, tzinfo=UTC).timestamp())

    @cached_property
    def ends(self) -> int:
        following = (self.first.replace(day=28) + timedelta(days=7)).replace(day=1)
        return int(datetime(following.year, following.month, 1, tzinfo=UTC).timestamp())

    @property
    def days(self) -> int:
        return (self.ends - self.starts) // DAY

    def record(self, shift: int = 0) -> None:
        """Record every call of the month; `shift` seconds are added to each stamp before the month is cut."""
        self.recorded = [
            Recorded(
                f"req-{number:06d}", at + shift, index, self.services[index].model, tokens,
                response_id=f"resp_{number:06d}" if self.services[index].gives_ids else None,
            )
            for number, (at, index, tokens) in enumerate(self.calls)
            if self.starts <= at + shift < self.ends
        ]  # fmt: skip

    def bill(self, shift: int = 0) -> None:
        """Bill every call of the month as the provider does: per day, model, class and project, long calls apart."""
        sums: dict[tuple[int, int, str], list[int]] = {}
        for at, index, tokens in self.calls:
            if not self.starts <= at + shift < self.ends:
                continue
            window = "long" if is_long(self.services[index].model, tokens) else ""
            found = sums.setdefault(((at + shift) // DAY, index, window), [0] * 9)
            for place, count in enumerate(tokens):
                found[place] += count
        self.lines = [
            line
            for (day, index, window), counts in sorted(sums.items())
            for line in self.lines_for(day, index, Tokens(*counts), window)
        ]

    def lines_for(self, day: int, index: int, tokens: Tokens, window: str = "") -> list[Line]:
        """The lines of one service's day at list price; a class without use has none."""
        service = self.services[index]
        prices = self.prices(service.model, day, long=bool(window))
        assert prices is not None
        merged = tokens._replace(out=tokens.out + tokens.thought)
        found = []
        for kind in BILLED:
            if count := getattr(merged, kind):
                nanos = whole_nanos(count * getattr(prices, kind))
                found.append(
                    Line(
                        day,
                        index,
                        service.model,
                        kind,
                        service.project,
                        service.key,
                        count,
                        nanos,
                        nanos,
                        window=window,
                    )
                )
        return found

    def prices(self, model: str, day: int, *, long: bool = False) -> Tokens | None:
        on = datetime.fromtimestamp(day * DAY, UTC).date()
        return prices_of(self.provider, model, on, is_long=long and model in LONG_ABOVE)

    def cost(self, event: Recorded) -> int:
        """What Outlay makes of an event: list price, long-context price only for single calls, 0 for an unknown model."""
        if event.nanos is None:
            long = event.requests == 1 and is_long(event.model, event.tokens)
            prices = self.prices(event.model, event.at // DAY, long=long)
            event.nanos = whole_nanos(micro_cost(event.tokens, prices)) if prices else 0
        return event.nanos

    @property
    def estimate_nanos(self) -> int:
        return sum(map(self.cost, self.recorded))

    @property
    def invoice_nanos(self) -> int:
        return sum(line.nanos for line in self.lines)

    @property
    def gap_nanos(self) -> int:
        return self.invoice_nanos - self.estimate_nanos

    # What planters choose from.

    def pick(self, fits: Callable[[int, Service], bool] = lambda index, service: True) -> int:
        """A service that no cause has touched yet and that fits; it counts as touched from now on."""
        fitting = [i for i, one in enumerate(self.services) if i not in self.touched and fits(i, one)]
        if not fitting:
            raise CannotPlant
        chosen = self.rng.choice(fitting)
        self.touched.add(chosen)
        return chosen

    def events_of(self, index: int) -> list[Recorded]:
        return [event for event in self.recorded if event.service == index]

    def lines_of(self, index: int) -> list[Line]:
        return [line for line in self.lines if line.service == index]

    def first_day(self, amounts: Iterable[tuple[int, int]], aim: float) -> int:
        """The day from which on the effects `(day, nanos)` add up to about `aim` of the bill; at least 3 days are left.

        Raises CannotPlant where even the whole month moves less than a 500th of the bill.
        """
        by_day: dict[int, int] = {}
        for day, nanos in amounts:
            by_day[day] = by_day.get(day, 0) + abs(nanos)
        if sum(by_day.values()) * 500 < self.clean_nanos:
            raise CannotPlant
        wanted, reached = aim * self.clean_nanos, 0
        last = self.ends // DAY - 3
        for day in sorted(by_day, reverse=True):
            reached += by_day[day]
            if reached >= wanted and day <= last:
                return day
        return self.starts // DAY

    def changed(self, event: Recorded, tokens: Tokens) -> int:
        """By how many nanos the estimate would rise with these tokens."""
        return self.cost(replace(event, tokens=tokens, nanos=None)) - self.cost(event)


def scaled(nanos: int, numerator: int, denominator: int) -> int:
    """`nanos` times a fraction, to the whole nano."""
    return whole_nanos(nanos * numerator * MILLION // denominator)


def dollars(nanos: int) -> str:
    """Exact, without trailing zeros beyond cents."""
    sign, size = ("-", -nanos) if nanos < 0 else ("", nanos)
    whole, rest = divmod(size, NANOS)
    return f"{sign}{whole}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"
