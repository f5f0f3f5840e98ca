"""`/budget export` as people type it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.command_forms import Export
from bot.slack.command_line import parse
from core.errors import BudgetError
from core.exporting.focus import Form
from core.period import Cycle

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "cycle", "form"),
    [
        ("export", Cycle(2026, 11), Form.FOCUS_1_2),
        ("export last month", Cycle(2026, 10), Form.FOCUS_1_2),
        ("export 2026-10 format=focus-1.4", Cycle(2026, 10), Form.FOCUS_1_4),
        ("export october csv", Cycle(2026, 10), Form.CSV),
        ("export format=FOCUS", Cycle(2026, 11), Form.FOCUS_1_2),
        ("export month=2026-09 as=csv", Cycle(2026, 9), Form.CSV),
    ],
)
def test_month_and_format_are_read_in_any_order(typed: str, cycle: Cycle, form: Form):
    assert parse(typed, today=TODAY) == Export(cycle, form)


@pytest.mark.parametrize(
    "typed",
    ["export 2026-12", "export format=xlsx", "export soon", "export provider=openai", "export format=focus-1.5"],
)
def test_a_refusal_carries_a_line_that_is_read(typed: str):
    with pytest.raises(BudgetError) as refused:
        parse(typed, today=TODAY)
    assert refused.value.correction
    assert isinstance(parse(refused.value.correction.removeprefix("/budget "), today=TODAY), Export)
