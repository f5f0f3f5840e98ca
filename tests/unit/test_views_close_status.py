"""How far the close is: what is first in line, and the button that goes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.slack.views.close_status import close_status_message
from core.period import Cycle
from core.services.close_status import MonthStatus
from core.store.reconciliation_rows import StoredReconciliation
from tests.support.shown import buttons, refused
from tests.support.standings import MADRID, NOON, dollars

OCTOBER, SEPTEMBER = Cycle(2026, 10), Cycle(2026, 9)


def a_month(provider: str, month: Cycle, spent: float, **changes: Any) -> MonthStatus:
    return replace(MonthStatus(provider, month, dollars(spent), False, None, None), **changes)


def closed(provider: str, month: Cycle) -> MonthStatus:
    amount = dollars(100)
    kept = StoredReconciliation(provider, month, 1, "U0FARAH", NOON, "ab", {}, {}, amount, amount, 0, closed_at=NOON)
    return a_month(provider, month, 100, has_invoice=True, kept=kept)


def test_whoever_never_closed_a_month_begins_with_the_latest_and_dearest():
    shown = close_status_message(
        [a_month("anthropic", OCTOBER, 900), a_month("openai", OCTOBER, 100), a_month("openai", SEPTEMBER, 2000)],
        reader=MADRID,
    )
    assert not refused(shown)
    assert "anthropic October 2026 waits for its invoice" in shown["text"]
    assert next(iter(buttons(shown).values()))[1] == "anthropic 2026-10"


def test_once_one_is_closed_the_oldest_comes_first_and_the_button_brings_its_invoice():
    shown = close_status_message(
        [closed("openai", OCTOBER), a_month("google", OCTOBER, 5), a_month("openai", SEPTEMBER, 1)], reader=MADRID
    )
    assert "openai September 2026 waits for its invoice" in shown["text"]
    assert next(iter(buttons(shown).values()))[1] == "openai 2026-09"
