"""Offices that Home tabs and the hub are made from, with defaults that a test changes where it matters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from core.envelope import State
from core.home import EnvelopeStanding, Office
from core.source_health import Condition, Day, SourceHealth
from tests.support.standings import NOON, NOVEMBER, an_envelope, dollars, fresh


def a_standing(
    workload: str = "search-answers", spent: float = 1000, size: float = 4000, **changes: Any
) -> EnvelopeStanding:
    values: dict[str, Any] = {
        "envelope": an_envelope(size, workload=workload), "size_nanos": dollars(size), "spent_nanos": dollars(spent),
        "state": State.WITHIN,
    }  # fmt: skip
    return EnvelopeStanding(**values | changes)


def a_source(name: str = "gateway", condition: Condition = Condition.FINE) -> SourceHealth:
    return SourceHealth(name, True, (condition,), NOON, timedelta(minutes=3), 1, Day(date(2026, 11, 18), accepted=100))


def an_office(*standings: EnvelopeStanding, **changes: Any) -> Office:
    values: dict[str, Any] = {
        "cycle": NOVEMBER, "share_elapsed": 0.78, "envelopes": standings, "requests": (), "sources": (a_source(),),
        "names": ("search-answers", "chat"), "freshness": fresh(),
    }  # fmt: skip
    return Office(**values | changes)
