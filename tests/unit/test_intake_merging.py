"""Several sources describe one call: who counts, and what the others add."""

from __future__ import annotations

from core.intake.counts import TTL_UNKNOWN
from core.intake.merging import merge
from core.intake.record import Record, Trust
from core.usage import Quality
from tests.support.payloads import a_record


def merged(*records: Record) -> Record:
    (record,) = merge(records)
    return record


def test_records_without_a_response_id_stay_apart() -> None:
    assert len(merge([a_record("a", response_id=None), a_record("b", response_id=None)])) == 2


def test_the_more_trusted_source_wins_whatever_the_order() -> None:
    sdk = a_record("sdk", trust=Trust.PROVIDER_SDK, output_tokens=350)
    other = a_record("llm", trust=Trust.TRACELOOP, output_tokens=351)
    assert merged(sdk, other).event == merged(other, sdk).event
    assert merged(other, sdk).event.output_tokens == 350
    assert merged(other, sdk).merged_keys == ("llm",)


def test_measured_counts_beat_guessed_ones_of_a_more_trusted_source() -> None:
    guessed = a_record("sdk", trust=Trust.OFFICIAL_OTEL, quality=Quality.GUESSED, input_tokens=4, output_tokens=3)
    measured = a_record("lit", trust=Trust.OPENLIT)
    assert merged(guessed, measured).event.input_tokens == 2006


def test_guessed_counts_beat_none() -> None:
    missing = a_record("otel", quality=Quality.MISSING, input_tokens=0, output_tokens=0)
    guessed = a_record("lite", trust=Trust.LITELLM, quality=Quality.GUESSED, input_tokens=8, output_tokens=1)
    assert merged(missing, guessed).quality is Quality.GUESSED


def test_a_failure_never_hides_a_success() -> None:
    failed = a_record("sdk", trust=Trust.PROVIDER_SDK, failed=True, input_tokens=0, output_tokens=0)
    assert merged(failed, a_record("lite", trust=Trust.LITELLM)).event.input_tokens == 2006


def test_the_winner_learns_the_split_of_cache_lifetimes() -> None:
    unsure = a_record("otel", ttl_known=False, cache_write_tokens=1200)
    knowing = a_record("lit", trust=Trust.LITELLM, cache_write_tokens=1200, cache_write_1h_tokens=200)
    found = merged(unsure, knowing)
    assert (found.event.cache_write_1h_tokens, found.ttl_known) == (200, True)


def test_a_question_that_is_answered_is_no_longer_a_problem() -> None:
    unsure = Record(
        **{**_fields(a_record("otel", ttl_known=False, cache_write_tokens=1200)), "problems": (TTL_UNKNOWN,)}
    )
    knowing = a_record("lit", trust=Trust.LITELLM, cache_write_tokens=1200, cache_write_1h_tokens=200)
    assert TTL_UNKNOWN not in merged(unsure, knowing).problems


def test_the_winner_learns_tier_cost_searches_and_tags_but_keeps_its_own() -> None:
    best = a_record("otel", tier_known=False, tags={"team": "search"})
    other = a_record("lit", trust=Trust.LITELLM, tier="flex", cost_reported="0.5", web_searches=2,
                     tags={"team": "other", "feature": "chat"})  # fmt: skip
    event = merged(best, other).event
    assert (event.tier, event.cost_reported, event.web_searches) == ("flex", "0.5", 2)
    assert event.tags == {"team": "search", "feature": "chat"}


def test_a_tier_that_is_known_is_not_replaced() -> None:
    assert merged(a_record("a"), a_record("b", trust=Trust.LITELLM, tier="flex")).event.tier == "standard"


def test_a_missing_cache_split_is_learned_and_makes_the_counts_exact() -> None:
    partial = a_record("own", trust=Trust.VERCEL, quality=Quality.PARTIAL)
    exact = a_record("lit", trust=Trust.LITELLM, cache_read_tokens=1920)
    found = merged(partial, exact)
    assert (found.event.cache_read_tokens, found.quality) == (1920, Quality.EXACT)


def test_a_split_of_other_totals_is_not_taken() -> None:
    partial = a_record("own", trust=Trust.VERCEL, quality=Quality.PARTIAL, input_tokens=100)
    exact = a_record("lit", trust=Trust.LITELLM, cache_read_tokens=1920)
    assert merged(partial, exact).event.cache_read_tokens == 0


def test_three_descriptions_are_still_one_call_and_all_keys_are_kept() -> None:
    found = merged(
        a_record("lit", trust=Trust.OPENLIT),
        a_record("sdk", trust=Trust.PROVIDER_SDK),
        a_record("oi", trust=Trust.OPENINFERENCE),
    )
    assert (found.source_key, set(found.merged_keys)) == ("sdk", {"lit", "oi"})


def test_the_same_record_twice_is_no_pair() -> None:
    found = merged(a_record("a"), a_record("a"))
    assert (found.merged_keys, found.problems) == ((), ())


def _fields(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
