"""What the first 30 days say by themselves: the weekly post, the final statement, and the test alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.progress import alt_progress
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, person, when, with_mentions
from bot.slack.views.rollout import finding, item_line, short
from bot.slack.views.wording import day, listed, plural
from core.money import usd
from core.rollout import DAYS, TITLES, WEEKS, Checklist, Line
from core.rollout_facts import RolloutPost
from core.worst_case import WorstCase

PASTED: Final = 3
NAMED: Final = 3


def post_message(post: RolloutPost, *, chart_file: str | None) -> Message:
    """The weekly post; on day 30 the final statement."""
    if post.worst is not None:
        return _final(post, post.worst, chart_file)
    shown, week = post.checklist, post.post.number
    overdue = [line for line in shown.overdue if line.item.week != week]
    here = [line for line in shown.of_week(week) if line.tick is None]
    found = finding(shown)
    return blocks.message(
        f"Week {week} of the first {DAYS} days: {found}",
        blocks.header(f"First {DAYS} days · week {week} of {WEEKS}: {TITLES[week - 1]}"),
        blocks.section(
            "\n".join([f"{listed([person(one) for one in shown.rollout.people], 5)}: {found}", *_missed(post)])
        ),
        blocks.picture(chart_file, alt_progress(shown)),
        _listing(shown, "Overdue", overdue),
        _listing(shown, f"This week, until {short(shown.rollout.date_of(DAYS if week == WEEKS else 7 * week))}", here),
        _listing(shown, "Done this week", [line for line in shown.of_week(week) if line.tick is not None]),
        _paste([*overdue, *here]),
        blocks.actions(blocks.button("Open the checklist", ids.SHOW_ROLLOUT, "")),
    )


def alert_trial_message(
    by: str | None, seen_by: str | None, seen_at: datetime | None, key: str, *, reader: ZoneInfo
) -> Message:
    """An alert that means nothing but that alerts arrive; once seen, by whom."""
    if seen_by:
        at = f" at {when(seen_at, reader)}" if seen_at else ""
        text = f"Test alert: seen by {person(seen_by)}{at}. Alerts arrive here; the rollout has ticked it."
        return blocks.message(text, blocks.section(text))
    text = f"*This is a test alert*, sent by {person(by)}. Nothing is wrong and nothing was spent."
    return blocks.message(
        text,
        blocks.section(
            f"{text} Real ones look like this and are acknowledged the same way: whoever sees it presses the button."
        ),
        blocks.actions(blocks.button("Acknowledge", ids.SEE_TEST_ALERT, key, style="primary")),
    )


def _listing(shown: Checklist, title: str, lines: Sequence[Line]) -> Block | None:
    return (
        blocks.section("\n".join([f"*{title}*", *(_post_line(line, shown.rollout.zone) for line in lines)]))
        if lines
        else None
    )


def _post_line(line: Line, zone: ZoneInfo) -> str:
    """Without the command: those to paste stand together below."""
    if line.tick is not None:
        return item_line(line, zone)
    mark = "● overdue:" if line.is_overdue else "○"
    known = " ".join(with_mentions(part) for part in (line.finding.says, line.finding.blocks) if part)
    return f"{mark} {line.number} {line.item.title}. {known}"


def _paste(lines: Sequence[Line]) -> Block | None:
    ways = list(dict.fromkeys(line.finding.line for line in lines if line.finding.line))
    return blocks.paste(*ways[:PASTED]) if ways else None


def _missed(post: RolloutPost) -> list[str]:
    if not post.post.missed:
        return []
    weeks = listed([str(week) for week in post.post.missed], 4)
    word = "Week" if len(post.post.missed) == 1 else "Weeks"
    verb = "was" if len(post.post.missed) == 1 else "were"
    return [f"{word} {weeks} {verb} not posted: Outlay did not run then. This is where it stands now."]


def _final(post: RolloutPost, worst: WorstCase, chart_file: str | None) -> Message:
    shown = post.checklist
    finding = f"*We know where we are today, and the worst case is bounded: {usd(worst.bounded_nanos)} this month.*"
    loose = sum(nanos for _, nanos in worst.unbounded)
    if worst.unbounded:
        names = listed([code(name, 60) for name, _ in worst.unbounded], NAMED)
        has = "has" if len(worst.unbounded) == 1 else "have"
        finding += f" Not bounded: {names} {has} no envelope; the forecast sees {usd(loose)} there."
    left = [line for line in shown.lines if line.tick is None]
    return blocks.message(
        finding,
        blocks.header(f"First {DAYS} days · where we stand"),
        blocks.section("\n".join([finding, f"Spent so far this month: *{usd(post.spent_nanos)}*.", *_missed(post)])),
        blocks.section("\n".join(_bounds(worst))),
        blocks.picture(chart_file, alt_progress(shown)),
        _listing(shown, f"{plural(len(left), 'item')} left", left),
        _paste(left),
        blocks.context(
            f"{shown.done} of {len(shown.lines)} items done since {day(shown.rollout.started_on)}. The checklist stays: `/budget rollout`"
        ),
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, ""), blocks.button("Open the checklist", ids.SHOW_ROLLOUT, "")
        ),
    )


def _bounds(worst: WorstCase) -> list[str]:
    """How the bound comes about, line by line; the lines add up to it."""
    minutes = max(1, round(worst.lag.total_seconds() / 60))
    lines = []
    if worst.guarded:
        lines.append(
            f"• {usd(worst.guarded_nanos)}: hard limits of {plural(worst.guarded, 'envelope')}, kept by the guard"
        )
    if worst.alerted:
        lines.append(
            f"• {usd(worst.alerted_nanos)}: hard limits of {plural(worst.alerted, 'envelope')}, kept by people once they are told"
        )
        lines.append(
            f"• {usd(worst.overrun_nanos)}: what those may spend unseen, {plural(minutes, 'minute')} of feed lag at the dearest hour"
        )
    return lines or ["• No envelope is set, so nothing is bounded yet."]
