"""Coverage: how much of what a provider counted do the books know, what happened outside, and what they may count twice.

The books' numbers are the spend. The provider's are only held against them. Tokens decide, because both sides count them
alike; dollars are shown beside, but the provider's are after discounts and ours before them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

SUSPICIOUS_RATIO: Final = 1.2
"""Books over provider, in tokens, from which a double is suspected. Edges of days and late buckets stay below 1.05."""
SUSPICIOUS_TOKENS: Final = 10_000
"""Excess below this is noise: a few test calls."""
_WHOLE_TIMES: Final = 0.05
"""How near to a whole number the ratio has to be to say "twice" instead of "more"."""
_DATED: Final = re.compile(r"[-@]20\d\d-?[01]\d-?[0-3]\d$|-latest$")


class Tally(NamedTuple):
    """Sums of some calls. `requests` and `nanos` are None when nobody told them."""

    requests: int | None = None
    tokens: int = 0
    nanos: int | None = None

    def plus(self, other: Tally) -> Tally:
        return Tally(_added(self.requests, other.requests), self.tokens + other.tokens, _added(self.nanos, other.nanos))


class Reading(NamedTuple):
    """What one side says of one UTC day, project, key and model; None where it does not say which."""

    day: date
    project: str | None
    api_key: str | None
    model: str | None
    tally: Tally


class Dimension(StrEnum):
    """What coverage is split by; models without the date of their release, days in UTC."""

    PROJECT = "project"
    API_KEY = "api_key"
    MODEL = "model"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a dimension on both sides.

    Attributes:
      value: None for what the provider itself does not place (its console, its default workspace).
    """

    value: str | None
    theirs: Tally
    ours: Tally

    @property
    def seen_tokens(self) -> int:
        """What both sides know. `seen + outside = theirs`, `seen + excess = ours`."""
        return min(self.theirs.tokens, self.ours.tokens)

    @property
    def outside_tokens(self) -> int:
        return max(0, self.theirs.tokens - self.ours.tokens)

    @property
    def excess_tokens(self) -> int:
        return max(0, self.ours.tokens - self.theirs.tokens)

    @property
    def token_share(self) -> float | None:
        """Share of the provider's tokens that the books know, 0–1; None when the provider counted none."""
        return self.seen_tokens / self.theirs.tokens if self.theirs.tokens else None


@dataclass(frozen=True, slots=True)
class Split:
    """Both sides by one dimension, most outside first.

    Attributes:
      unplaced: what the books know without this label, or with one that the provider does not know (a gateway's own name
        for a key): it may belong to any line.
    """

    dimension: Dimension
    lines: tuple[Line, ...]
    unplaced: Tally

    def outside(self) -> tuple[Outside, ...]:
        """Usage that the books do not know, per value, most first.

        Unplaced usage of the books may belong to any of the values: what is surely outside is only what exceeds it.
        """
        return tuple(
            Outside(
                self.dimension, line.value, max(0, line.outside_tokens - self.unplaced.tokens), line.outside_tokens,
                None if line.theirs.nanos is None else max(0, line.theirs.nanos - (line.ours.nanos or 0)),
            )
            for line in self.lines
            if line.outside_tokens or (not line.theirs.tokens and (line.theirs.nanos or 0) > (line.ours.nanos or 0))
        )  # fmt: skip


class Outside(NamedTuple):
    """Usage of one project or key outside instrumentation: at least and at most so many tokens, at most so many nanos."""

    dimension: Dimension
    value: str | None
    least_tokens: int
    most_tokens: int
    most_nanos: int | None

    @property
    def is_sure(self) -> bool:
        """Whether something is outside beyond doubt: some tokens surely are, or only charges tell of it."""
        return self.least_tokens > 0 or not self.most_tokens


