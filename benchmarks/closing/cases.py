"""Cases: a month, one or more causes of realistic size, and the truth about each. Seeded: a number always makes the same case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from benchmarks.closing.bills import written
from benchmarks.closing.causes import ANTHROPIC, BY_NAME, CAUSES, OPEN, OPENAI
from benchmarks.closing.month import CannotPlant, Month
from benchmarks.closing.usage_file import native_lines

MONTHS: Final = tuple(date(2026, month, 1) for month in range(1, 11))
SMALLEST, LARGEST = 0.002, 0.30
"""Sizes of a planted cause as a share of the clean bill."""
_DRAWS: Final = 60


@dataclass(frozen=True, slots=True)
class Case:
    """What is handed to the close, and what is true about it.

    Attributes:
      usage: native usage events, one JSON object a line.
      bill: the invoice's bytes; `suffix` is what its file is called by.
      planted: cause → nanos; together they are the gap to the nano, but for the bill's own last digits.
    """

    seed: int
    provider: str
    month: str
    form: str
    usage: bytes
    bill: bytes
    suffix: str
    planted: dict[str, int]
    estimate_nanos: int
    invoice_nanos: int


def case(seed: int, names: Sequence[str], *, form: str | None = None) -> Case:
    """The case of this number with these causes planted; none for a month that agrees.

    Args:
      form: the bill's format; drawn among those in which the causes can show when it is not given.
    """
    for draw in range(_DRAWS):
        rng = Random(f"{seed}/{'+'.join(names)}/{draw}")
        try:
            month = _month(names, form, rng)
        except CannotPlant:
            continue
        bill, suffix = written(month)
        return Case(
            seed, month.provider, f"{month.first:%Y-%m}", month.form, native_lines(month), bill, suffix, month.planted,
            month.estimate_nanos, month.invoice_nanos,
        )  # fmt: skip
    raise CannotPlant(f"{', '.join(names)} did not fit into one month in {_DRAWS} draws")


def _month(names: Sequence[str], form: str | None, rng: Random) -> Month:
    ways = {name: rng.choice(BY_NAME[name].ways) for name in names}
    forms = [
        one for one in ((form,) if form else (*OPENAI, *ANTHROPIC, *OPEN)) if all(one in seen for _, seen in ways.values())
    ]  # fmt: skip
    if not forms:
        raise CannotPlant
    chosen = rng.choice(forms)
    provider = (
        "openai" if chosen in OPENAI else "anthropic" if chosen in ANTHROPIC else rng.choice(("openai", "anthropic"))
    )
    month = Month.made(provider, rng.choice(MONTHS), chosen, rng)
    for cause in CAUSES:
        if cause.name not in ways:
            continue
        before = month.gap_nanos
        ways[cause.name][0](month, math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST))))
        moved = month.gap_nanos - before
        if not SMALLEST <= abs(moved) / month.clean_nanos <= LARGEST:
            raise CannotPlant
        month.planted[cause.name] = moved
    return month


def single_cases(count: int, first: int = 0) -> list[tuple[int, tuple[str, ...]]]:
    """Numbers, from `first`, and causes of `count` cases with one cause each, every cause equally often."""
    return [(seed, (CAUSES[seed % len(CAUSES)].name,)) for seed in range(first, first + count)]


def triple_cases(count: int, first: int = 0) -> list[tuple[int, tuple[str, ...]]]:
    """Numbers, from `first`, and causes of `count` cases with three different causes each, every pair about equally often.

    A few draws cannot be planted in any month, because no provider sells all three; `case` then raises.
    """
    names = [cause.name for cause in CAUSES]
    return [(seed, tuple(Random(f"three/{seed}").sample(names, 3))) for seed in range(first, first + count)]
