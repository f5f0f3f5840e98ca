"""What `outlay doctor` makes of what Slack told it: scopes, the clock, people who left, channels out of reach; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from core.checkup import Finding, Grade, fine

CLOCK_SLACK: Final = timedelta(seconds=60)
CLOCK_BROKEN: Final = timedelta(minutes=5)
"""Slack's requests are refused when their time is off by more (docs.slack.dev, Verifying requests from Slack)."""


def on_scopes(granted: Collection[str], *, needed: Collection[str], optional: Collection[str]) -> Finding:
    """Whether the installation has the scopes of the app's manifest."""
    lacking = sorted(set(needed) - set(granted))
    if lacking:
        return Finding(
            "slack scopes", Grade.BROKEN, f"The app lacks {', '.join(lacking)}.",
            "Slack refuses the calls that need them: messages, files or people stay out.",
            "api.slack.com/apps → your app → App Manifest: paste app.yaml, save, then Install App → Reinstall",
        )  # fmt: skip
    without = sorted(set(optional) - set(granted))
    if without:
        return Finding(
            "slack scopes", Grade.NOTE, f"All needed scopes are there; without the optional {', '.join(without)}.",
            "A message whose answer was lost may be sent twice, and a channel cannot be looked at from here.",
            "api.slack.com/apps → your app → OAuth & Permissions: add them, then reinstall",
        )  # fmt: skip
    return fine("slack scopes", f"All {len(set(needed))} needed scopes are there.")


def on_clock(theirs: datetime, ours: datetime) -> Finding:
    """Whether this machine's clock and Slack's agree."""
    off = abs(theirs - ours)
    if off <= CLOCK_SLACK:
        return fine("clock", f"The clock agrees with Slack's to {off.total_seconds():.0f} s.")
    way = "behind" if ours < theirs else "ahead"
    return Finding(
        "clock", Grade.BROKEN if off > CLOCK_BROKEN else Grade.WARNING,
        f"This machine's clock is {off.total_seconds():,.0f} s {way} of Slack's.",
        "Signed requests are refused when they are five minutes off, and days and alerts are cut at the wrong time.",
        "sudo timedatectl set-ntp true",
    )  # fmt: skip


def on_people(gone: Mapping[str, Sequence[str]]) -> list[Finding]:
    """People on envelopes who have no Slack account any more, with the workloads they answer for."""
    return [
        Finding(
            "people",
            Grade.BROKEN,
            f"<@{person}> is deactivated and answers for {_some(workloads)}.",
            "Requests to them wait for nobody, and alerts go unread.",
            f"/budget set {workloads[0]} owner=@… sponsor=@…",
        )
        for person, workloads in sorted(gone.items())
    ]


def on_channels(troubles: Mapping[str, str], workloads: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Channels that cannot be posted to: channel → Slack's word for why; and which workloads use them."""
    found = []
    for channel, trouble in sorted(troubles.items()):
        used = workloads.get(channel) or ("the default channel",)
        facts = {
            "not_in_channel": f"Outlay is not a member of <#{channel}>, which {_some(used)} posts to.",
            "is_archived": f"<#{channel}> is archived; {_some(used)} posts to it.",
        }
        mend = "/invite @outlay" if trouble == "not_in_channel" else f"/budget set {used[0]} channel=#…"
        what = facts.get(trouble, f"<#{channel}> cannot be seen ({trouble}); {_some(used)} posts to it.")
        found.append(Finding("channels", Grade.BROKEN, what, "Alerts and digests for it are parked.", mend))
    return found


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
