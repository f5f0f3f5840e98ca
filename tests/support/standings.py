"""Builders of what the books say, with valid defaults; a test names only what matters to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.change_request import ChangeRequest
from core.envelope import Change, Entry, EntryKind, Envelope, Terms, state_of
from core.money import NANOS
from core.people import People
from core.period import Cycle
from core.standing import Breakdown, Catch, Detail, Freshness, MonthEnd, Overview, Slice, WorkloadStanding

NOVEMBER = Cycle(2026, 11)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
ANA, FARAH, SAM, DANA = "U0ANA", "U0FARAH", "U0SAM", "U0DANA"

HOSTILE = (
    "<!channel>",
    "<@U0SAM> <#C0SEARCH> <https://evil.example|click>",
    "pay\u202emorf\u2066 x",
    "ze\u200bro\u2060wi\ufeffdth",
    "`code` *bold* _it_ ~no~ &amp; > quote",
    "n" * 200,
    "مرحبا بالعالم",
    "line\nbreak\ttab\x07bell",
    "\u200b",
    "$x^2$ \\frac{1}{2}",
    "😀 搜索 👩\u200d💻",
)
"""Names that people or programs send, each a known way to break a message, a sentence or a chart."""


def dollars(amount: float) -> int:
    return round(amount * NANOS)


def people(**changes: Any) -> People:
    return People(**{"owner": ANA, "finance": FARAH, "sponsor": SAM} | changes)


def terms(**changes: Any) -> Terms:
    return Terms(**{"people": people(), "channel": "C0SEARCH"} | changes)


def an_envelope(size: float = 4000, *, workload: str = "search-answers", revision: int = 3, **changes: Any) -> Envelope:
    entry = Entry(NOVEMBER, EntryKind.OPENED, dollars(size), ANA, NOON)
    return Envelope(2, workload, terms(**changes), (entry,), revision)


def fresh(**changes: Any) -> Freshness:
    return Freshness(**{"as_of": NOON, "latest_usage_at": NOON - timedelta(minutes=4)} | changes)


def a_line(
    workload: str = "search-answers", spent: float = 3210, size: float | None = 4000, **changes: Any
) -> WorkloadStanding:
    state = state_of(dollars(spent), dollars(size), terms()) if size else None
    values: dict[str, Any] = {
        "workload": workload,
        "spent_nanos": dollars(spent),
        "requests": 120_400,
        "size_nanos": dollars(size) if size else None,
        "share_used": spent / size if size else None,
        "run_rate_nanos": dollars(spent / 0.78),
        "state": state,
        "owner": ANA,
    }
    return WorkloadStanding(**values | changes)


def a_month_end(middle: float, *, chance: float | None = 0.5) -> MonthEnd:
    days = (date(2026, 11, 27), date(2026, 11, 29)) if chance and chance > 0.05 else None
    return MonthEnd(dollars(middle * 0.9), dollars(middle), dollars(middle * 1.1), chance, days, date(2026, 11, 23))


def an_overview(*lines: WorkloadStanding, **changes: Any) -> Overview:
    return Overview(**{"cycle": NOVEMBER, "share_elapsed": 0.78, "lines": lines, "freshness": fresh()} | changes)


def a_detail(line: WorkloadStanding | None = None, *, daily: float = 140, day: int = 24, **changes: Any) -> Detail:
    days = tuple((date(2026, 11, number), dollars(daily)) for number in range(1, day + 1))
    line = line or a_line(spent=daily * day)
    size = (line.size_nanos or 0) / NANOS
    values: dict[str, Any] = {
        "line": line,
        "envelope": an_envelope(size, workload=line.workload) if size else None,
        "cycle": NOVEMBER,
        "share_elapsed": min(1.0, (day - 0.5) / 30),
        "days": days,
        "previous_nanos": dollars(3900),
        "previous_to_date_nanos": dollars(3050),
        "by_model": (Slice("gpt-4.1", dollars(2000), 90_000), Slice("claude-sonnet-4-5", dollars(1210), 30_400)),
        "classes": (("input_uncached", 1_234_567), ("cache_read", 0), ("output", 34_567_890)),
        "freshness": fresh(),
    }
    return Detail(**values | changes)


def a_slice(label: str | None, spent: float, requests: int = 100) -> Slice:
    return Slice(label, dollars(spent), requests)


def a_breakdown(*slices: Slice, **changes: Any) -> Breakdown:
    total = sum(part.spent_nanos for part in slices)
    labelled = sum(part.spent_nanos for part in slices if part.label is not None)
    values: dict[str, Any] = {
        "dimension": "feature",
        "cycle": NOVEMBER,
        "slices": slices,
        "coverage": labelled / total if total else None,
        "days": (),
        "freshness": fresh(),
    }
    return Breakdown(**values | changes)


def a_catch(**changes: Any) -> Catch:
    values: dict[str, Any] = {
        "since": date(2026, 10, 25),
        "requests": 1204,
        "spent_nanos": dollars(310),
        "moves": (("unattributed", 1100, dollars(300)), ("chat", 104, dollars(10))),
        "examples": ("feature=search environment=production",),
        "unattributed_requests": 900,
        "unattributed_nanos": dollars(240),
    }
    return Catch(**values | changes)


def a_request(**changes: Any) -> ChangeRequest:
    values: dict[str, Any] = {
        "id": 7,
        "workload_id": 2,
        "workload": "search-answers",
        "cycle": NOVEMBER,
        "revision": 3,
        "current_nanos": dollars(4000),
        "proposed": Change(dollars(5000), terms()),
        "deciders": people(),
        "loosenings": ("raise from $4,000 to $5,000",),
        "requested_by": ANA,
        "requested_at": NOON,
    }
    return ChangeRequest(**values | changes)