class Doubt(NamedTuple):
    """The books know clearly more than the provider.

    Attributes:
      ratio: books over provider, in tokens; None when the provider knows nothing of it at all: a mock, a stand-in, or
        another provider behind a client of this one.
      times: 2 when all of it seems to count twice, 3 for thrice; None when only a part does.
    """

    dimension: Dimension
    value: str | None
    excess_tokens: int
    ratio: float | None
    times: int | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """One provider over some UTC days.

    Attributes:
      seen_tokens: tokens that both sides know, found model by model, so that counting one model twice cannot hide that
        another is missing.
    """

    theirs: Tally
    ours: Tally
    seen_tokens: int
    splits: tuple[Split, ...]
    doubts: tuple[Doubt, ...]

    @property
    def token_share(self) -> float | None:
        """Share of the provider's tokens that the books know, 0–1; None when the provider counted none."""
        return self.seen_tokens / self.theirs.tokens if self.theirs.tokens else None

    @property
    def request_share(self) -> float | None:
        """Our requests over theirs, above 1 when we know more; None when the provider does not tell them."""
        return (self.ours.requests or 0) / self.theirs.requests if self.theirs.requests else None

    @property
    def dollar_share(self) -> float | None:
        """Our estimate over their charges, above 1 when ours is larger; None without a cost report."""
        return (self.ours.nanos or 0) / self.theirs.nanos if self.theirs.nanos else None

    def split(self, dimension: Dimension) -> Split:
        return next(one for one in self.splits if one.dimension is dimension)


def compare(theirs: Iterable[Reading], ours: Iterable[Reading]) -> Coverage:
    """Hold the provider's readings against the books' of the same days. The order of readings does not matter."""
    provider, books = list(theirs), list(ours)
    splits = tuple(_split(dimension, value_of, provider, books) for dimension, value_of in _VALUES.items())
    by_model = next(one for one in splits if one.dimension is Dimension.MODEL)
    return Coverage(
        theirs=_total(provider), ours=_total(books), seen_tokens=sum(line.seen_tokens for line in by_model.lines),
        splits=splits, doubts=_doubts(splits),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def family(model: str) -> str:
    """A model's name without the date of its release: events may carry the alias, buckets the dated name."""
    return _DATED.sub("", model.strip().lower().removeprefix("models/"))


_VALUES: Final[dict[Dimension, Callable[[Reading], str | None]]] = {
    Dimension.PROJECT: lambda reading: reading.project,
    Dimension.API_KEY: lambda reading: reading.api_key,
    Dimension.MODEL: lambda reading: family(reading.model) if reading.model else None,
    Dimension.DAY: lambda reading: reading.day.isoformat(),
}


def _split(
    dimension: Dimension, value_of: Callable[[Reading], str | None], theirs: list[Reading], ours: list[Reading]
) -> Split:
    provider, books = _sums(theirs, value_of), _sums(ours, value_of)
    # Without a label the two sides do not mean the same: theirs is the console or the default workspace, ours is anything.
    unplaced = books.pop(None, Tally())
    if dimension in (Dimension.PROJECT, Dimension.API_KEY):
        for value in books.keys() - provider.keys():
            unplaced = unplaced.plus(books.pop(value))
    lines = [Line(value, provider.get(value, Tally()), books.get(value, Tally())) for value in {*provider, *books}]
    lines.sort(key=lambda line: (-line.outside_tokens, -line.theirs.tokens, -line.ours.tokens, line.value or ""))
    return Split(dimension, tuple(lines), unplaced)


def _sums(readings: list[Reading], value_of: Callable[[Reading], str | None]) -> dict[str | None, Tally]:
    sums: dict[str | None, Tally] = defaultdict(Tally)
    for reading in readings:
        value = value_of(reading)
        sums[value] = sums[value].plus(reading.tally)
    return dict(sums)


def _total(readings: list[Reading]) -> Tally:
    total = Tally()
    for reading in readings:
        total = total.plus(reading.tally)
    return total


def _doubts(splits: tuple[Split, ...]) -> tuple[Doubt, ...]:
    found = []
    for split in splits:
        if split.dimension is Dimension.DAY:
            continue  # a call near midnight may be booked on either day
        for line in split.lines:
            known, counted = line.theirs.tokens, line.ours.tokens
            if line.excess_tokens < SUSPICIOUS_TOKENS or counted < known * SUSPICIOUS_RATIO:
                continue
            ratio = counted / known if known else None
            times = round(ratio) if ratio and abs(ratio - round(ratio)) <= _WHOLE_TIMES * ratio else None
            found.append(
                Doubt(split.dimension, line.value, line.excess_tokens, ratio, times if times and times > 1 else None)
            )
    return tuple(sorted(found, key=lambda doubt: (-doubt.excess_tokens, doubt.dimension, doubt.value or "")))


def _added(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
