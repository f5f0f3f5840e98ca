"""The first 30 days in Slack: the whole checklist, the weekly post, the final statement, and the test alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import channel, code, person, with_mentions
from bot.slack.views.trend import bar
from bot.slack.views.wording import day, listed
from core.rollout import DAYS, ITEMS, TITLES, WEEKS, Checklist, Line, RolloutState

View = dict[str, Any]


def checklist_message(shown: Checklist, *, may_steer: bool, reader: ZoneInfo, said: str | None = None) -> Message:
    """Every item of the four weeks; `said` is what was just done, escaped. `may_steer` shows finance its buttons."""
    found = finding(shown)
    opening = f"{said} {found}" if said else found
    return blocks.message(
        opening,
        blocks.header(_heading(shown)),
        blocks.section(opening),
        *(_week(shown, week, reader) for week in range(1, WEEKS + 1)),
        blocks.context(
            f"Posted each week at nine ({shown.rollout.zone.key}) in {channel(shown.rollout.channel)}, with "
            f"{listed([person(one) for one in shown.rollout.people], 5)}.",
            "Items tick themselves once the books prove them. Take a tick back with `/budget rollout untick 5`",
        ),
        _steering(shown, may_steer=may_steer),
    )


def none_message(*, may_steer: bool) -> Message:
    """Before any rollout: what it would be, and the way in."""
    text = "No rollout was started yet. It takes a company from nothing to bounded spend in four weeks."
    weeks = "\n".join(f"• *Week {place}*: {title}" for place, title in enumerate(TITLES, start=1))
    way = "Finance starts it; it then posts the checklist each week and ticks what the books prove."
    return blocks.message(
        text,
        blocks.section(f"{text}\n{weeks}\n{way}"),
        blocks.paste("/budget rollout start"),
        blocks.actions(blocks.button("Start the first 30 days", ids.OPEN_ROLLOUT, "", style="primary"))
        if may_steer
        else None,
    )


def _heading(shown: Checklist) -> str:
    day_now = shown.rollout.day(shown.today)
    if shown.rollout.state is RolloutState.PAUSED:
        return f"First {DAYS} days · paused on day {max(1, day_now)}"
    if shown.rollout.state is RolloutState.FINISHED:
        return f"First {DAYS} days · finished"
    if day_now < 1:
        return f"First {DAYS} days · from {day(shown.rollout.started_on)}"
    return f"First {DAYS} days · day {min(DAYS, day_now)}"


def finding(shown: Checklist) -> str:
    late = f", *{len(shown.overdue)} overdue*" if shown.overdue else ""
    counted = f"*{shown.done} of {len(shown.lines)}* done{late}."
    upcoming = shown.next_line
    if upcoming is None:
        return f"{counted} Nothing is left to do."
    line = f": {code(upcoming.finding.line)}" if upcoming.finding.line else ""
    return f"{counted} Next is {upcoming.number}, {lowered(upcoming.item.title)}{line}"


def lowered(title: str) -> str:
    return title if title[:1].isdigit() else title[:1].lower() + title[1:]


def _week(shown: Checklist, week: int, reader: ZoneInfo) -> Block:
    lines = shown.of_week(week)
    done = sum(line.tick is not None for line in lines)
    due = lines[0].due_on
    is_far = week > shown.rollout.week(shown.today) or shown.rollout.day(shown.today) < 1
    head = f"*Week {week} · {TITLES[week - 1]}*  {bar(done / len(lines))} {done} of {len(lines)}, until {short(due)}"
    return blocks.section("\n".join([head, *(item_line(line, reader, is_far=is_far) for line in lines)]))


def item_line(line: Line, zone: ZoneInfo, *, is_far: bool = False) -> str:
    """A mark with its meaning, the number, the title, and what is known."""
    title = f"{line.number} {line.item.title}"
    if line.tick is not None:
        on = short(line.tick.at.astimezone(zone).date())
        how = f"by {person(line.tick.by)}, {on}" if line.tick.by else f"{with_mentions(line.tick.evidence)} ({on})"
        return f"✓ {title}. {how[:1].upper()}{how[1:]}" if line.tick.by else f"✓ {title}. {how}"
    if is_far:
        return f"○ {title}"
    mark = "● overdue:" if line.is_overdue else "○"
    known = " ".join(with_mentions(part) for part in (line.finding.says, line.finding.blocks) if part)
    way = f" {code(line.finding.line)}" if line.finding.line else ""
    return f"{mark} {title}. {known}{way}"


def _steering(shown: Checklist, *, may_steer: bool) -> Block | None:
    if not shown.rollout.is_live:
        return blocks.actions(blocks.button("Start again", ids.OPEN_ROLLOUT, "")) if may_steer else None
    elements: list[Block] = []
    open_lines = [line for line in shown.lines if line.tick is None]
    if open_lines:
        options = [
            {"text": blocks.plain(f"{line.number} {line.item.title}", 75), "value": str(line.number)}
            for line in open_lines
        ]
        elements.append(
            {
                "type": "static_select",
                "action_id": ids.TICK_ITEM,
                "placeholder": blocks.plain("Tick by hand…", 150),
                "options": options,
            }
        )
    if any(line.item.key == "alert" for line in open_lines):
        elements.append(blocks.button("Send a test alert", ids.SEND_TEST_ALERT, ""))
    if may_steer:
        rests = shown.rollout.state is RolloutState.PAUSED
        elements.append(
            blocks.button("Resume" if rests else "Pause", ids.STEER_ROLLOUT, "resume" if rests else "pause")
        )
    return blocks.actions(*elements) if elements else None


def ticked_message(number: int, *, undo: bool, changed: bool) -> str:
    """What a tick by hand did, escaped."""
    title = ITEMS[number - 1].title
    if not changed:
        return f"{number}, {lowered(title)}, was {'open' if undo else 'ticked'} already."
    back = "" if undo else f" Take it back: {code(f'/budget rollout untick {number}')}"
    return f"{'Taken back' if undo else 'Ticked'}: {number}, {lowered(title)}.{back}"


def rollout_modal(*, channel_id: str | None, people: Sequence[str], today: date, again: bool) -> View:
    """Where, from when, and who sees it through."""
    place: Block = {
        "type": "conversations_select", "action_id": "value",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }  # fmt: skip
    if channel_id:
        place["initial_conversation"] = channel_id
    who: Block = {"type": "multi_users_select", "action_id": "value", "max_selected_items": 20}
    if people:
        who["initial_users"] = list(people)
    start: Block = {"type": "datepicker", "action_id": "value", "initial_date": today.isoformat()}
    warning = [
        blocks.section(
            "A rollout is under way. Starting again forgets its ticks; what the books prove ticks itself anew."
        )
    ]
    return {
        "type": "modal",
        "callback_id": ids.ROLLOUT_MODAL,
        "title": blocks.plain("The first 30 days", 24),
        "submit": blocks.plain("Start again" if again else "Start", 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": '{"again": true}' if again else "{}",
        "blocks": [
            *(warning if again else []),
            _input(ids.BLOCK_ROLLOUT_CHANNEL, "Channel", place, "Gets the checklist each week; invite me there first."),
            _input(ids.BLOCK_ROLLOUT_FROM, "First day", start, "Posts come at nine in your time zone."),
            _input(ids.BLOCK_ROLLOUT_PEOPLE, "Who sees it through", who, "Named in each post; may tick items by hand."),
        ],
    }


def _input(block: str, label: str, element: Block, hint: str) -> Block:
    return {
        "type": "input", "block_id": block, "label": blocks.plain(label, 100), "element": element, "hint": blocks.plain(hint, 150),
    }  # fmt: skip


def short(on: date) -> str:
    return f"{on.day} {on:%b}"
