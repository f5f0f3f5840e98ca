"""What Slack's refusals mean for a notice: try again when, or wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from slack_sdk.errors import SlackApiError

SHUT_OUT: Final = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
"""Slack's refusals that a new installation mends: the notice waits for the start that comes with it."""
UNREACHED: Final = frozenset(
    {
        "channel_not_found", "cannot_dm_bot", "is_archived", "not_in_channel", "restricted_action", "user_disabled",
        "user_not_found", "users_not_found", "user_not_visible",
    }
)  # fmt: skip
"""Slack's refusals that another try does not mend; the notice waits, visibly, for a person."""
UNEDITABLE: Final = frozenset({"cant_update_message", "channel_not_found", "edit_window_closed", "message_not_found"})
"""The message is gone or closed to changes: what was to be shown on it needs a message of its own."""
UNANSWERABLE: Final = frozenset({"cannot_reply_to_message", "message_not_found", "thread_not_found", "thread_locked"})
"""There is no thread to reply in."""
UNREADABLE: Final = frozenset(
    {
        "access_denied",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
    }
)
"""Outlay was not given the right to look at what is in a conversation."""
_PASSING: Final = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable", "team_added_to_org"}
)

LATER: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(minutes=10)
MOST_TRIES: Final = 12
"""Of what fails for no reason of Slack's; about an hour. Failures of Slack itself are outwaited however long they take."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Either `park` names the reason to give up, or it is tried again after `wait`.

    `is_limit`: the whole conversation has to wait, not this notice alone.
    """

    park: str | None = None
    wait: timedelta = LATER
    is_limit: bool = False


def verdict(refused: SlackApiError, attempts: int) -> Verdict:
    """What to do about a refusal of Slack's on that attempt."""
    code = code_of(refused)
    if code in SHUT_OUT | UNREACHED:
        return Verdict(park=code)
    if seconds := retry_after(refused):
        return Verdict(wait=timedelta(seconds=seconds), is_limit=True)
    if is_passing(refused):
        return Verdict(wait=back_off(attempts))
    return Verdict(park=code) if attempts >= MOST_TRIES else Verdict(wait=back_off(attempts))


def back_off(attempts: int) -> timedelta:
    """15 s, 30 s, 45 s … ten minutes."""
    return min(LATER * max(attempts, 1), LONGEST_WAIT)


def is_passing(refused: SlackApiError) -> bool:
    """Whether Slack itself is unwell or busy: the same call may well succeed later."""
    status = refused.response.status_code
    return status == 429 or status >= 500 or code_of(refused) in _PASSING


def retry_after(refused: SlackApiError) -> int:
    """Seconds that Slack asks to be left alone, at least 1; 0 when it does not."""
    said = refused.response.headers.get("Retry-After", "")
    return max(1, int(said)) if said.isdecimal() else 0


def code_of(refused: SlackApiError) -> str:
    """Slack's name for the refusal, or the HTTP status where it gave none."""
    answer = refused.response.data
    return str((answer.get("error") if isinstance(answer, dict) else None) or refused.response.status_code)
