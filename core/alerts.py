"""What to tell and what not, with the reason: a pure decision over one envelope's reading and what was told before.

An alert is a state, not an event. It fires when a threshold is crossed, once per cycle, revision and threshold; a lower
threshold never follows a higher one; a changed envelope and a new cycle arm everything again. What is open is followed:
its message is edited as it develops, its thread hears of what is notably worse, and it closes with some distance to the
threshold, so that a number that hovers does not flap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.alert_reading import WHOLE_BP, Doubt, Reading
from core.breach import Breach, BreachKind, Closing
from core.velocity import MERGED_HOURS

FORECAST_EASES_BP: Final = 9_700
"""A forecast is back under when it is three per cent below the envelope."""
SPEND_EASES_BP: Final = 100
"""Spend, which falls only when usage is corrected or moved, is back under one point below its threshold."""
SHOWN_STEP_BP: Final = 200
"""A message is edited when the amount moved by two points of the envelope."""
TOLD_STEP_BP: Final = 500
"""Its thread hears of five points more; of an acknowledged breach, of ten. Both wait for `EDIT_PAUSE`."""
ACKNOWLEDGED_STEP_BP: Final = 1_000
EDIT_PAUSE: Final = timedelta(minutes=10)
CALM: Final = timedelta(hours=2)
"""A runaway is over after two calm hours."""
WORSE_SURGE: Final = 1.5
REPEATED: Final = timedelta(hours=MERGED_HOURS)
NEVER_WAITS: Final = frozenset({BreachKind.VELOCITY, BreachKind.HARD})
"""Quiet hours hold up everything but these."""


class Act(StrEnum):
    """What follows: a new message, the old one edited (with a word in its thread), or nothing."""

    OPEN = "open"
    REOPEN = "reopen"
    TELL = "tell"
    EDIT = "edit"
    ENFORCE = "enforce"
    CLOSE = "close"
    NOTHING = "nothing"


class Reason(StrEnum):
    """Why something was told or not; the words are in `bot/slack/views/why_told.py`."""

    CROSSED = "crossed"
    REFUSED = "refused"
    FORECAST_OVER = "forecast_over"
    SURGING = "surging"
    UNBELIEVABLE = "unbelievable"
    AGAIN = "again"
    WORSE = "worse"
    MOVED = "moved"
    TRUSTED = "trusted"
    RECOVERED = "recovered"
    SUPERSEDED = "superseded"
    ENVELOPE_CHANGED = "envelope_changed"
    CYCLE_OVER = "cycle_over"
    ALREADY_TOLD = "already_told"
    ACKNOWLEDGED = "acknowledged"
    HIGHER_TOLD = "higher_told"
    EASING = "easing"
    BELOW = "below"
    NO_FORECAST = "no_forecast"
    CALM = "calm"
    NO_PACE = "no_pace"
    TRUSTWORTHY = "trustworthy"


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for one threshold, and why. `breach` is the row it is about, None where there is none yet."""

    kind: BreachKind
    threshold_bp: int
    act: Act
    reason: Reason
    breach: Breach | None = None
    closing: Closing | None = None
    nanos: int = 0


def decide(reading: Reading, notices: Sequence[Breach], now: datetime) -> tuple[Decision, ...]:
    """One decision a kind, and one for each open breach of an earlier revision.

    Args:
      notices: all breaches of this envelope and cycle, of every revision, closed ones too.
    """
    found = [*_outdated(reading, notices)]
    current = [one for one in notices if one.revision == reading.revision]
    highest = max((one.kind.rank for one in current), default=0)
    for kind, threshold in (
        (BreachKind.HARD, reading.hard_bp), (BreachKind.SOFT, reading.soft_bp), (BreachKind.SOFT_FORECAST, WHOLE_BP),
    ):  # fmt: skip
        mine = _of(current, kind, threshold)
        decision = _threshold(reading, kind, threshold, mine, highest > kind.rank, now)
        if decision.act is Act.OPEN:
            highest = max(highest, kind.rank)
        found.append(decision)
    found.append(_velocity(reading, [one for one in notices if one.kind is BreachKind.VELOCITY], now))
    found.append(_trust(reading, [one for one in current if one.kind is BreachKind.UNTRUSTED], now))
    return tuple(found)


