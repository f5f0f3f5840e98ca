"""Tells finance what could not be delivered, why, and the line or click that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel, code, is_user, person
from bot.slack.views.wording import listed, plural

_ANEW: Final = "Slack did not take the app's token until it was installed again; what waited is on its way now. Nothing is left to do."
_CAUSES: Final[Mapping[str, str]] = {
    "channel_not_found": "The channel is gone, or private without me. Invite me with `/invite @outlay`, or name another one: "
    "`/budget set WORKLOAD channel=#other`.",
    "not_in_channel": "I am not in the channel. Invite me there with `/invite @outlay`.",
    "is_archived": "The channel is archived. Name another one: `/budget set WORKLOAD channel=#other`.",
    "restricted_action": "Only some people may post in the channel. Name another one: `/budget set WORKLOAD channel=#other`.",
    "user_disabled": "This person has left the workspace. Name somebody else: `/budget set WORKLOAD sponsor=@name`.",
    "user_not_found": "Slack does not know this person any more. Name somebody else: `/budget set WORKLOAD sponsor=@name`.",
    **dict.fromkeys(("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"), _ANEW),
    "missing_scope": "The app lacked a permission until it was installed again; what waited is on its way now. Nothing is left to do.",
    "request_gone": "It was about a request that is not in the books any more. Nothing is left to do.",
}
_UNKNOWN: Final = "Whoever runs Outlay finds the details in its log, under `notice_parked`."


def undelivered_message(facts: Mapping[str, Any]) -> Message:
    """How many messages wait, for whom, and what to do; `because` is Slack's own word for the reason."""
    total, because = int(facts["total"]), str(facts["because"])
    waiting = [(str(to), int(count)) for to, count in facts["waiting"]]
    unnamed = total - sum(count for _, count in waiting)
    if len(waiting) == 1 and not unnamed:
        named = [_place(waiting[0][0])]
    else:
        named = [f"{_place(to)} ({plural(count, 'message')})" for to, count in waiting]
    if named and unnamed:
        named.append(f"{plural(unnamed, 'message')} elsewhere")
    what = f"I could not deliver *{plural(total, 'message')}*"
    text = f"{what} for {listed(named, len(named))}." if named else f"{what}."
    return blocks.message(
        text,
        blocks.section(f"{text}\n{_CAUSES.get(because, _UNKNOWN)}"),
        blocks.context(
            f"Slack says {code(because)}. What waits is tried again every hour for a week.",
            f"Your envelopes: {code('/budget status')}",
        ),
    )


def _place(recipient: str) -> str:
    return person(recipient) if is_user(recipient) else channel(recipient)
