"""Usage events: disjoint classes out of overlapping counts, and what is refused with which words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.usage import EARLIEST
from tests.support.books import LATEST, NOON, an_event


@st.composite
def consistent_counts(draw: st.DrawFn) -> dict[str, int]:
    read, write, audio, plain = (draw(st.integers(0, 10**9)) for _ in range(4))
    reasoning, voice, text = (draw(st.integers(0, 10**9)) for _ in range(3))
    return {
        "input_tokens": read + write + audio + plain, "cache_read_tokens": read, "cache_write_tokens": write,
        "cache_write_1h_tokens": draw(st.integers(0, write)), "input_audio_tokens": audio,
        "output_tokens": reasoning + voice + text, "reasoning_tokens": reasoning, "output_audio_tokens": voice,
    }  # fmt: skip


@given(consistent_counts())
def test_disjoint_classes_add_up_to_what_was_sent(counts: dict[str, int]) -> None:
    event = an_event(**counts)
    found = event.classes()

    assert event.problem(LATEST) is None
    assert min(found) >= 0
    assert found.input_total == counts["input_tokens"]
    assert found.output_total == counts["output_tokens"]
    assert found.cache_write + found.cache_write_1h == counts["cache_write_tokens"]


@given(st.dictionaries(st.sampled_from([
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "input_audio_tokens",
    "output_tokens", "reasoning_tokens", "output_audio_tokens",
]), st.integers(0, 5)))  # fmt: skip
def test_an_event_is_refused_exactly_when_a_class_would_be_negative(counts: dict[str, int]) -> None:
    event = an_event(**({"input_tokens": 0, "output_tokens": 0} | counts))

    assert (event.problem(LATEST) is None) == (min(event.classes()) >= 0)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"cache_read_tokens": 1001}, "cache_read_tokens exceeds input_tokens"),
        ({"cache_write_tokens": 1001}, "cache_write_tokens exceeds input_tokens"),
        ({"input_audio_tokens": 1001}, "input_audio_tokens exceeds input_tokens"),
        ({"cache_read_tokens": 600, "cache_write_tokens": 600}, "together exceed input_tokens"),
        ({"cache_write_1h_tokens": 1}, "cache_write_1h_tokens exceeds cache_write_tokens"),
        ({"reasoning_tokens": 101}, "reasoning_tokens exceeds output_tokens"),
        ({"output_audio_tokens": 101}, "output_audio_tokens exceeds output_tokens"),
        ({"reasoning_tokens": 60, "output_audio_tokens": 60}, "together exceed output_tokens"),
        ({"at": datetime(2026, 11, 24, 12, 0)}, "no time zone"),
        ({"at": LATEST + timedelta(seconds=1)}, "lies in the future"),
        ({"at": EARLIEST - timedelta(seconds=1)}, "before 2020"),
    ],
)
def test_what_cannot_be_booked_is_refused_in_words(fields: dict[str, Any], says: str) -> None:
    problem = an_event(**fields).problem(LATEST)

    assert problem is not None
    assert says in problem


@pytest.mark.parametrize("at", [LATEST, EARLIEST, NOON.astimezone(timezone(timedelta(hours=14)))])
def test_the_edges_of_time_are_accepted(at: datetime) -> None:
    assert an_event(at=at).problem(LATEST) is None
