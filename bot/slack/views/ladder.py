"""A ladder in words: what happens past the hard threshold, with the dollars at which it happens."""

from __future__ import annotations

from bot.slack.views.mrkdwn import name
from core.degradation import Degradation, room_of
from core.money import usd


def ladder_words(ladder: Degradation | None, size_nanos: int, hard_share: float) -> str:
    """One or two escaped sentences; true of what passes the guard, which is all that can be bounded."""
    room = room_of(size_nanos, hard_share, ladder)
    end = f"At *{usd(room.limit)}* nothing that costs passes the guard."
    if ladder is None or not ladder.has_steps:
        return end
    if ladder.is_dry_run:
        return f"The ladder ({name(str(ladder))}) only reports what it would have done. {end}"
    if room.limit <= room.hard:
        what = (
            f"{name(ladder.model)} takes over where the model asked for no longer fits"
            if ladder.model
            else "A throttle"
        )
        tail = "" if ladder.model else " has no room to work in, because hard is at the whole envelope"
        return f"{what}{tail}. {end}"
    steps = []
    if ladder.model:
        steps.append(f"requests go to *{name(ladder.model)}* from {usd(room.hard)} on")
    if ladder.requests_per_minute and room.throttled is not None:
        pace = f"{ladder.requests_per_minute:,} requests a minute"
        steps.append(f"at most *{pace}* pass from {usd(room.throttled)} on")
    words = ", ".join(steps)
    return f"{words[0].upper()}{words[1:]}. {end}"
