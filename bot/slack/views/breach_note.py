"""What a breach's thread hears: one or two sentences each time that something notable changed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.breach import cause_words, degradation_words, forecast_words, headline
from bot.slack.views.breach_said import BreachSaid
from bot.slack.views.mrkdwn import name, person
from bot.slack.views.wording import freshness_line
from core.breach import BreachKind
from core.money import usd


def note_message(said: BreachSaid, note: str, *, by: str | None, reader: ZoneInfo) -> Message:
    """`note` is the reason that was decided, or `acknowledged` by somebody."""
    text = _sentence(said, note, by)
    return blocks.message(text, blocks.section(text), blocks.context(freshness_line(said.freshness, reader)))


def _sentence(said: BreachSaid, note: str, by: str | None) -> str:
    spent = f"*{usd(said.spent_nanos)}* of {usd(said.size_nanos)} ({share(said.share_used)})"
    if note == "acknowledged":
        return f"{person(by)} has seen this. It stays quiet until it gets worse."
    if note == "recovered":
        return _recovered(said, spent)
    if note == "trusted":
        return f"The amount can be trusted again: {spent}. From now on {degradation_words(said)}"
    if note == "again":
        return f"It is back: {headline(said)}."
    if said.kind is BreachKind.VELOCITY:
        return f"It got worse: {headline(said)}. {spent} is spent this month."
    more = [part for part in (forecast_words(said), cause_words(said.cause) if said.cause else None) if part]
    return " ".join([f"It goes on: {spent} is spent.", *more])


def _recovered(said: BreachSaid, spent: str) -> str:
    workload = f"*{name(said.workload)}*"
    if said.kind is BreachKind.VELOCITY:
        return f"{workload} is back to its usual pace. {spent} is spent this month."
    if said.kind is BreachKind.UNTRUSTED:
        return f"Every model of {workload} has its price: {spent}."
    ahead = forecast_words(said)
    return " ".join([f"{workload} is back under: {spent} is spent.", *([ahead] if ahead else [])])
