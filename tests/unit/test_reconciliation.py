"""Reconciliation: each cause by itself is named first and measured, on bills with and without quantities; and the laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.intake.record import CostLine
from core.money import NANOS
from core.reconciliation import CauseName
from core.usage import UsageEvent
from tests.support.causes import both, every_third, names_first
from tests.support.closing import (
    CREDIT,
    DAY,
    START,
    TAX,
    bill,
    calls,
    changed,
    discounted,
    event,
    line,
    reconciled,
)
from tests.support.thorough import cases


def test_identical_sides_have_no_gap_and_no_cause():
    served = calls()
    result = reconciled(map(event, served), bill(served))
    assert (result.gap_nanos // 10_000, result.causes) == (0, ())


@both
def test_cached_input_at_full_price(with_quantity: bool):
    served = calls("openai")
    told = [event(call, cache_read_tokens=0) if call.project == "search" else event(call) for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity), "openai"), CauseName.CACHED_DOUBLE_COUNTED)


@both
def test_cached_input_counted_twice(with_quantity: bool):
    served = calls()
    told = [
        event(call, input_tokens=event(call).input_tokens + call.tokens["cache_read"]) if call.project == "search" else event(call)
        for call in served
    ]  # fmt: skip
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.CACHED_DOUBLE_COUNTED)


@both
def test_cache_writes_that_the_books_count_as_plain_input(with_quantity: bool):
    served = calls()
    told = [event(call, cache_write_tokens=0) for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.CACHE_WRITE_IGNORED)


@both
def test_cache_writes_that_the_books_never_saw(with_quantity: bool):
    served = calls()
    told = [
        event(call, cache_write_tokens=0, input_tokens=event(call).input_tokens - call.tokens["cache_write"])
        for call in served
    ]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.CACHE_WRITE_IGNORED)


@both
def test_the_lifetime_of_cache_writes_unknown(with_quantity: bool):
    served = changed(
        calls(), lambda call: {"cache_write": 0, "cache_write_1h": call.tokens["cache_write"]}, of=every_third
    )
    told = [event(call, cache_write_1h_tokens=0) for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.CACHE_TTL_UNKNOWN)


@both
def test_reasoning_that_the_books_missed(with_quantity: bool):
    served = changed(
        calls(), lambda call: {"output": 3 * call.tokens["output"]}, of=lambda call: "sonnet" in call.model
    )
    told = [
        event(call, output_tokens=call.tokens["output"] // 3) if "sonnet" in call.model else event(call)
        for call in served
    ]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.REASONING_MISSED)


@both
@pytest.mark.parametrize("guess", [(0, 0), (4, 3)], ids=["none", "guessed"])
def test_streams_without_usage(with_quantity: bool, guess: tuple[int, int]):
    served = calls()
    blank = {"cache_read_tokens": 0, "cache_write_tokens": 0, "input_tokens": guess[0], "output_tokens": guess[1]}
    told = [
        event(call, **blank) if call.number % 5 == 0 and call.project == "support" else event(call) for call in served
    ]
    result = reconciled(told, bill(served, with_quantity=with_quantity))
    names_first(result, CauseName.STREAM_WITHOUT_USAGE, within=0.15)


@both
@pytest.mark.parametrize("has_ids", [True, False], ids=["response ids", "twins"])
def test_calls_captured_twice(with_quantity: bool, has_ids: bool):
    served = calls()
    told = [event(call) if has_ids else event(call, response_id=None) for call in served]
    again = [
        msgspec.structs.replace(one, id=f"{one.id}-again")
        for one, call in zip(told, served, strict=True)
        if call.project == "search"
    ]
    names_first(reconciled([*told, *again], bill(served, with_quantity=with_quantity)), CauseName.DOUBLE_CAPTURE)


@both
def test_audio_priced_as_text(with_quantity: bool):
    spoken = {"input_uncached": 900, "input_audio": 4_000, "output": 80, "output_audio": 700}
    served = [
        replace(call, model="gpt-realtime", tokens=spoken) if every_third(call) else call for call in calls("openai")
    ]
    told = [event(call, input_audio_tokens=0, output_audio_tokens=0) for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity), "openai"), CauseName.MODALITY)


@both
def test_clocks_in_another_time_zone(with_quantity: bool):
    served = [*calls(), *(replace(call, at=call.at - 30 * DAY, number=call.number + 10_000) for call in calls(seed=8))]
    told = [event(call, at=call.at - timedelta(hours=6)) for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.DAY_EDGES)


@both
def test_usage_of_the_last_days_that_came_late(with_quantity: bool):
    served = calls()
    told = [event(call) for call in served if call.at < START + 28 * DAY or call.number % 3]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.LATE_DATA)


def test_a_bill_that_was_drawn_up_before_the_last_day_was_closed():
    served = calls()
    lines = discounted(bill(served), "0", of=lambda one: one.starts_at >= START + 29 * DAY)
    names_first(reconciled(map(event, served), lines), CauseName.LATE_DATA)


def test_a_correction_of_an_earlier_month_is_late_data():
    served = calls()
    late = line(correction=True, billed_nanos=5 * NANOS, starts_at=START - DAY, ends_at=START, billing_starts_at=START)
    names_first(reconciled(map(event, served), [*bill(served), late]), CauseName.LATE_DATA, 5 * NANOS)


@both
def test_retries_that_nobody_counted(with_quantity: bool):
    served = calls(a_day=80)
    told = [event(call) for call in served if Random(call.number).random() > 0.015]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.RETRIES, within=0.25)


@both
def test_a_key_that_no_usage_names(with_quantity: bool):
    served = calls()
    hidden = [replace(call, project="playground", number=call.number + 5_000) for call in calls(a_day=3, seed=9)]
    result = reconciled(map(event, served), bill([*served, *hidden], with_quantity=with_quantity))
    names_first(result, CauseName.UNTRACKED_KEY)
    assert result.causes[0].details["projects"] == ["playground"]


def mocks(count: int) -> list[UsageEvent]:
    return [
        UsageEvent(id=f"m-{n}", at=START + n * timedelta(minutes=9), provider="anthropic", model="claude-sonnet-4-5",
                   input_tokens=10, output_tokens=20, tags={"project": "search"}) for n in range(count)
    ]  # fmt: skip


@both
def test_mocks_among_the_usage(with_quantity: bool):
    served = calls(a_day=4)
    names_first(
        reconciled([*map(event, served), *mocks(4_000)], bill(served, with_quantity=with_quantity)),
        CauseName.MOCK_TRAFFIC,
    )


@both
def test_a_bill_in_cents(with_quantity: bool):
    served = calls()
    names_first(
        reconciled(map(event, served), discounted(bill(served, with_quantity=with_quantity), "100")), CauseName.UNITS
    )


@both
@pytest.mark.parametrize("kept", [0.5, 0.8])
def test_a_collector_that_keeps_a_share_of_the_traces(with_quantity: bool, kept: float):
    served = calls(a_day=40)
    told = [event(call) for call in served if Random(call.number).random() < kept]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.SAMPLING, within=0.08)


def test_three_causes_together_are_told_apart():
    served = calls()
    told = [event(call, cache_write_tokens=0) for call in served]
    hidden = [replace(call, project="playground") for call in calls(a_day=2, seed=9)]
    lines = [*bill(served), *bill(hidden)]
    taxed = [*lines, line(category=TAX, description="VAT", billed_nanos=11 * NANOS)]
    found = {cause.name: cause.nanos for cause in reconciled(told, taxed).causes}
    assert found[CauseName.TAX] == 11 * NANOS
    assert found[CauseName.UNTRACKED_KEY] == pytest.approx(sum(one.billed_nanos for one in bill(hidden)), rel=0.01)
    assert set(found) == {CauseName.TAX, CauseName.UNTRACKED_KEY, CauseName.CACHE_WRITE_IGNORED}


@settings(max_examples=cases(15, least=5), deadline=None)
@given(st.lists(st.sampled_from(["late", "batch", "write", "price", "key", "credit"]), unique=True), st.randoms())
def test_causes_and_what_is_unexplained_are_the_gap_exactly_in_any_order_of_lines(planted: list[str], random: Random):
    served = calls(a_day=4)
    told = [event(call, cache_write_tokens=0) if "write" in planted else event(call) for call in served]
    lines: list[CostLine] = bill(
        [replace(call, tier="batch") if "batch" in planted and every_third(call) else call for call in served]
    )
    if "late" in planted:
        lines = discounted(lines, "0.3", of=lambda one: one.starts_at >= START + 29 * DAY)
    if "price" in planted:
        lines = discounted(lines, "1.3", of=lambda one: "haiku" in (one.model or ""))
    if "key" in planted:
        lines += bill([replace(call, project="other") for call in calls(a_day=2, seed=3)])
    if "credit" in planted:
        lines.append(line(category=CREDIT, description="Credit", billed_nanos=-NANOS))
    result = reconciled(told, lines)
    random.shuffle(lines)
    assert reconciled(told, lines) == result


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(["1.3", "1.15", "1.6"]))
def test_turning_a_planted_price_round_turns_its_cause_round(ratio: str):
    served = calls(a_day=4)
    dearer = discounted(bill(served), ratio, of=lambda one: "haiku" in (one.model or ""))
    cheaper = discounted(bill(served), str(2 - Decimal(ratio)), of=lambda one: "haiku" in (one.model or ""))
    up, down = (reconciled(map(event, served), lines).causes[0] for lines in (dearer, cheaper))
    assert up.name == down.name == CauseName.WRONG_PRICE
    assert up.nanos == pytest.approx(-down.nanos, rel=1e-6)
