"""Whether somebody is away for days: as they said it themselves, or as their Slack status shows it. Pure.

A status is read for what Slack itself offers and for a few words; what was typed is looked at and then forgotten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from core.errors import OutOfRange

MOST_DAYS: Final = 366
"""Ahead of today; whoever is away for longer needs somebody else in their role."""


class LeaveSource(StrEnum):
    SAID = "said"
    """They said it with `/budget settings away=…`."""
    STATUS = "status"
    """Their Slack status shows it."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody is away; `until` is the instant at which it ends, None where the status tells no end."""

    source: LeaveSource
    until: datetime | None = None

    def covers(self, now: datetime) -> bool:
        return self.until is None or now < self.until


EMOJI: Final = frozenset(
    {
        "palm_tree", "face_with_thermometer", "beach_with_umbrella", "desert_island", "umbrella_on_ground", "ooo",
        "out-of-office", "out_of_office", "vacation",
    }
)  # fmt: skip
""":palm_tree: and :face_with_thermometer: are Slack's own suggestions “Vacationing” and “Out sick” (seen in its client,
2026-11); the others are the usual ones for the same, and names that workspaces give their own."""
_WORDS: Final = re.compile(
    r"\b(?:vacation(?:ing)?|annual leave|on leave|(?:parental|maternity|paternity|sick|medical) leave|on holidays?"
    r"|out[ -]of[ -](?:the[ -])?office|ooo|pto|out sick|sick day)\b"
)
_RETURNED: Final = re.compile(r"\b(?:back from|no longer|not (?:on|out|sick)|before|planning|days? (?:to|until))\b")
"""“Back from vacation”, “not on leave”, “two days to vacation”: named, and not begun or over."""


def leave_shown(text: str, canonical: str, emoji: str, until: datetime | None, *, now: datetime) -> Leave | None:
    """What a Slack status tells; None for any other status, and for one whose time is over.

    Args:
      text: as it was typed; `canonical` is the English name of one of Slack's own suggestions, in whatever language it is shown.
      emoji: its name, with colons or without; a skin tone behind it does not matter.
      until: when the status clears itself, None for never.
    """
    if until is not None and until <= now:
        return None
    words = f"{canonical} {text}".casefold()
    if _RETURNED.search(words):
        return None
    named = emoji.strip(":").split("::")[0].casefold()
    return Leave(LeaveSource.STATUS, until) if named in EMOJI or _WORDS.search(words) else None


def checked_last_day(last_on: date, *, today: date) -> date:
    """The last day away, if it lies ahead. Raises OutOfRange."""
    if last_on < today:
        raise OutOfRange(f"{last_on.isoformat()} is over. Give the last day on which you are away, today or later.")
    if (last_on - today).days > MOST_DAYS:
        raise OutOfRange(
            f"{last_on.isoformat()} is more than a year ahead. Somebody else should have your role: `/budget set NAME sponsor=@name`."
        )
    return last_on
