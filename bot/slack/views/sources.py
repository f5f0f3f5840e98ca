"""`/budget sources`: who sends usage, how fresh and how trustworthy it is, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.captures import rules_blocks
from bot.slack.views.coverage import coverage_lines
from bot.slack.views.mrkdwn import code, name, when
from bot.slack.views.tables import Cell
from bot.slack.views.wording import age, listed, plural
from core.double_capture import SourceRule
from core.services.read_coverage import ReadCoverage
from core.source_health import RECENT_DAYS, Condition, SecondOpinion, SourceHealth

TABLE_CHARACTERS: Final = 9_000
EXPLAINED: Final = 5
OPINIONS: Final = 8
PROVIDERS: Final = 2

STATES: Final = {
    Condition.REVOKED: "– revoked",
    Condition.UNUSED: "– nothing",
    Condition.SILENT: "● silent",
    Condition.REFUSED: "● refused",
    Condition.GUESSING: "● guessing",
    Condition.UNPRICED: "◐ unpriced",
    Condition.LATE: "◐ late",
    Condition.REPAIRED: "◐ repaired",
    Condition.DONE: "○ done",
    Condition.FINE: "○ fine",
}
"""A mark and its meaning, so that neither colour nor the mark alone carries it."""


def sources_message(
    sources: Sequence[SourceHealth],
    opinions: Sequence[SecondOpinion] = (),
    covered: Sequence[ReadCoverage] = (),
    rules: Sequence[SourceRule] = (),
    *,
    reader: ZoneInfo,
    now: datetime,
) -> Message:
    """The finding, what is wrong with its next step, every source in one table, what checks them and what it found."""
    if not sources:
        text = "No source sends usage yet."
        return blocks.message(
            text,
            blocks.section(f"*{text}* Make a token for your gateway where Outlay runs, then post to `/v1/usage`"),
            blocks.paste("outlay token create gateway"),
            _opinions(opinions, covered, now),
        )
    finding = _finding(sources)
    alarming = [one for one in sources if one.is_alarming]
    told = [f"• {explained(one, now, reader)}" for one in alarming[:EXPLAINED]]
    if len(alarming) > EXPLAINED:
        told.append(f"• and {plural(len(alarming) - EXPLAINED, 'more source')}; the table marks them")
    shown = _that_fit(sources, now)
    return blocks.message(
        finding,
        blocks.section("\n".join([f"*{finding}*", *told])),
        tables.data_table(
            f"Sources of usage, last {RECENT_DAYS} days",
            ("Source", "State", "Last seen", "Counted", "Unpriced", "Refused", "Unsure", "Lag", "Duplicates", "Folded"),
            [_row(one, now) for one in shown],
        ),
        blocks.section(f"{plural(len(sources) - len(shown), 'more source')} not shown.")
        if len(shown) < len(sources)
        else None,
        *rules_blocks(rules),
        _opinions(opinions, covered, now),
        blocks.context(
            f"Counts are of the last {RECENT_DAYS} days. Unsure: guessed, missing, repaired or partial counts.",
            "Duplicates were sent before; folded are second reports of calls that another source counts. Each call counts once.",
        ),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, "")),
    )


def _opinions(opinions: Sequence[SecondOpinion], covered: Sequence[ReadCoverage], now: datetime) -> Block | None:
    """Provider reports check the spend and are in no sum of it."""
    if not opinions:
        return None
    lines = []
    for one in opinions[:OPINIONS]:
        read = f"read {age(now - one.pulled_at)}" if one.pulled_at else "never read to its end"
        wrong = f"; {name(one.problem, 200)}" if one.problem else ""
        lines.append(f"• {code(one.name, 80)} {read}{wrong}")
    if len(opinions) > OPINIONS:
        lines.append(f"• and {plural(len(opinions) - OPINIONS, 'more report')}")
    told = [line for one in covered[:PROVIDERS] for line in coverage_lines(one)]
    if not told:
        told = ["• Nothing to compare yet: days are compared once they can no longer grow."]
    return blocks.section(
        "\n".join(["*Provider reports check these numbers and are not added to them*", *told, *lines])
    )


def _finding(sources: Sequence[SourceHealth]) -> str:
    wrong = [one for one in sources if one.is_alarming]
    if wrong:
        if len(sources) == 1:
            return "The only source needs a look."
        return f"{len(wrong):,} of {plural(len(sources), 'source')} {'needs' if len(wrong) == 1 else 'need'} a look."
    fine = sum(one.condition in (Condition.FINE, Condition.REPAIRED, Condition.DONE) for one in sources)
    return (
        f"{plural(fine, 'source')} can be trusted, none needs a look." if fine else "No source has sent anything yet."
    )


def explained(one: SourceHealth, now: datetime, reader: ZoneInfo) -> str:
    """The state of a source in a sentence with its next step, escaped."""
    also = [STATES[other][2:] for other in one.conditions[1:] if other is not one.condition]
    more = f" Also {listed(also)}." if also else ""
    return f"*{name(one.name)}* {_reason(one, now, reader)}{more}"


def _reason(one: SourceHealth, now: datetime, reader: ZoneInfo) -> str:
    recent = one.recent
    match one.condition:
        case Condition.SILENT if one.last_seen_at:
            habit = "every day" if one.usual_gap_days == 1 else f"every {one.usual_gap_days} days or sooner"
            return (
                f"is silent since {when(one.last_seen_at, reader)} ({age(now - one.last_seen_at)}); it used to send {habit}. "
                "Its spend since then is missing. Look at its exporter and its token."
            )
        case Condition.REFUSED:
            return (
                f"sends items that cannot be booked: {recent.rejected:,} of {recent.sent:,} ({share(recent.rejected / recent.sent)}). "
                "The answers to its requests say why; try one with `outlay inspect`"
            )
        case Condition.GUESSING:
            unsure = recent.guessed + recent.missing
            return (
                f"does not know what it counts: {share(one.share(unsure))} of its events are guessed or without counts "
                f"({recent.guessed:,} and {recent.missing:,}). Let it report usage at the end of streams, and see `outlay inspect`"
            )
        case Condition.UNPRICED:
            return (
                f"uses models without a price: {plural(recent.unpriced, 'event')}; their cost is missing. "
                "`/budget status` names the models, `/budget price MODEL` sets one."
            )
        case Condition.LATE if one.lag:
            return (
                f"is late: its newest call was {span(one.lag)} old when it arrived. "
                "Send smaller batches more often, or check its clock."
            )
    return "is fine."


def span(length: timedelta) -> str:
    """`under a minute`, `4 minutes`, `3 hours`, `2 days`; rounded down."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, unit)
    return "under a minute"


def _that_fit(sources: Sequence[SourceHealth], now: datetime) -> Sequence[SourceHealth]:
    left = TABLE_CHARACTERS
    for place, one in enumerate(sources[: tables.ROWS]):
        left -= sum(len(cell["text"]) for cell in _row(one, now))
        if left < 0:
            return sources[:place]
    return sources[: tables.ROWS]


def _row(one: SourceHealth, now: datetime) -> list[Cell]:
    recent = one.recent
    unsure = recent.guessed + recent.missing + recent.repaired + recent.partial
    seen = age(now - one.last_seen_at) if one.last_seen_at else "not in 28 days"
    return [
        tables.words(one.name),
        tables.words(STATES[one.condition]),
        tables.words(seen),
        tables.number(recent.accepted),
        tables.number(recent.unpriced),
        tables.number(recent.rejected),
        tables.percent(one.share(unsure) if recent.accepted else None),
        tables.words(span(one.lag) if one.lag is not None else "–"),
        tables.number(recent.duplicates),
        tables.number(recent.folded),
    ]
