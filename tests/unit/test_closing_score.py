"""The close keeps naming planted causes; a small sample of the benchmark, whose figures stand in benchmarks/RESULTS.md."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.closing.__main__ import reconciled, score
from benchmarks.closing.cases import case, triple_cases
from benchmarks.closing.scoring import Tally

ONES = ("cached_double_counted", "units", "batch_discount", "residency", "sampling", "tool_fees", "double_capture")


def scored(wanted: Iterable[tuple[int, tuple[str, ...]]], folder: Path) -> Tally:
    made = [case(seed, names) for seed, names in wanted]
    return score((one, reconciled(one, folder)) for one in made)


@pytest.mark.long
def test_a_planted_cause_is_named_first(tmp_path: Path) -> None:
    figures = scored([(700 + place, (name,)) for place, name in enumerate(ONES)], tmp_path).figures()
    assert figures["named_first"] >= 0.85
    assert figures["right_of_planted"] >= 0.9
    assert figures["refused"] == figures["not_adding_up"] == 0


@pytest.mark.long
def test_three_causes_together_get_their_dollars(tmp_path: Path) -> None:
    figures = scored(triple_cases(4), tmp_path).figures()
    assert figures["right_of_planted"] >= 0.8
    assert figures["false_of_gap"] <= 0.1
    assert figures["refused"] == figures["not_adding_up"] == 0
