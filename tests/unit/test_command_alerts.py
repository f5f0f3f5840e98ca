"""`why-told`, `replay` and `quiet=` as people type them."""

from __future__ import annotations

from datetime import date

import pytest

from bot.slack.alert_forms import ReplayCommand, WhyTold
from bot.slack.command_forms import Set
from bot.slack.command_line import parse
from core.errors import BudgetError
from core.money import NANOS

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("why-told search-bot", WhyTold("search-bot")),
        ("whytold Search-Bot", WhyTold("search-bot")),
        ("replay search-bot", ReplayCommand("search-bot")),
        ("replay search-bot soft=70% hard=110%", ReplayCommand("search-bot", 0.7, 1.1)),
        ("replay soft=70 search-bot amount=$4k", ReplayCommand("search-bot", 0.7, None, 4_000 * NANOS)),
    ],
)
def test_alert_commands_are_read(line: str, read: object):
    assert parse(line, today=TODAY) == read


@pytest.mark.parametrize(
    "line", ["why-told", "replay", "replay a b", "replay a sofd=70%", "replay a soft=x", "replay a soft=1 soft=2", "replay a amount=€4"]
)  # fmt: skip
def test_a_refusal_carries_a_line_that_is_read(line: str):
    with pytest.raises(BudgetError) as refused:
        parse(line, today=TODAY)
    assert refused.value.correction
    parse(refused.value.correction.removeprefix("/budget "), today=TODAY)


def test_quiet_hours_are_an_option_of_set():
    read = parse("set search-bot quiet=22-7", today=TODAY)
    assert isinstance(read, Set)
    assert read.order is not None
    assert read.order.quiet == "22-7"
    with pytest.raises(BudgetError) as refused:
        parse("set search-bot quiet=night", today=TODAY)
    assert refused.value.correction == "/budget set search-bot quiet=22-7"
