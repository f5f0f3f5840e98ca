"""`/budget audit` and `/budget price`: facts with their source."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.views.audit import audit_message
from bot.slack.views.price import price_message
from core.money import NANOS
from core.rates import Band, NegotiatedPrice, Rate
from core.services.manage_prices import PriceInForce
from core.standing import AuditLine, AuditTrail
from core.usage import TokenClasses
from tests.support.shown import interpreted, refused, table, words
from tests.support.standings import ANA, FARAH, HOSTILE, MADRID, NOON, SAM

PRICES = TokenClasses(input_uncached=2 * NANOS, cache_read=NANOS // 2, output=8 * NANOS, web_searches=10_000 * NANOS)
RATE = Rate("genai-prices 0.0.50", (Band(-1, PRICES),))


def an_entry(seq: int = 9, actor: str = ANA, **detail: object) -> AuditLine:
    return AuditLine(seq, NOON, actor, "changed envelope", "search-answers", detail, "ab" * 32)


def test_an_entry_says_who_did_what_when_in_words():
    line = an_entry(
        usd="$5,000",
        nanos=5000 * NANOS,
        owner=ANA,
        deputy=None,
        channel="C0SEARCH",
        soft_share=0.8,
        holdback=0.0,
        revision=3,
    )
    row = table(audit_message(AuditTrail((line,), 1, None), reader=MADRID))[1]
    assert row[:5] == ["9", "24 Nov 2026, 13:00 CET", f"<@{ANA}>", "changed envelope", "search-answers"]
    assert row[5] == f"amount $5,000; owner <@{ANA}>; channel <#C0SEARCH>; soft 80%"


def test_a_loosening_keeps_its_mentions():
    line = an_entry(changes=["sponsor from <@U0SAM> to <@U0DANA>"])
    assert (
        table(audit_message(AuditTrail((line,), 1, None), reader=MADRID))[1][5]
        == "changes sponsor from <@U0SAM> to <@U0DANA>"
    )


def test_the_amount_comes_first_so_that_a_cut_cannot_hide_it():
    line = an_entry(channel="C0SEARCH", note="x" * 300, usd="$5,000")
    row = table(audit_message(AuditTrail((line,), 1, None), reader=MADRID))[1]
    assert row[5].startswith("amount $5,000; channel <#C0SEARCH>; note xxx")
    assert row[5].endswith("…")


def test_a_program_is_named_and_not_mentioned():
    assert (
        table(audit_message(AuditTrail((an_entry(actor="outlay import"),), 1, None), reader=MADRID))[1][2]
        == "outlay import"
    )


def test_a_broken_chain_is_said_first():
    text = audit_message(AuditTrail((an_entry(),), 9, 4), reader=MADRID)["text"]
    assert text.startswith("*The chain is broken at entry 4.*")


def test_a_whole_chain_is_said_too():
    said = words(audit_message(AuditTrail((an_entry(),), 9, None), reader=MADRID)["blocks"])
    assert "The newest 1 of 9 changes." in said
    assert "The chain is whole" in said


def test_no_changes_yet_is_an_answer():
    shown = audit_message(AuditTrail((), 0, None), reader=MADRID)
    assert shown["text"] == "Nothing has been changed yet."
    assert not refused(shown)


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_entries_break_nothing(typed: str):
    line = AuditLine(1, NOON, typed, typed, typed, {typed: typed, "changes": [typed], "list": [typed]}, "ab")
    assert not refused(audit_message(AuditTrail((line,) * 20, 20, None), reader=MADRID))


def test_a_price_is_shown_per_million_with_its_source():
    shown = price_message(PriceInForce("openai", "gpt-4.1", RATE, None, ()))
    said = words(shown["blocks"])
    assert shown["text"] == "*gpt-4.1* at openai: *$2* in, *$8* out per million tokens."
    assert "Source: genai-prices 0.0.50." in said
    assert "*Cache read*\n$0.50" in said
    assert "*Web searches*\n$10 per thousand" in said


def test_a_class_that_costs_like_its_side_is_not_repeated():
    prices = PRICES._replace(cache_write=PRICES.input_uncached, reasoning=PRICES.output, output_audio=20 * NANOS)
    said = words(price_message(PriceInForce("openai", "m", Rate("list", (Band(-1, prices),)), None, ()))["blocks"])
    assert "Cache write" not in said and "Reasoning" not in said
    assert "*Audio out*\n$20" in said


def test_a_price_for_more_than_a_million_tokens_is_scaled_back():
    rate = Rate(
        "marketplace", (Band(-1, TokenClasses(input_uncached=2_500 * NANOS, output=8_000 * NANOS)),), per=1_000_000_000
    )
    assert "*$2.50* in, *$8* out" in price_message(PriceInForce("x", "m", rate, None, ()))["text"]


def test_long_context_prices_are_told():
    rate = Rate("list", (Band(-1, PRICES), Band(200_000, TokenClasses(input_uncached=4 * NANOS, output=12 * NANOS))))
    said = words(price_message(PriceInForce("google", "gemini", rate, None, ()))["blocks"])
    assert "Above 200,000 input tokens the whole request pays $4 in, $12 out." in said


def test_a_negotiated_price_names_who_set_it_and_since_when():
    agreed = NegotiatedPrice("openai", "gpt-4.1", "standard", date(2026, 11, 1), (("output", 1),), FARAH)
    said = words(price_message(PriceInForce("openai", "gpt-4.1", RATE, agreed, ()))["blocks"])
    assert f"Negotiated: in force from 1 Nov 2026 (UTC), set by <@{FARAH}>, tier standard." in said


def test_a_model_without_a_price_is_a_problem_with_a_way_out():
    shown = price_message(PriceInForce("", "acme-ft-ranker-7b", None, None, ("acme-ranker",)))
    said = words(shown["blocks"])
    assert "has no known price, so its cost is missing from every sum" in shown["text"]
    assert "Did you mean acme-ranker?" in said
    assert "/budget price acme-ft-ranker-7b input=1.25 output=10" in said


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_models_break_nothing(typed: str):
    for rate in (RATE, None):
        shown = price_message(PriceInForce(typed, typed, rate, None, (typed,)))
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", f"<@{SAM}", "\u202e"))
