"""Causes in what the provider charges by: tiers, fees, prices, discounts and what the bill names itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from core.money import NANOS
from core.reconciliation import CauseName
from tests.support.causes import both, every_third, names_first
from tests.support.closing import (
    ADJUSTMENT,
    CREDIT,
    DAY,
    START,
    TAX,
    Call,
    bill,
    calls,
    changed,
    discounted,
    event,
    line,
    reconciled,
)


@both
def test_batch_that_the_bill_names(with_quantity: bool):
    served = [replace(call, tier="batch") if every_third(call) else call for call in calls()]
    told = [event(call, tier="standard") for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.BATCH_DISCOUNT)


def test_batch_of_a_project_that_the_bill_does_not_name():
    served = calls()
    lines = discounted(bill(served), "0.5", of=lambda one: one.project == "search")
    names_first(reconciled(map(event, served), lines), CauseName.BATCH_DISCOUNT)


@both
def test_a_service_tier_that_the_bill_names(with_quantity: bool):
    served = [replace(call, tier="priority") if every_third(call) else call for call in calls("openai")]
    told = [event(call, tier="standard") for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity), "openai"), CauseName.SERVICE_TIER)


def test_long_context_that_sums_could_not_show():
    def is_long(call: Call) -> bool:
        return "sonnet" in call.model and call.number % 25 == 0

    served = changed(calls(), lambda _: {"input_uncached": 250_000}, of=is_long)
    told = [event(call, requests=2) if is_long(call) else event(call) for call in served]
    plain = bill(served)
    extra: dict[object, Decimal] = {}
    for call in filter(is_long, served):
        for name, tokens in call.tokens.items():
            price = {
                "input_uncached": 3,
                "cache_read": Decimal("0.3"),
                "cache_write": Decimal("3.75"),
                "output": Decimal("7.5"),
            }[name]
            key = (call.at.date(), name, call.project)
            extra[key] = extra.get(key, Decimal(0)) + tokens * Decimal(price) * 1000
    lines = [
        msgspec.structs.replace(
            one, billed_nanos=one.billed_nanos + round(extra.get((one.starts_at.date(), one.token_class, one.project), Decimal(0)))
        )
        if one.model and "sonnet" in one.model else one
        for one in plain
    ]  # fmt: skip
    names_first(reconciled(told, lines), CauseName.LONG_CONTEXT)


def test_a_tier_at_another_price_than_the_list_has_for_it():
    served = [
        replace(call, tier="priority", factor=Decimal("1.2")) if every_third(call) else call for call in calls("openai")
    ]
    told = [event(call, tier="standard") for call in served]
    names_first(reconciled(told, bill(served, with_quantity=False), "openai"), CauseName.SERVICE_TIER)


@both
def test_residency_that_the_bill_names(with_quantity: bool):
    served = [
        replace(call, region="us", factor=Decimal("1.1"))
        if call.project == "search"
        else replace(call, region="global")
        for call in calls()
    ]
    names_first(reconciled(map(event, served), bill(served, with_quantity=with_quantity)), CauseName.RESIDENCY)


@both
def test_residency_of_a_project_that_the_bill_does_not_name(with_quantity: bool):
    served = calls()
    lines = discounted(bill(served, with_quantity=with_quantity), "1.1", of=lambda one: one.project == "search")
    names_first(reconciled(map(event, served), lines), CauseName.RESIDENCY)


def test_tool_fees():
    served = calls()
    fees = [
        line(token_class="code_execution", billed_nanos=7 * NANOS),
        line(token_class="web_searches", billed_nanos=3 * NANOS),
    ]
    names_first(reconciled(map(event, served), [*bill(served), *fees]), CauseName.TOOL_FEES, 10 * NANOS)


@both
def test_fast_mode_that_the_bill_names(with_quantity: bool):
    served = [replace(call, tier="fast", factor=Decimal(2)) if every_third(call) else call for call in calls()]
    told = [event(call, tier="standard") for call in served]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.FAST_MODE)


@both
def test_a_discount_on_everything(with_quantity: bool):
    served = calls()
    lines = discounted(bill(served, with_quantity=with_quantity), "0.93")
    names_first(reconciled(map(event, served), lines), CauseName.DISCOUNT)


def test_a_discount_that_the_bill_tells_beside_list_prices():
    served = calls()
    lines = [
        msgspec.structs.replace(one, list_nanos=one.billed_nanos, billed_nanos=one.billed_nanos * 9 // 10)
        for one in bill(served)
    ]
    names_first(reconciled(map(event, served), lines), CauseName.DISCOUNT)


@pytest.mark.parametrize(
    ("category", "words", "cause", "dollars"),
    [
        (CREDIT, "Promotional credit", CauseName.CREDIT, -20), (TAX, "VAT 19 %", CauseName.TAX, 19),
        (ADJUSTMENT, "Rounding", CauseName.ROUNDING, 1), (CREDIT, "Committed use discount", CauseName.DISCOUNT, -8),
    ],
)  # fmt: skip
def test_what_the_bill_names_itself(category: object, words: str, cause: CauseName, dollars: int):
    served = calls()
    extra = line(category=category, description=words, billed_nanos=dollars * NANOS)
    names_first(reconciled(map(event, served), [*bill(served), extra]), cause, dollars * NANOS)


def test_free_tokens_at_the_beginning_are_a_credit():
    served = calls()
    lines = discounted(bill(served), "0", of=lambda one: one.starts_at < START + 4 * DAY)
    names_first(reconciled(map(event, served), lines), CauseName.CREDIT)


def test_lines_rounded_up_to_cents():
    served = calls(a_day=60)
    cent = NANOS // 100
    lines = [msgspec.structs.replace(one, billed_nanos=-(-one.billed_nanos // cent) * cent) for one in bill(served)]
    names_first(reconciled(map(event, served), lines), CauseName.ROUNDING)


@both
@pytest.mark.parametrize("ratio", ["1.2", "0.7", "1.5"])
def test_a_price_that_changed_within_the_month(with_quantity: bool, ratio: str):
    served = calls()
    lines = discounted(
        bill(served, with_quantity=with_quantity),
        ratio,
        of=lambda one: "sonnet" in (one.model or "") and one.starts_at >= START + 12 * DAY,
    )
    result = reconciled(map(event, served), lines)
    names_first(result, CauseName.WRONG_PRICE)
    assert result.causes[0].details["from_on"] == "2026-11-13"


def test_a_model_without_a_price_is_a_wrong_price():
    served = calls()
    unknown = [
        msgspec.structs.replace(event(call), model="our-finetune") if "haiku" in call.model else event(call)
        for call in served
    ]
    lines = [
        msgspec.structs.replace(one, model="our-finetune") if "haiku" in (one.model or "") else one
        for one in bill(served)
    ]
    names_first(reconciled(unknown, lines), CauseName.WRONG_PRICE)


@both
def test_an_alias_that_was_served_by_another_model(with_quantity: bool):
    served = calls()
    told = [
        event(call, model="claude-opus-4-5") if "haiku" in call.model and call.project == "search" else event(call)
        for call in served
    ]
    names_first(reconciled(told, bill(served, with_quantity=with_quantity)), CauseName.ALIAS)