def _of(current: Sequence[Breach], kind: BreachKind, threshold_bp: int) -> Breach | None:
    return next((one for one in current if one.kind is kind and one.threshold_bp == threshold_bp), None)


def _outdated(reading: Reading, notices: Sequence[Breach]) -> list[Decision]:
    """A changed envelope has breaches of its own; a runaway goes on whatever the envelope says."""
    return [
        Decision(
            one.kind, one.threshold_bp, Act.CLOSE, Reason.ENVELOPE_CHANGED, one, reading.changed_by, reading.spent_nanos
        )
        for one in notices
        if one.revision < reading.revision and not one.is_closed and one.kind is not BreachKind.VELOCITY
    ]  # fmt: skip


def _threshold(
    reading: Reading, kind: BreachKind, threshold_bp: int, mine: Breach | None, is_outranked: bool, now: datetime
) -> Decision:
    nanos = reading.spent_nanos if kind is not BreachKind.SOFT_FORECAST else reading.p50_nanos
    reason = _crossing(reading, kind, threshold_bp)

    def so(act: Act, why: Reason, closing: Closing | None = None) -> Decision:
        return Decision(kind, threshold_bp, act, why, mine, closing, nanos or 0)

    if mine is None:
        if reason is None:
            return so(Act.NOTHING, Reason.BELOW if nanos is not None else Reason.NO_FORECAST)
        return so(Act.NOTHING, Reason.HIGHER_TOLD) if is_outranked else so(Act.OPEN, reason)
    if is_outranked:
        if mine.is_closed:
            return so(Act.NOTHING, Reason.HIGHER_TOLD)
        return so(Act.CLOSE, Reason.SUPERSEDED, Closing.SUPERSEDED)
    if mine.is_closed:
        if reason is None or mine.closed_because is not Closing.RECOVERED:
            return so(Act.NOTHING, Reason.BELOW if reason is None else Reason.ALREADY_TOLD)
        return so(Act.REOPEN, Reason.AGAIN)
    if reason is None:
        if nanos is None or not _has_eased(reading, kind, threshold_bp, nanos):
            return so(Act.NOTHING, Reason.EASING)
        return so(Act.CLOSE, Reason.RECOVERED, Closing.RECOVERED)
    if kind is BreachKind.HARD and not mine.is_trusted and not reading.doubts:
        return so(Act.ENFORCE, Reason.TRUSTED)
    act, why = _development(reading, mine, nanos or 0, now)
    return so(act, why)


def _crossing(reading: Reading, kind: BreachKind, threshold_bp: int) -> Reason | None:
    """Why the threshold counts as crossed, or None."""
    if kind is BreachKind.SOFT_FORECAST:
        is_over = reading.p50_nanos is not None and reading.p50_nanos > reading.size_nanos
        return Reason.FORECAST_OVER if is_over else None
    if reading.is_past(reading.spent_nanos, threshold_bp):
        return Reason.CROSSED
    return Reason.REFUSED if kind is BreachKind.HARD and reading.refused else None


def _has_eased(reading: Reading, kind: BreachKind, threshold_bp: int, nanos: int) -> bool:
    at = FORECAST_EASES_BP if kind is BreachKind.SOFT_FORECAST else max(0, threshold_bp - SPEND_EASES_BP)
    return not reading.is_past(nanos, at)


def _development(reading: Reading, mine: Breach, nanos: int, now: datetime) -> tuple[Act, Reason]:
    """What became of an open breach since its message was last changed."""
    shown, told = int(mine.facts.get("shown_nanos", 0)), int(mine.facts.get("told_nanos", 0))
    is_acknowledged = mine.acknowledged_at is not None
    quiet = Reason.ACKNOWLEDGED if is_acknowledged else Reason.ALREADY_TOLD
    if not _may_edit(mine, now):
        return Act.NOTHING, quiet
    if nanos - told >= reading.step(ACKNOWLEDGED_STEP_BP if is_acknowledged else TOLD_STEP_BP):
        return Act.TELL, Reason.WORSE
    has_moved = abs(nanos - shown) >= reading.step(SHOWN_STEP_BP) > 0
    if has_moved or reading.refused >= 2 * max(1, int(mine.facts.get("refused", 0))):
        return Act.EDIT, Reason.MOVED
    return Act.NOTHING, quiet


