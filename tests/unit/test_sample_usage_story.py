"""The demo company's usage tells what the demo needs: plausible money, strays, one overrun, one runaway."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from genai_prices import Usage, calc_price

from sandbox.company import BOT_USER, channels, users
from sandbox.usage import WORKLOADS, Workload, events, runaway

ANCHOR = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN_KEYS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)
UNPRICED = "acme-ft-ranker-7b"

Event = dict[str, Any]


@cache
def month_of(anchor: date) -> list[Event]:
    first = datetime(anchor.year, anchor.month, 1, tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    return list(events(first, following, anchor=anchor))


@cache
def class_prices(provider: str, model: str) -> dict[str, Decimal]:
    """List price in dollars of one token of each key; the cache keys as what they add to plain input."""

    def price(**usage: int) -> Decimal:
        return calc_price(Usage(**usage), model_ref=model, provider_id=provider).total_price / 1000

    plain = price(input_tokens=1000)
    prices = {
        "input_tokens": plain,
        "cache_read_tokens": price(input_tokens=1000, cache_read_tokens=1000) - plain,
        "output_tokens": price(output_tokens=1000),
    }
    if provider == "anthropic":
        written = price(input_tokens=1000, cache_write_tokens=1000)
        kept = price(input_tokens=1000, cache_write_tokens=1000, cache_write_1h_tokens=1000)
        prices |= {"cache_write_tokens": written - plain, "cache_write_1h_tokens": kept - written}
    return prices


def usd(found: Iterable[Event]) -> float:
    """Dollars at list price, requests priced below any long-context tier; the unpriced model counts nothing."""
    tokens: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for event in found:
        if event["model"] != UNPRICED:
            tokens[event["provider"], event["model"]].update({key: event[key] for key in TOKEN_KEYS})
    return float(
        sum(counts[key] * price for served, counts in tokens.items() for key, price in class_prices(*served).items())
    )


def matching(event: Event) -> list[str]:
    return [w.name for w in WORKLOADS if all(event["tags"].get(key) == value for key, value in w.rules)]


def usd_by_workload(found: Iterable[Event]) -> dict[str, float]:
    """Dollars of each workload; those that no rules match stand under the empty name."""
    claimed: dict[str, list[Event]] = defaultdict(list)
    for event in found:
        claimed[next(iter(matching(event)), "")].append(event)
    return {name: usd(own) for name, own in claimed.items()}


def workload(name: str) -> Workload:
    return next(w for w in WORKLOADS if w.name == name)


def test_every_priced_model_is_known_to_its_provider():
    served = {(event["provider"], event["model"]) for event in month_of(ANCHOR)}
    priced = {pair for pair in served if pair[1] != UNPRICED}

    assert len(priced) >= 10
    for provider, model in priced:
        found = calc_price(Usage(input_tokens=1000, output_tokens=100), model_ref=model, provider_id=provider)
        assert found.total_price > 0


def test_the_ranker_has_no_price_and_no_workload():
    ranker = [event for event in month_of(ANCHOR) if event["model"] == UNPRICED]

    assert ranker
    assert all(matching(event) == [] and event["tags"]["team"] == "search" for event in ranker)
    with pytest.raises(LookupError):
        calc_price(Usage(input_tokens=1000), model_ref=UNPRICED, provider_id="internal")


def test_no_event_matches_two_workloads_and_every_workload_spends():
    found = [matching(event) for event in month_of(ANCHOR)]

    assert max(map(len, found)) == 1
    assert {name for names in found for name in names} == {w.name for w in WORKLOADS}


def test_strays_look_like_life():
    strays = [event["tags"] for event in month_of(ANCHOR) if not matching(event)]

    assert {} in strays
    assert any(set(tags) == {"project"} for tags in strays)
    assert {"prod", "prodution"} <= {tags.get("environment") for tags in strays}


@pytest.mark.parametrize("anchor", [date(2026, 11, 17), date(2026, 12, 5), date(2027, 2, 14), date(2027, 8, 31)])
def test_a_demo_month_costs_what_a_company_could_pay(anchor: date):
    spent = usd_by_workload(month_of(anchor))
    total = sum(spent.values())

    assert 40_000 <= total <= 60_000
    assert 0.04 <= spent[""] / total <= 0.08
    assert 11_000 <= max(spent.values()) <= 16_000
    assert 100 <= min(spent.values()) <= 250


@pytest.mark.parametrize("anchor", [date(2026, 11, 17), date(2027, 2, 14), date(2027, 8, 31)])
def test_search_answers_overruns_and_sales_emails_falls(anchor: date):
    spent = usd_by_workload(month_of(anchor))
    first = datetime(anchor.year, anchor.month, 1, tzinfo=UTC)
    two_before = list(events(first - timedelta(days=61), first - timedelta(days=31), anchor=anchor))

    assert spent["search-answers"] > 1.05 * (workload("search-answers").envelope_usd or 0)
    assert spent["sales-emails"] < 0.8 * usd_by_workload(two_before)["sales-emails"]


def test_every_other_envelope_holds_without_a_runaway():
    spent = usd_by_workload(month_of(ANCHOR))

    for w in WORKLOADS:
        if w.envelope_usd is not None and w.name != "search-answers":
            assert spent[w.name] < w.envelope_usd


def test_support_writes_and_reads_its_cache():
    support = [e for e in month_of(ANCHOR) if matching(e) == ["support-assistant"]]
    total = {key: sum(event[key] for event in support) for key in TOKEN_KEYS}

    assert total["cache_read_tokens"] > 0.5 * total["input_tokens"]
    assert total["cache_write_tokens"] > 0.1 * total["input_tokens"]
    assert 0 < total["cache_write_1h_tokens"] < total["cache_write_tokens"]


def test_a_runaway_burns_twenty_times_the_usual_hour_of_its_workload():
    usual = usd_by_workload(month_of(ANCHOR))["research-agent"] / (30 * 24)
    loop = list(runaway(NOW, NOW + 10 * HOUR))

    assert {name for event in loop for name in matching(event)} == {"research-agent"}
    assert usd(loop) / 10 == pytest.approx(20 * usual, rel=0.2)


def test_people_and_channels_are_those_of_the_workspace():
    people = {user.id for user in users() if not user.deleted and not user.is_bot}
    joined = {channel.id for channel in channels() if BOT_USER in channel.members and not channel.is_archived}

    for w in WORKLOADS:
        assert {w.owner_id, w.finance_id, w.sponsor_id} <= people
        assert w.sponsor_id != w.owner_id
        assert w.channel_id in joined


def test_two_workloads_wait_for_their_envelope():
    assert {w.name for w in WORKLOADS if w.envelope_usd is None} == {"translation", "doc-summaries"}
