"""What the tags of recent usage look like: their values, what they are worth, and what wants to be put right; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from core.attribution import Labels
from core.tags import MANY, Aliases, Merge, ValueSum, proposed_merges


@dataclass(frozen=True, slots=True)
class Alias:
    """A spelling, the value it stands for, and recent usage that still carries the spelling; money in nanos."""

    spelling: str
    value: str
    requests: int = 0
    nanos: int = 0


@dataclass(frozen=True, slots=True)
class TagReview:
    """One tag over some days.

    Attributes:
      values: as they are kept, aliases applied, most dollars first; `(many)` is not among them.
      many: what was folded because the tag has too many values.
      without: usage that does not carry the tag.
      merges: near-duplicates, the dearest first.
    """

    dimension: str
    values: tuple[ValueSum, ...]
    many: ValueSum
    without: ValueSum
    merges: tuple[Merge, ...]
    aliases: tuple[Alias, ...]

    @property
    def nanos(self) -> int:
        """Spend that carries the tag."""
        return sum(one.nanos for one in self.values) + self.many.nanos

    @property
    def coverage(self) -> float | None:
        """The share of all dollars that carry the tag, 0 to 1; None when nothing was spent."""
        whole = self.nanos + self.without.nanos
        return self.nanos / whole if whole else None


def review(dimension: str, sums: Iterable[tuple[Labels, int, int]], aliases: Aliases) -> TagReview:
    """Look at one tag.

    Args:
      dimension: its bare name.
      sums: (labels as stored, nanos, requests).
    """
    kept: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    spelt: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for labels, nanos, requests in sums:
        stored = dict(labels.tags).get(dimension)
        value = None if stored is None else aliases.value(dimension, stored)
        for found in (kept[value], spelt[stored.casefold()] if stored is not None and stored != value else None):
            if found is not None:
                found[0] += nanos
                found[1] += requests
    many, without = ValueSum(MANY, *kept.pop(MANY, (0, 0))), ValueSum("", *kept.pop(None, (0, 0)))
    values = tuple(
        sorted(
            (ValueSum(value, *pair) for value, pair in kept.items() if value is not None),
            key=lambda one: (-one.nanos, -one.requests, one.value),
        )
    )
    standing = tuple(
        Alias(spelling, value, spelt[spelling][1], spelt[spelling][0])
        for name, spelling, value in aliases
        if name == dimension
    )
    return TagReview(dimension, values, many, without, proposed_merges(dimension, values), standing)


def tag_names(labels: Iterable[Labels]) -> list[str]:
    """The names of all tags that occur, sorted."""
    return sorted({name for one in labels for name, _ in one.tags})