def _may_edit(mine: Breach, now: datetime) -> bool:
    """Not again so soon: a channel is no ticker."""
    shown_at = mine.facts.get("shown_at")
    return shown_at is None or now - datetime.fromisoformat(shown_at) >= EDIT_PAUSE


def _velocity(reading: Reading, notices: Sequence[Breach], now: datetime) -> Decision:
    """An episode lasts until two calm hours; what begins again within a day goes on in the same message."""
    last = max(notices, key=lambda one: one.opened_at, default=None)
    surge = reading.surge
    nanos = surge.spent_nanos if surge else 0
    open_ = last if last and not last.is_closed else None

    def so(act: Act, why: Reason, breach: Breach | None = last, closing: Closing | None = None) -> Decision:
        began = breach.threshold_bp if breach else reading.hour if act is Act.OPEN else 0
        return Decision(BreachKind.VELOCITY, began, act, why, breach, closing, nanos)

    if surge is None:
        if open_ is None:
            return so(Act.NOTHING, Reason.CALM if reading.is_paced else Reason.NO_PACE, None)
        if now - _surged_at(open_) < CALM:
            return so(Act.NOTHING, Reason.EASING)
        return so(Act.CLOSE, Reason.RECOVERED, open_, Closing.RECOVERED)
    if open_ is None:
        if last and now - _surged_at(last) < REPEATED:
            return so(Act.REOPEN, Reason.AGAIN)
        return so(Act.OPEN, Reason.SURGING, None)
    if nanos > WORSE_SURGE * int(open_.facts.get("told_nanos", 0)):
        return so(Act.TELL, Reason.WORSE)
    why = Reason.ACKNOWLEDGED if open_.acknowledged_at else Reason.ALREADY_TOLD
    if surge.hour_at > _surged_at(open_) and _may_edit(open_, now):
        return so(Act.EDIT, Reason.MOVED)
    return so(Act.NOTHING, why)


def _surged_at(breach: Breach) -> datetime:
    """The last hour in which it was seen to run away."""
    surged = breach.facts.get("surge_hour_at")
    return datetime.fromisoformat(surged) if surged else breach.opened_at


def _trust(reading: Reading, notices: Sequence[Breach], now: datetime) -> Decision:
    """Unpriced usage is told to finance once; it is over when every model has its price."""
    last = max(notices, key=lambda one: one.threshold_bp, default=None)
    doubtful = Doubt.UNPRICED in reading.doubts

    def so(act: Act, why: Reason, breach: Breach | None = last, closing: Closing | None = None) -> Decision:
        number = breach.threshold_bp if breach else last.threshold_bp + 1 if last else 0
        return Decision(BreachKind.UNTRUSTED, number, act, why, breach, closing, reading.spent_nanos)

    if last is None or last.is_closed:
        if not doubtful:
            return so(Act.NOTHING, Reason.TRUSTWORTHY)
        if last and last.closed_at and now - last.closed_at < REPEATED:
            return so(Act.REOPEN, Reason.AGAIN)
        return so(Act.OPEN, Reason.UNBELIEVABLE, None)
    if doubtful:
        return so(Act.NOTHING, Reason.ALREADY_TOLD)
    return so(Act.CLOSE, Reason.RECOVERED, last, Closing.RECOVERED)


def over_with(breach: Breach, spent_nanos: int) -> Decision:
    """The month of an open breach has ended."""
    return Decision(
        breach.kind, breach.threshold_bp, Act.CLOSE, Reason.CYCLE_OVER, breach, Closing.CYCLE_OVER, spent_nanos
    )
