"""Lines as people type them behind `/budget`, on one day."""

from __future__ import annotations

import re
from datetime import date

import pytest

from bot.slack.command_line import parse
from core.errors import BudgetError

TODAY = date(2026, 11, 24)


def refusal_of(text: str) -> BudgetError:
    with pytest.raises(BudgetError) as caught:
        parse(text, today=TODAY)
    return caught.value


def as_slack_sends(line: str) -> str:
    """Slack resolves `@sam` and `#search-eng` when a pasted line is sent, and takes the command off."""
    line = re.sub(r"(?<![<\w])@([\w.-]+)", r"<@U0SAM|\1>", line)
    line = re.sub(r"(?<![<\w])#([\w.-]+)", r"<#C0SEARCH|\1>", line)
    return line.removeprefix("/budget").strip()


def must_be_read_or_refused(text: str) -> None:
    """Fails unless the line is read, or refused in words with a line that is read in its turn."""
    try:
        parse(text, today=TODAY)
    except BudgetError as refusal:
        assert refusal.message
        assert refusal.correction
        assert refusal.correction.startswith("/budget")
        parse(as_slack_sends(refusal.correction), today=TODAY)
