"""`/budget replay`: what thresholds would have sent, month by month, and what that would have been worth."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.wording import plural
from core.money import usd
from core.replay import Replay, Replayed, Verdict
from core.services.replay_thresholds import Replays

_WORDS: Final = {
    Verdict.TRUE: "true", Verdict.LATE: "late", Verdict.FALSE: "false", Verdict.MISSED: "none came", Verdict.QUIET: "quiet",
}  # fmt: skip


def replay_message(found: Replays) -> Message:
    proposed, workload = found.proposed, found.workload
    finding = finding_sentence(proposed)
    lines = [finding, _worth(proposed)]
    if found.in_force:
        lines.append(f"In force now, {_thresholds(found.in_force)}: {_counts(found.in_force)}.")
    notes = ["True: hard followed, with three days or more to act. Late: within three days. False: it never followed."]
    if found.unforetold:
        notes.append(f"{plural(found.unforetold, 'month')} had no forecasts; there soft is by spend alone.")
    value = f"{workload} {proposed.soft_bp} {proposed.hard_bp} {proposed.size_nanos}"
    return blocks.message(
        f"*{name(workload)}*: {finding}",
        blocks.header(f"{workload} · {_thresholds(proposed)}, replayed"),
        blocks.section("\n".join(lines)),
        tables.data_table(
            f"Replay of {workload}",
            ("Month", "Soft told on", "Soft was", "Hard passed on", "Spent", "Left at soft", "Past hard"),
            [_row(month) for month in proposed.months],
        ),
        blocks.context(*notes, f"Try others: {code(_others(workload, proposed))}"),
        blocks.actions(
            blocks.button("Use these thresholds", ids.USE_THRESHOLDS, value),
            blocks.button("Status", ids.SHOW_STATUS, workload),
        ),
    )


def _others(workload: str, replay: Replay) -> str:
    """A line with a soft threshold that is not the one just replayed."""
    soft = replay.soft_bp - 1_000 if replay.soft_bp > 5_000 else replay.soft_bp + 1_000
    return f"/budget replay {workload} soft={share(soft / 10_000)} hard={share(replay.hard_bp / 10_000)}"


def finding_sentence(replay: Replay) -> str:
    months = plural(len(replay.months), "past month")
    return f"Over {months}, {_thresholds(replay)} of *{usd(replay.size_nanos)}* would have sent *{_counts(replay)}*."


def _thresholds(replay: Replay) -> str:
    return f"soft {share(replay.soft_bp / 10_000)} and hard {share(replay.hard_bp / 10_000)}"


def _counts(replay: Replay) -> str:
    told = sum(month.soft_on is not None for month in replay.months)
    parts = [f"{replay.count(verdict)} {verdict}" for verdict in (Verdict.TRUE, Verdict.FALSE, Verdict.LATE)]
    missed = replay.count(Verdict.MISSED)
    also = f"; {plural(missed, 'month')} passed hard without a warning" if missed else ""
    return f"{plural(told, 'soft alert')} ({', '.join(parts)}){also}"


def _worth(replay: Replay) -> str:
    if not replay.over_nanos:
        return "No month passed the hard threshold."
    return f"*{usd(replay.over_nanos)}* was spent past hard; degradation would have had a hold of it."


def _row(month: Replayed) -> list[tables.Cell]:
    lead = ""
    if month.verdict in (Verdict.TRUE, Verdict.LATE) and month.lead_days is not None:
        lead = f", {plural(month.lead_days, 'day')} ahead"
    by = ", by forecast" if month.by_forecast else ""
    return [
        tables.words(str(month.cycle)), tables.words(f"{_day(month.soft_on)}{by}"),
        tables.words(f"{_WORDS[month.verdict]}{lead}"), tables.words(_day(month.hard_on)),
        tables.money(month.total_nanos), tables.money(month.room_nanos), tables.money(month.over_nanos),
    ]  # fmt: skip


def _day(on: date | None) -> str:
    return f"{on.day} {on:%b}" if on else "–"
