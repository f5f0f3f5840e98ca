"""A runaway in words: the hour, the multiple, what leads in it, and when the envelope is gone at this rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.slack.views.breach_said import BreachSaid, SurgeSaid
from bot.slack.views.mrkdwn import name, when
from bot.slack.views.wording import listed
from core.money import usd

_LEADS: Final = 0.5
"""A label is named when half of the hour is its."""
_FAR_ABOVE: Final = 4
"""Times its usual: an hour next to the surge that cost so much belongs to it."""
_FAR: Final = timedelta(days=10)


def surge_headline(said: BreachSaid) -> str:
    surge = said.surge
    if surge is None:
        return f"*{name(said.workload)}* spends far faster than usual"
    what = "in an hour" if surge.hours == 1 else "in two hours"
    return f"*{name(said.workload)}* burned {usd(surge.spent_nanos)} {what}, {times(surge)} its usual"


def times(surge: SurgeSaid) -> str:
    """`21×`; `over 100×` where the usual is next to nothing."""
    return (
        "over 100×"
        if surge.multiple > 100
        else f"{surge.multiple:.0f}×"
        if surge.multiple >= 10
        else f"{surge.multiple:.1f}×"
    )


def surge_lines(said: BreachSaid, reader: ZoneInfo) -> list[str]:
    surge = said.surge
    if surge is None:
        return []
    began = when(_began_at(said, surge), reader)
    span = "The hour" if surge.hours == 1 else "The two hours up to the one"
    lines = [
        f"{span} from *{surge.hour_at.astimezone(reader):%H:%M}* cost *{usd(surge.spent_nanos)}*; at that time of the day "
        f"{usd(surge.expected_nanos)} is usual. It began about {began}."
    ]
    if leads := [
        f"{dimension} *{name(label, 60)}*" for dimension, label, nanos in surge.by if nanos > surge.spent_nanos * _LEADS
    ]:
        lines.append(f"Most of it is {listed(leads)}.")
    lines.append(
        f"{usd(said.spent_nanos)} of {usd(said.size_nanos)} is spent this month. {_gone(said, reader)}".rstrip()
    )
    return lines


def _began_at(said: BreachSaid, surge: SurgeSaid) -> datetime:
    """When it was first seen, or the first of the hours up to the surge that were as far above their usual, whichever is earlier."""
    first = surge.hour_at
    for at, spent, usual in reversed([hour for hour in said.hours if hour[0] < surge.hour_at]):
        if spent < usual * _FAR_ABOVE or first - at > timedelta(hours=1):
            break
        first = at
    return min(first, said.surge_began_at or first)


def _gone(said: BreachSaid, reader: ZoneInfo) -> str:
    """When the envelope is used up at this rate; nothing where that is far off or the runaway is over."""
    left = said.size_nanos - said.spent_nanos
    if said.closed_because is not None or said.burn_nanos <= 0:
        return ""
    if left <= 0:
        return "Nothing is left."
    after = timedelta(hours=left / said.burn_nanos)
    if after > _FAR:
        return ""
    return f"At {usd(said.burn_nanos)} an hour the rest is gone by *{when(said.freshness.as_of + after, reader)}*."
