"""Tag hygiene: other spellings of one value, values that are probably the same, and tags with too many values; pure.

A dimension here is the bare name of a tag (`environment`, `plan`); models and providers are priced by name and are
never renamed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from core.errors import NameTaken, OutOfRange

Tags = tuple[tuple[str, str], ...]
"""Sorted (name, value) pairs."""

MANY: Final = "(many)"
"""Stands for the values of a tag beyond its bound; in no sum is anything lost."""
MAX_NEW_VALUES: Final = 2_000
"""How many values that were never seen before a tag may bring on one day: far above features and customers, far below request ids."""
COMPARED: Final = 1_000
"""Values compared with each other, the most used first."""

_SHORT_FORMS: Final = {
    "prod": "production", "prd": "production", "stg": "staging", "stage": "staging", "dev": "development",
    "devel": "development", "testing": "test", "sbx": "sandbox", "preprod": "preproduction",
}  # fmt: skip
_SEPARATORS: Final = re.compile(r"[\s._\-/:]+")
_DIGITS: Final = re.compile(r"\d+")
_SHORTEST: Final = 5
"""Below five letters a different letter is most likely a different code: `us` and `uk`, `west` and `east`."""
_LONG: Final = 9
_SLIPS: Final = 2
"""In a word of nine letters or more; in a shorter one a single slip."""


class Aliases:
    """Which values are other spellings of which: `prod` is `production`. Case does not matter on the left.

    Applying it twice changes nothing more: what an alias leads to is no alias itself.
    """

    def __init__(self, pairs: Mapping[tuple[str, str], str] | None = None) -> None:
        """`pairs` maps (dimension, spelling) to the value it stands for; chains are followed, circles refused."""
        self._pairs = {
            (dimension, value.casefold()): canonical for (dimension, value), canonical in (pairs or {}).items()
        }
        for dimension, value in list(self._pairs):
            self._pairs[dimension, value] = self._followed(dimension, value)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        """(dimension, spelling in lower case, value), sorted."""
        return iter((dimension, value, canonical) for (dimension, value), canonical in sorted(self._pairs.items()))

    def value(self, dimension: str, value: str) -> str:
        """The value as it is kept. `dimension` may carry the `tag.` of a rule."""
        return self._pairs.get((dimension.removeprefix("tag."), value.casefold()), value)

    def tags(self, tags: Tags) -> Tags:
        """The tags with every value as it is kept; names and their order stay."""
        if not self._pairs:
            return tags
        return tuple((name, self.value(name, value)) for name, value in tags)

    def with_pair(self, dimension: str, value: str, canonical: str) -> Aliases:
        """With one more alias; those that led to `value` lead on. Raises OutOfRange, NameTaken for a circle."""
        if not value.strip() or not canonical.strip() or MANY in (value, canonical):
            raise OutOfRange("An alias needs two values, the other spelling and the one that is kept.")
        target = self.value(dimension, canonical)
        if value == canonical:
            raise OutOfRange(f"“{value[:60]}” is the same value already.")
        if target.casefold() == value.casefold() and target != canonical:
            raise NameTaken(f"“{canonical[:60]}” counts as “{target[:60]}” already; they would stand for each other.")
        return Aliases({**self._pairs, (dimension, value.casefold()): target})

    def without(self, dimension: str, value: str) -> Aliases:
        return Aliases({key: kept for key, kept in self._pairs.items() if key != (dimension, value.casefold())})

    def _followed(self, dimension: str, value: str) -> str:
        seen, at = {value}, self._pairs[dimension, value]
        while (following := self._pairs.get((dimension, at.casefold()))) is not None and following != at:
            if at.casefold() in seen:
                raise NameTaken(f"The aliases of {dimension} “{value[:60]}” and “{at[:60]}” stand for each other.")
            seen.add(at.casefold())
            at = following
        return at


NO_ALIASES: Final = Aliases()


@dataclass(frozen=True, slots=True)
class ValueSum:
    """One value of a tag over some days; money in nanos."""

    value: str
    nanos: int
    requests: int


@dataclass(frozen=True, slots=True)
class Merge:
    """Values that are probably one: `kept` is the most used, `others` would become its aliases, most used first."""

    dimension: str
    kept: ValueSum
    others: tuple[ValueSum, ...]


def proposed_merges(dimension: str, values: Sequence[ValueSum]) -> tuple[Merge, ...]:
    """Groups of near-duplicate values, the dearest first. Short codes and different numbers are never joined."""
    ranked = sorted(
        (one for one in values if one.value != MANY), key=lambda one: (-one.requests, -one.nanos, one.value)
    )[:COMPARED]
    group = {one.value: one.value for one in ranked}

    def leader(value: str) -> str:
        while group[value] != value:
            value = group[value]
        return value

    for block in _blocks(ranked).values():
        for one, other in _close(block):
            if is_near(one.value, other.value):
                group[leader(other.value)] = leader(one.value)
    joined: dict[str, list[ValueSum]] = defaultdict(list)
    for one in ranked:
        joined[leader(one.value)].append(one)
    merges = [Merge(dimension, members[0], tuple(members[1:])) for members in joined.values() if len(members) > 1]
    return tuple(sorted(merges, key=lambda merge: (-sum(one.nanos for one in merge.others), merge.kept.value)))


def _blocks(values: Iterable[ValueSum]) -> dict[tuple[str, tuple[str, ...]], list[ValueSum]]:
    """Values that may be near at all: those that begin alike and hold the same numbers."""
    found: dict[tuple[str, tuple[str, ...]], list[ValueSum]] = defaultdict(list)
    for one in values:
        found[one.value.casefold()[:1], tuple(_DIGITS.findall(one.value))].append(one)
    return found


def _close(values: Sequence[ValueSum]) -> Iterator[tuple[ValueSum, ValueSum]]:
    """Pairs that are near enough for a closer look: without separators they differ by at most two slips."""
    joined = ["".join(_words(one.value)) for one in values]
    distances = cdist(joined, joined, scorer=OSA.distance, score_cutoff=_SLIPS, dtype=np.uint8)
    for place, other in np.argwhere(np.triu(distances <= _SLIPS, k=1)):
        yield values[int(place)], values[int(other)]


def is_near(one: str, other: str) -> bool:
    """Whether two values are probably one: other case or separators, a known short form, or a slip of the keyboard."""
    if one == other:
        return False
    first, second = _words(one), _words(other)
    if _DIGITS.findall(one) != _DIGITS.findall(other) or not first or not second:
        return False
    if "".join(first) == "".join(second):
        return True
    if len(first) != len(second):
        return False
    differing = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return len(differing) == 1 and _is_slip(*differing[0])


def _words(value: str) -> list[str]:
    """The value's words in lower case, short forms written out."""
    return [_SHORT_FORMS.get(word, word) for word in _SEPARATORS.split(value.casefold()) if word]


def _is_slip(one: str, other: str) -> bool:
    if not (one.isalpha() and other.isalpha()) or min(len(one), len(other)) < _SHORTEST or one[0] != other[0]:
        return False
    allowed = _SLIPS if min(len(one), len(other)) >= _LONG else 1
    return OSA.distance(one, other, score_cutoff=allowed) <= allowed
