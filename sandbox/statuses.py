"""The status beside a person's name: set as `users.profile.set` takes it, gone when its time is over."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from sandbox.model import Json, Status, User

MOST_CHARACTERS: Final = 100
"""https://docs.slack.dev/apis/web-api/user-presence-and-status"""
SUGGESTED: Final = {
    "In a meeting": ":spiral_calendar_pad:", "Commuting": ":bus:", "Out sick": ":face_with_thermometer:",
    "Vacationing": ":palm_tree:", "Working remotely": ":house_with_garden:",
}  # fmt: skip
"""What Slack's client offers a person to pick."""
_EMOJI: Final = re.compile(r":[a-z0-9_+'-]+(::skin-tone-[2-6])?:")


class BadStatus(Exception):
    """Slack would not take it; the text is Slack's code."""


def read_status(profile: Json) -> Status:
    """From the `profile` argument of https://docs.slack.dev/reference/methods/users.profile.set. Raises BadStatus.

    Without text and emoji the status is taken away.
    """
    text, emoji = str(profile.get("status_text") or "").strip(), str(profile.get("status_emoji") or "").strip()
    if len(text) > MOST_CHARACTERS:
        raise BadStatus("profile_status_set_failed_too_long")
    if emoji and not _EMOJI.fullmatch(emoji):
        raise BadStatus("profile_status_set_failed_not_emoji_syntax")
    if not text and not emoji:
        return Status()
    canonical = text if SUGGESTED.get(text) == emoji else ""
    return Status(text, emoji or ":speech_balloon:", _seconds(profile.get("status_expiration")), canonical)


def status_of(user: User, at: datetime) -> Status:
    """What is shown now: nothing once its time is over."""
    status = user.status
    return Status() if status.expires and status.expires <= at.timestamp() else status


def profile_fields(status: Status) -> Json:
    """As it stands in a profile: https://docs.slack.dev/reference/objects/user-object"""
    return {
        "status_text": status.text, "status_emoji": status.emoji, "status_expiration": status.expires,
        "status_text_canonical": status.canonical,
    }  # fmt: skip


def _seconds(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError):
        raise BadStatus("invalid_profile") from None
