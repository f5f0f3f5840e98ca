"""How an envelope was told to stand, in one sentence."""

from __future__ import annotations

from bot.slack.views.mrkdwn import name, person
from core.degradation import Stance


def standing_words(workload: str, stance: Stance, *, has_ladder: bool) -> str:
    """How it was told to stand, by whom and why; without a ladder nothing degrades, and the envelope's end is a wall."""
    by = "Outlay" if stance.by == "outlay" else person(stance.by)
    if stance.is_stopped:
        return f"*{name(workload)}* is stopped by {by}: nothing that costs passes the guard."
    if stance.is_lifted:
        return f"*{name(workload)}*: {person(stance.undone_by)} undid the degradation."
    if not has_ladder:
        return f"*{name(workload)}* has no ladder: where its envelope ends, nothing that costs passes the guard."
    mode = "would be degraded (dry run)" if stance.is_dry_run else "is degraded"
    return f"*{name(workload)}* {mode} by {by}, because {name(stance.because, 120)}."
