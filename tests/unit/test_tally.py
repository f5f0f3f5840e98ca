"""Sums in arrays are the sums of the rows, however many blocks these came in."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from core.closing import tally
from core.closing.tally import Tally


def test_blocks_add_up_to_what_single_rows_add_up_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tally, "_BLOCK", 7)
    monkeypatch.setattr(tally, "_LEAST", 20)
    rng, made, expected = Random(1), Tally(3), Counter[tuple[int, int]]()
    for _ in range(500):
        start, label, amount = rng.randrange(0, 100_000), rng.randrange(3), rng.randint(-5, 10**15)
        made.add((start, label, amount))
        expected[start - start % 3_600, label] += amount
    found = {(start, label): amount for start, label, amount in made.sums(3_600).tolist()}
    assert found == expected
    assert list(found) == sorted(found)


def test_nothing_adds_up_to_nothing():
    made = Tally(4)
    assert not made
    assert made.sums(60).shape == (0, 4)
