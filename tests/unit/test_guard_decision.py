"""The decision itself: worst cases, holds, what was learned, and the words of each answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients import rates as client_rates
from bot.web.guard_bodies import Model, told_rate
from core.degradation import Degradation
from core.envelope import Entry, EntryKind, Envelope, Terms
from core.errors import OutOfRange
from core.guard import Answer, Offer, Posture, Used, decide, posture_of
from core.holds import Ask, Learned, ceiling_rate, hold_for, least_hold, overrun_of, worst_cost
from core.list_prices import list_rates
from core.people import People
from core.period import Cycle
from core.rates import Rate
from core.usage import TokenClasses
from tests.support.books import ANA, FARAH, NOON, SAM

CENT = 10_000_000
MODELS = [
    ("openai", "gpt-4.1"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-pro"),
    ("openai", "gpt-4o-audio-preview"),
]
TOKENS = st.integers(0, 1_000_000)
LEARNED = st.builds(
    Learned,
    st.lists(st.integers(0, 200_000), max_size=64).map(tuple),
    st.lists(st.integers(0, 50_000), max_size=64).map(tuple),
)


def rate_of(provider: str = "openai", model: str = "gpt-4.1") -> Rate:
    return list_rates(provider, model, "standard", date(2026, 11, 24))[0][1]


def a_posture(limit: int | None = 100 * CENT, **fields: object) -> Posture:
    return Posture("search", limit, **fields)  # type: ignore[arg-type]


def an_offer(model: str = "gpt-4.1", learned: Learned | None = None) -> Offer:
    return Offer("openai", model, rate_of(model=model), learned or Learned())


ONE_CENT = Ask(TokenClasses(1000), 1000)


@given(st.sampled_from(MODELS), TOKENS, TOKENS, st.data())
def test_no_answer_within_its_limit_costs_more_than_the_worst_case(
    model: tuple[str, str], stated: int, limit: int, data: st.DataObject
) -> None:
    rate = rate_of(*model)
    output = data.draw(st.integers(0, limit))
    reasoning = data.draw(st.integers(0, output))
    cached = data.draw(st.integers(0, stated))

    used = TokenClasses(stated - cached, cache_read=cached, output=output - reasoning, reasoning=reasoning)

    assert rate.cost(used) <= worst_cost(rate, TokenClasses(stated), limit)


@given(st.sampled_from(MODELS), TOKENS, st.none() | TOKENS, LEARNED, st.integers(-CENT, 1000 * CENT))
def test_a_hold_fits_into_what_is_left_and_covers_what_was_stated(
    model: tuple[str, str], tokens: int, limit: int | None, learned: Learned, left: int
) -> None:
    rate, ask = rate_of(*model), Ask(TokenClasses(tokens), limit)

    size = hold_for(rate, ask, learned, left)

    if size is None:
        assert least_hold(rate, ask, learned) > left
    elif size.held_nanos:
        assert size.held_nanos <= left
        assert size.held_nanos >= worst_cost(rate, ask.input, size.max_output_tokens)
        assert size.max_output_tokens == limit or limit is None


@given(st.sampled_from(MODELS), st.data())
def test_a_lessee_reckons_as_the_books_do(model: tuple[str, str], data: st.DataObject) -> None:
    rate = rate_of(*model)
    theirs = client_rates.Rate.read(told_rate(Model(*model), rate))
    amounts = {
        name: data.draw(st.integers(0, 300_000)) for name in ("input", "read", "write", "hour", "output", "reasoning")
    }
    read = min(amounts["input"], amounts["read"])
    write = min(amounts["input"] - read, amounts["write"])
    hour, reasoning = min(write, amounts["hour"]), min(amounts["output"], amounts["reasoning"])
    event = {
        "input_tokens": amounts["input"], "cache_read_tokens": read, "cache_write_tokens": write,
        "cache_write_1h_tokens": hour, "output_tokens": amounts["output"], "reasoning_tokens": reasoning,
    }  # fmt: skip
    classes = TokenClasses(
        amounts["input"] - read - write, read, write - hour, hour, 0, amounts["output"] - reasoning, reasoning
    )

    assert theirs is not None
    assert theirs.cost(client_rates.classes_of(event)) == rate.cost(classes)
    assert 0 <= theirs.worst(amounts["input"], amounts["output"]) - worst_cost(
        rate, TokenClasses(amounts["input"]), amounts["output"]
    ) <= 1  # fmt: skip


def test_one_surprise_raises_the_hold_at_once_and_fades_when_it_stays_alone() -> None:
    calm = Learned(overruns=(1000,) * 64)
    surprised = calm.with_request(output_tokens=10, was_cut_off=False, overrun=2500)
    after = surprised
    for _ in range(8):
        after = after.with_request(output_tokens=10, was_cut_off=False, overrun=1000)

    assert [known.raised(CENT) for known in (calm, surprised, after)] == [CENT, 25_000_000, CENT]


def test_understatement_seen_often_stays_in_the_hold() -> None:
    assert Learned(overruns=(1000,) * 50 + (1500,) * 6 + (1000,) * 8).raised(CENT) == CENT * 3 // 2


def test_what_cost_less_than_stated_lowers_no_hold() -> None:
    assert Learned(overruns=(200,) * 64).raised(CENT) == CENT


def test_an_absurd_surprise_is_bounded() -> None:
    assert Learned(overruns=(10_000_000,)).raised(CENT) == 20 * CENT


def test_overrun_is_told_in_per_mille_rounded_up() -> None:
    assert (overrun_of(3, 4), overrun_of(CENT, CENT), overrun_of(0, 5)) == (1334, 1000, None)


def test_a_limit_is_the_hard_share_of_the_size_to_the_nano() -> None:
    cycle = Cycle(2026, 11)
    entry = Entry(cycle, EntryKind.OPENED, 333_333_333, ANA, NOON)
    terms = Terms(People(ANA, FARAH, SAM), hard_share=0.9, degrade=Degradation(model="gpt-4.1-mini"))

    posture = posture_of(Envelope(2, "search", terms, (entry,), 1), "search", cycle)
    bare = posture_of(Envelope(2, "search", replace(terms, degrade=None), (entry,), 1), "search", cycle)

    assert (posture.hard_nanos, posture.limit_nanos) == (299_999_999, 333_333_333)
    assert (posture.fallback, bare.hard_nanos, bare.limit_nanos) == ("gpt-4.1-mini", None, 299_999_999)


def test_everything_but_the_last_cent_is_spent_before_a_denial() -> None:
    assert decide(ONE_CENT, a_posture(), Used(99 * CENT), an_offer(), None).answer is Answer.ALLOW
    assert decide(ONE_CENT, a_posture(), Used(99 * CENT + 1), an_offer(), None).answer is Answer.DENY


def test_a_degraded_envelope_swaps_the_model_even_with_money_left() -> None:
    posture = a_posture(fallback="gpt-4.1-mini", is_degraded=True)

    verdict = decide(ONE_CENT, posture, Used(), an_offer(), an_offer("gpt-4.1-mini"))

    assert (verdict.answer, verdict.model) == (Answer.DEGRADE, "gpt-4.1-mini")
    assert verdict.reason == "search is degraded to gpt-4.1-mini"


def test_a_stopped_envelope_lets_through_only_what_is_free() -> None:
    posture = a_posture(is_stopped=True)
    free = Offer("local", "llama-9", ceiling_rate(0, 0), Learned())

    denied = decide(ONE_CENT, posture, Used(), an_offer(), None)

    assert denied.reason == "search was stopped by its sponsor. Ask its sponsor with `/budget request search`."
    assert decide(ONE_CENT, posture, Used(), free, None).answer is Answer.ALLOW


def test_an_overdrawn_envelope_denies_and_says_that_nothing_is_left() -> None:
    verdict = decide(ONE_CENT, a_posture(), Used(150 * CENT), an_offer(), None)

    assert "has $0 left of $1" in verdict.reason
    assert not verdict.is_held


def test_counts_that_no_request_has_are_refused() -> None:
    for wrong in (TokenClasses(-1), TokenClasses(100_000_001)):
        with pytest.raises(OutOfRange):
            Ask(wrong, 10)
    with pytest.raises(OutOfRange, match="Check the units"):
        worst_cost(ceiling_rate(10**15, 10**15), TokenClasses(100_000_000), 0)
