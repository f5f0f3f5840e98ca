"""What the unattributed bucket is made of: the few labels that would explain most of it, as workloads to make; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core.attribution import Labels
from core.tags import MANY
from core.usage import DIMENSIONS
from core.workload import UNATTRIBUTED, Rule

CANDIDATES: Final = 3
LEAST_SHARE: Final = 0.05
"""A candidate that explains less than this is not worth a click."""
RELEVANT_SHARE: Final = 0.05
"""Where less than this of the spend is unattributed, nobody is bothered with it."""
WEEKS: Final = 8
_EVERYTHING: Final = 0.98
"""A label that all usage shares, such as one environment, explains nothing: it says which company this is."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Usage of one label set; money in nanos."""

    labels: Labels
    nanos: int
    requests: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that would take a part of the bucket.

    Attributes:
      dimension: as rules name it, `tag.NAME` for a tag of one's own.
      share: its part of the bucket's dollars (of its requests where nothing has a cost), 0 to 1.
      name: the workload that is proposed, well-formed.
    """

    dimension: str
    value: str
    share: float
    nanos: int
    requests: int
    name: str


@dataclass(frozen=True, slots=True)
class Week:
    """One week of spend, Monday to Sunday, in nanos; the current one is not over yet."""

    starts_on: date
    part_nanos: int
    total_nanos: int

    @property
    def share(self) -> float | None:
        """0 to 1, None where nothing was spent."""
        return self.part_nanos / self.total_nanos if self.total_nanos else None


@dataclass(frozen=True, slots=True)
class Misspelt:
    """Usage that would find its workload if spellings of one tag were merged; `dimension` is the tag's bare name."""

    dimension: str
    nanos: int
    requests: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """The unattributed spend of the current cycle: its owner, its trend and what it is made of.

    Usage that is only spelt otherwise is in `misspelt` and in no candidate: it needs no rule of its own.
    """

    owner: str | None
    title: str
    nanos: int
    requests: int
    total_nanos: int
    weeks: tuple[Week, ...]
    candidates: tuple[Candidate, ...]
    misspelt: tuple[Misspelt, ...] = ()

    @property
    def share(self) -> float:
        return self.nanos / self.total_nanos if self.total_nanos else 0.0


def candidates(
    sums: Sequence[Sum], *, rules: Collection[Rule] = (), of: Sequence[Sum] | None = None
) -> tuple[Candidate, ...]:
    """The labels that explain most, each counted without what the ones before it explain.

    Dimensions are tried in the order in which they say what work was done: feature, project and own tags before team,
    environment and customer, those before model and provider. Labels that a rule names already are left out: what is
    in the bucket came before that rule, and wants to be re-attributed rather than named again.

    Args:
      of: what the shares are shares of, where that is more than `sums`.
    """
    everything = sums if of is None else of
    has_cost = any(one.nanos for one in everything)
    whole = sum(_weight(one, has_cost) for one in everything)
    known = {(rule.conditions[0][0], rule.conditions[0][1].casefold()) for rule in rules if len(rule.conditions) == 1}
    left, found = list(sums), list[Candidate]()
    while whole and left and len(found) < CANDIDATES:
        best = _best(left, whole, has_cost, known)
        if best is None:
            break
        dimension, value = best
        caught = [one for one in left if _same(one.labels.value(dimension), value)]
        found.append(
            Candidate(
                dimension, value, sum(_weight(one, has_cost) for one in caught) / whole,
                sum(one.nanos for one in caught), sum(one.requests for one in caught), proposed_name(dimension, value),
            )
        )  # fmt: skip
        left = [one for one in left if not _same(one.labels.value(dimension), value)]
    return tuple(found)


def _best(
    sums: Sequence[Sum], whole: int, has_cost: bool, known: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    weights: dict[tuple[str, str], int] = defaultdict(int)
    spelt: dict[tuple[str, str], str] = {}
    for one in sorted(sums, key=lambda one: (-one.nanos, one.labels.tags)):
        for dimension, value in _labels_of(one.labels):
            key = (dimension, value.casefold())
            spelt.setdefault(key, value)
            weights[key] += _weight(one, has_cost)
    worth = [
        (_rank(dimension), -weight, dimension, value)
        for (dimension, value), weight in weights.items()
        if weight / whole >= LEAST_SHARE
        and (dimension, value) not in known
        and not (_rank(dimension) and weight / whole > _EVERYTHING)
    ]
    if not worth:
        return None
    # A vague label has to explain a good deal more than a telling one before it is proposed instead.
    *_, dimension, value = min(worth, key=lambda one: (one[1] / (1 + one[0]), one))
    return dimension, spelt[dimension, value]


def _labels_of(labels: Labels) -> Iterable[tuple[str, str]]:
    yield "model", labels.model
    yield "provider", labels.provider
    for name, value in labels.tags:
        if value != MANY:
            yield (name if name in DIMENSIONS else f"tag.{name}"), value


def _rank(dimension: str) -> int:
    if dimension in ("feature", "project") or dimension.startswith("tag."):
        return 0
    return 2 if dimension in ("model", "provider") else 1


def _weight(one: Sum, has_cost: bool) -> int:
    return one.nanos if has_cost else one.requests


def _same(value: str | None, wanted: str) -> bool:
    return value is not None and value.casefold() == wanted.casefold()


def proposed_name(dimension: str, value: str) -> str:
    """A well-formed workload name made of the value: lower case, anything else to hyphens, never `unattributed`."""
    name = re.sub(r"[^a-z0-9._-]+", "-", value.casefold()).strip("-._")[:50].strip("-._")
    plain = dimension.removeprefix("tag.")
    if not name or name == UNATTRIBUTED:
        return re.sub(r"[^a-z0-9]+", "-", f"{plain}-usage").strip("-")
    return name


def weeks_of(days: Iterable[tuple[date, int, int]], *, today: date, count: int = WEEKS) -> tuple[Week, ...]:
    """Sum (day, part, total) rows into the last `count` weeks up to the one that holds `today`, oldest first."""
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(count - 1, -1, -1)]
    sums = {start: [0, 0] for start in starts}
    for day, part, whole in days:
        start = day - timedelta(days=day.weekday())
        if start in sums:
            sums[start][0] += part
            sums[start][1] += whole
    return tuple(Week(start, *sums[start]) for start in starts)
