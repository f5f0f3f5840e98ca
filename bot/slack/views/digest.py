"""The Monday digest of a channel: who is likely to pass an envelope, one row each, one picture for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.charts.foretold import alt_multiples, chance, days_words
from bot.readable import share, shortened
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.wording import day, freshness_line, listed, plural
from core.money import usd
from core.period import Cycle
from core.standing import Freshness

LIKELY = 0.5
TRIED = 5
"""Dry runs that a digest names."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A ladder on a dry run, in the last week at most: of `spent_nanos` it would have saved `saved_nanos`."""

    ladder: str
    since: datetime
    spent_nanos: int
    saved_nanos: int


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One envelope as it stood when the digest was written; nanos, `days` is the spend of each day so far."""

    workload: str
    owner: str
    size_nanos: int
    days: tuple[int, ...]
    p10_nanos: int
    p50_nanos: int
    p90_nanos: int
    chance: float | None
    breach_on: tuple[date, date] | None
    soft_share: float
    hard_share: float
    tried: Tried | None = None

    @property
    def spent_nanos(self) -> int:
        return sum(self.days)

    @property
    def is_past(self) -> bool:
        return self.spent_nanos > self.size_nanos


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest notice says; `left_out` envelopes had no room."""

    cycle: Cycle
    monday: date
    lines: tuple[DigestLine, ...]
    left_out: int
    freshness: Freshness

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Digest:
        """Raises KeyError, ValueError for facts that are not a digest's."""
        latest = facts["latest_usage_at"]
        year, month = str(facts["cycle"]).split("-")
        return cls(
            Cycle(int(year), int(month)),
            date.fromisoformat(facts["monday"]),
            tuple(_line(line) for line in facts["lines"]),
            int(facts["left_out"]),
            Freshness(datetime.fromisoformat(facts["as_of"]), datetime.fromisoformat(latest) if latest else None),
        )


def _line(facts: Mapping[str, Any]) -> DigestLine:
    breach = facts["breach"]
    return DigestLine(
        facts["workload"], facts["owner"], facts["size"], tuple(facts["days"]), facts["p10"], facts["p50"], facts["p90"],
        facts["chance"], (date.fromisoformat(breach[0]), date.fromisoformat(breach[1])) if breach else None,
        facts["soft"], facts["hard"], _tried(facts.get("dry_run")),
    )  # fmt: skip


def _tried(facts: Mapping[str, Any] | None) -> Tried | None:
    """None where no ladder is tried; a digest of an older version knows of none."""
    if not facts:
        return None
    return Tried(facts["ladder"], datetime.fromisoformat(facts["since"]), facts["spent"], facts["saved"])


def digest_message(digest: Digest, *, chart_file: str | None, reader: ZoneInfo) -> Message:
    """The finding first; every envelope in the table."""
    finding = _finding(digest.lines)
    notes = [f"{plural(digest.left_out, 'envelope')} more had no room here."] if digest.left_out else []
    notes += [_said_of_dry_run(line, line.tried, reader) for line in digest.lines if line.tried][:TRIED]
    worst = digest.lines[0].workload
    return blocks.message(
        f"Forecast of {digest.cycle.title}: {finding}",
        blocks.header(f"AI budget · week of {day(digest.monday)}"),
        blocks.section("\n".join([finding, *notes])),
        blocks.picture(chart_file, alt_digest(digest)),
        tables.data_table(
            f"Forecast for {digest.cycle.title}",
            ("Workload", "Forecast", "Chance", "Envelope", "Passes it", "Range", "Spent"),
            [_row(line) for line in digest.lines],
        ),
        blocks.context(f"Why: {code(f'/budget why {worst}')}", freshness_line(digest.freshness, reader)),
        blocks.actions(
            blocks.button(f"Forecast of {shortened(worst, 40)}", ids.SHOW_FORECAST, worst),
            blocks.button("Why", ids.SHOW_WHY, worst),
        ),
    )


def _said_of_dry_run(line: DigestLine, tried: Tried, reader: ZoneInfo) -> str:
    saved = f"would have saved *{usd(tried.saved_nanos)}* of {usd(tried.spent_nanos)}"
    put = code(f"/budget set {line.workload} degrade={tried.ladder}")
    return f"*{name(line.workload)}*: the ladder on dry run {saved} since {day(tried.since.astimezone(reader).date())}. In force: {put}"


def _finding(lines: Sequence[DigestLine]) -> str:
    total, size = sum(line.p50_nanos for line in lines), sum(line.size_nanos for line in lines)
    ends = f"the month ends at about *{usd(total)}*."
    one = len(lines) == 1
    start = (
        f"One envelope of *{usd(size)}*; {ends}"
        if one
        else f"{len(lines):,} envelopes of *{usd(size)}* together; {ends}"
    )
    past = [f"*{name(line.workload)}*" for line in lines if line.is_past]
    if past:
        start += f" {listed(past, 5)} {'has passed its' if len(past) == 1 else 'have passed their'} envelope."
    heading = [line for line in lines if not line.is_past and (line.chance or 0) > LIKELY]
    said = [
        f"*{name(line.workload)}* of {person(line.owner)} ({chance(line.chance or 0)}"
        + (f", {days_words(*line.breach_on)})" if line.breach_on else ")")
        for line in heading
    ]
    if said:
        return f"{start} Likely to pass {'its' if len(said) == 1 else 'their'} envelope: {listed(said, 5)}."
    return start if past else f"{start} {'It' if one else 'None'} is {'not ' if one else ''}likely to be passed."


def _row(line: DigestLine) -> list[tables.Cell]:
    likely = tables.percent(None)
    if line.chance is not None:
        likely = {"type": "raw_number", "value": round(line.chance * 100, 4), "text": chance(line.chance)}
    return [
        tables.words(line.workload),
        tables.money(line.p50_nanos),
        likely,
        tables.money(line.size_nanos),
        tables.words("passed" if line.is_past else days_words(*line.breach_on) if line.breach_on else "–"),
        tables.words(f"{usd(line.p10_nanos)}–{usd(line.p90_nanos)}"),
        tables.money(line.spent_nanos),
    ]


def alt_digest(digest: Digest) -> str:
    """Every chart of the picture in few words."""
    said = [
        f"{shortened(line.workload, 40)} {usd(line.p50_nanos)} of {usd(line.size_nanos)}"
        + (f" ({share(line.p50_nanos / line.size_nanos)})" if line.size_nanos else "")
        for line in digest.lines[:12]
    ]
    return alt_multiples(said)
