"""`spend by <dimension> [month]`."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.slack.command_days import begun_cycle
from bot.slack.command_forms import Spend
from bot.slack.command_names import BREAKDOWNS, breakdown_dimension
from bot.slack.command_words import COMMAND, Line
from core.errors import Unreadable
from core.period import Cycle

_PREPOSITIONS: Final = frozenset({"in", "for", "of", "during"})


def read_spend(line: Line, *, today: date) -> Spend:
    """Raises Unreadable without a dimension, OutOfRange for a month that has not begun."""
    words = list(line.words)
    if words and words[0].key == "by":
        words[0] = words[0].renamed(None)
    elif words and words[0].key is None and words[0].text.lower() == "by":
        del words[0]
    if not words or not words[0].text:
        raise Unreadable(
            f"Spend by what? Use one of {', '.join(BREAKDOWNS)}.", correction=f"{COMMAND} spend by feature"
        )
    read = Line("spend by", tuple(words))
    dimension = breakdown_dimension(read, words[0])
    period = [word.text for word in words[1:]]
    if period and period[0].lower() in _PREPOSITIONS:
        del period[0]
    this_month = f"{COMMAND} spend by {dimension} {Cycle(today.year, today.month)}"
    cycle = begun_cycle(" ".join(period), today=today, nothing="nothing was spent in it", line=this_month)
    return Spend(dimension, cycle)
