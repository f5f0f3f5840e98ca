"""`/budget settings`, and `settings channel=# deputy=@ soft=75% quiet=22-7` to change them; `off` takes one back.

`settings away=3 Dec` is about whoever types it: the deputies stand in for them through that day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from bot.slack.command_days import day_from
from bot.slack.command_words import COMMAND, Line, Word
from core.errors import BudgetError, OutOfRange, UnknownName, Unreadable
from core.leave import checked_last_day
from core.money import parse_share
from core.quiet import parse_quiet
from core.spelling import nearest

KEYS: Final = {
    "channel": "channel", "deputy": "deputy", "soft": "soft_share", "hard": "hard_share", "margin": "margin", "quiet": "quiet",
}  # fmt: skip
EXAMPLES: Final = {
    "channel": "#ai-budget", "deputy": "@dana", "soft": "80%", "hard": "100%", "margin": "20%", "quiet": "22-7",
}  # fmt: skip
_DAYS: Final = "with `OUTLAY_TIMEZONE` and `outlay rebuild`: it cuts the days of the books"
_TEAM: Final = "with `OUTLAY_FINANCE`: whoever is on it decides over money"
_WHERE_IT_RUNS: Final = {"zone": _DAYS, "timezone": _DAYS, "tz": _DAYS, "finance": _TEAM}
AWAY: Final = "away"
_OFF: Final = frozenset({"off", "none", "no", "default"})


@dataclass(frozen=True, slots=True)
class SettingsCommand:
    """`given` maps preferences to what they should be, None to take one back; empty to show them."""

    given: dict[str, Any] = field(default_factory=dict)
    share: bool = False


@dataclass(frozen=True, slots=True)
class AwayCommand:
    """Whoever types it is away through `last_on`; None: back."""

    last_on: date | None
    share: bool = False


def read_settings(line: Line, *, today: date) -> SettingsCommand | AwayCommand:
    """Raises BudgetError with a corrected line."""
    first = line.words[0] if line.words else None
    if first and (first.key == AWAY or (first.key is None and first.text.lower() == AWAY)):
        return _away(line, today)
    if later := next((word for word in line.words if word.key == AWAY), None):
        raise Unreadable(
            "away= is about you, the others are about new envelopes. Send it by itself.", correction=line.without(later)
        )
    given: dict[str, Any] = {}
    for word in line.words:
        key = word.key or ""
        if how := _WHERE_IT_RUNS.get(key or word.text.lower()):
            raise Unreadable(f"{key or word.text} is set where Outlay runs, {how}.", correction=f"{COMMAND} settings")
        if key not in KEYS:
            close = nearest(key or word.text.lower(), KEYS)
            hint = f"Did you mean {close}=?" if close else f"I know {', '.join(f'{name}=' for name in KEYS)}."
            shown = f"{key}=" if key else f"“{word.shown}”"
            raise UnknownName(f"{shown} is no setting. {hint}", correction=_example(close or "soft"))
        if KEYS[key] in given:
            raise Unreadable(f"{key} is given twice. Keep one of them.", correction=line.without(word))
        try:
            given[KEYS[key]] = None if word.text.lower() in _OFF else _READERS[key](word)
        except BudgetError as refusal:
            refusal.correction = refusal.correction or _example(key)
            raise
    return SettingsCommand(given)


def _away(line: Line, today: date) -> AwayCommand:
    """`away=2026-12-03`, `away=3 Dec`, `away until 3 Dec`, `away=off`."""
    words = [
        word.text for word in line.words if word.text and (word.key or word.text.lower() not in (AWAY, "until", "till"))
    ]
    if strange := next((word for word in line.words[1:] if word.key), None):
        raise Unreadable(
            "away= is about you, the others are about new envelopes. Send it by itself.",
            correction=line.without(strange),
        )
    text = " ".join(words)
    if text.lower() in _OFF or text.lower() in ("back", "here"):
        return AwayCommand(None)
    last_on = day_from(text, today)
    if last_on is None:
        said = f"“{line.words[-1].shown}” is no day" if words else "Away until when?"
        raise Unreadable(
            f"{said}{'.' if words else ''} Give the last day on which you are away, or off.".replace("?.", "?"),
            correction=f"{COMMAND} settings {AWAY}={(today + timedelta(days=7)).isoformat()}",
        )  # fmt: skip
    try:
        return AwayCommand(checked_last_day(last_on, today=today - timedelta(days=1)))
    except OutOfRange as refusal:
        refusal.correction = f"{COMMAND} settings {AWAY}={(today + timedelta(days=7)).isoformat()}"
        raise


def _example(key: str) -> str:
    # A mention by name is not one that Slack resolved, so that those are taken back instead.
    value = "off" if key in ("channel", "deputy") else EXAMPLES[key]
    return f"{COMMAND} settings {key}={value}"


def _place(word: Word) -> str:
    if word.channel is None:
        raise Unreadable(f"I could not tell which channel “{word.shown}” is. Pick it from Slack's list.")
    return word.channel


def _person(word: Word) -> str:
    if word.person is None:
        raise Unreadable(f"I could not tell who “{word.shown}” is. Pick the person from Slack's list.")
    return word.person


def _share(word: Word) -> float:
    return parse_share(word.text)


def _quiet(word: Word) -> str:
    hours = parse_quiet(word.text)
    return str(hours) if hours else ""


_READERS: Final[dict[str, Callable[[Word], object]]] = {
    "channel": _place, "deputy": _person, "soft": _share, "hard": _share, "margin": _share, "quiet": _quiet,
}  # fmt: skip
