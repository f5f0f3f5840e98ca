"""List prices: compiled rates agree with `genai_prices.calc_price` to the nano, and what it does not know is unpriced."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.list_prices import list_rates, price_context, providers_of, similar_models
from core.usage import UsageEvent
from tests.support.books import NOON, an_event
from tests.support.price_list import (
    MODELS,
    TIERS,
    changes_of,
    context_thresholds,
    our_nanos,
    reference_nanos,
    tiers_of,
)
from tests.support.thorough import cases

EVERY_CLASS = {
    "input_tokens": 5003, "cache_read_tokens": 3001, "cache_write_tokens": 777, "cache_write_1h_tokens": 333,
    "input_audio_tokens": 55, "output_tokens": 4001, "reasoning_tokens": 1000, "output_audio_tokens": 71, "web_searches": 3,
}  # fmt: skip
PLAIN = {"input_tokens": 1001, "output_tokens": 77}


def disagreement(event: UsageEvent) -> list[tuple[str, str, str, str, int | None, int | None]]:
    if event.provider == "openai":
        # The list has no price for its long cache writes; ours for them is tested in test_intake_other_units.
        event = msgspec.structs.replace(event, cache_write_1h_tokens=0)
    ours, reference = our_nanos(event), reference_nanos(event)
    return [] if ours == reference else [(event.provider, event.model, event.tier, str(event.at), ours, reference)]


def test_every_model_of_the_list_costs_what_the_list_says() -> None:
    assert len(MODELS) > 2000
    wrong = []
    for provider, model in MODELS:
        for tokens in (PLAIN, EVERY_CLASS):
            wrong += disagreement(an_event(provider=provider, model=model.id, **tokens))

    assert wrong == []


def test_every_tier_costs_what_the_list_says() -> None:
    wrong, found = [], set()
    for provider, model in MODELS:
        for tier in tiers_of(model):
            found.add(tier)
            wrong += disagreement(an_event(provider=provider, model=model.id, tier=tier, **EVERY_CLASS))

    assert wrong == []
    assert found == set(TIERS)


def test_around_every_dated_change_the_price_of_that_second_holds() -> None:
    wrong, moments = [], 0
    for provider, model in MODELS:
        for at in changes_of(model):
            for tier in tiers_of(model):
                moments += 1
                wrong += disagreement(an_event(provider=provider, model=model.id, at=at, tier=tier, **EVERY_CLASS))

    assert wrong == []
    assert moments > 500


def test_around_every_context_threshold_the_whole_request_pays_one_band() -> None:
    wrong, thresholds = [], 0
    for provider, model in MODELS:
        for above in context_thresholds(model):
            for size in (above - 1, above, above + 1):
                thresholds += 1
                tokens = {"input_tokens": size, "cache_read_tokens": size // 3, "output_tokens": 500}
                wrong += disagreement(an_event(provider=provider, model=model.id, **tokens))

    assert wrong == []
    assert thresholds > 50


@st.composite
def any_events(draw: st.DrawFn) -> UsageEvent:
    """Any model, tier and second of three years, with any mix of tokens."""
    provider, model = draw(st.sampled_from(MODELS))
    sizes = [size + off for size in context_thresholds(model) for off in (-1, 0, 1)]
    total = draw(st.one_of(st.integers(0, 3_000_000), *([st.sampled_from(sizes)] if sizes else [])))
    parts = [draw(st.integers(0, total))]
    for _ in range(2):
        parts.append(draw(st.integers(0, total - sum(parts))))
    read, write, audio = draw(st.permutations(parts))
    output = draw(st.integers(0, 500_000))
    reasoning = draw(st.integers(0, output))
    return an_event(
        provider=provider,
        model=draw(st.sampled_from([model.id, model.id.upper()])),
        tier=draw(st.sampled_from(TIERS)),
        at=datetime(2024, 6, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 3 * 365 * 86_400))),
        input_tokens=total, cache_read_tokens=read, cache_write_tokens=write, input_audio_tokens=audio,
        cache_write_1h_tokens=draw(st.integers(0, write)), output_tokens=output, reasoning_tokens=reasoning,
        output_audio_tokens=draw(st.integers(0, output - reasoning)), web_searches=draw(st.integers(0, 20)),
    )  # fmt: skip


@settings(max_examples=cases(300))
@given(any_events())
def test_any_mix_of_tokens_at_any_time_costs_what_the_list_says(event: UsageEvent) -> None:
    assert disagreement(event) == []


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-99-unheard-of"), ("acme-ai", "gpt-4.1"), ("openai", "claude-sonnet-4-5"), ("", "no such thing")],
)
def test_what_the_list_does_not_know_is_unpriced(provider: str, model: str) -> None:
    assert list_rates(provider, model, "standard", NOON.date()) == ()


def test_a_tier_without_prices_of_its_own_costs_the_list_price() -> None:
    assert list_rates("openai", "gpt-4.1", "scale", NOON.date()) == list_rates("openai", "gpt-4.1", "", NOON.date())


@pytest.mark.parametrize("name", ["", "standard", "Default", " auto "])
def test_the_plain_tiers_are_the_list_price(name: str) -> None:
    assert price_context(name) == {}


def test_batch_costs_half_where_the_provider_says_so() -> None:
    event = an_event(model="gpt-4.1", input_tokens=1_000_000, output_tokens=0)

    assert our_nanos(event) == 2_000_000_000
    assert our_nanos(an_event(model="gpt-4.1", tier="batch", input_tokens=1_000_000, output_tokens=0)) == 1_000_000_000


def test_a_model_with_off_peak_prices_has_several_rates_a_day() -> None:
    rates = list_rates("deepseek", "deepseek-chat", "standard", date(2025, 3, 1))

    assert len(rates) > 1
    assert [start for start, _ in rates] == sorted(start for start, _ in rates)


def test_a_misspelt_model_gets_its_likely_names_and_provider() -> None:
    assert "gpt-4.1" in similar_models("openai", "gpt-4.1x")
    assert providers_of("gpt-4.1") == ("openai",)
    assert providers_of("no such thing") == ()
