"""`/budget settings`: what new envelopes take where nothing is said, with where each value comes from."""

from __future__ import annotations

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel, code, person
from bot.slack.views.wording import listed
from core.preferences import Preferences
from core.quiet import parse_quiet
from core.services.envelope_defaults import Defaults


def settings_message(
    preferences: Preferences, defaults: Defaults, *, zone: str, finance: tuple[str, ...], said: str | None = None
) -> Message:
    """Every setting with its value; `said` is what was just changed, escaped."""
    text = said or "What a new envelope takes where nothing is said. Envelopes that exist keep what they have."
    hours = parse_quiet(preferences.quiet) if preferences.quiet else None
    team = listed([person(one) for one in finance], 5) or "nobody yet"
    rows = [
        ("Channel", channel(preferences.channel or defaults.channel)),
        ("Deputy of the sponsor", person(preferences.deputy)),
        ("Soft threshold", f"{preferences.soft:.0%}"),
        ("Hard threshold", f"{preferences.hard:.0%}"),
        ("Margin above the forecast", f"{defaults.preferring(preferences).margin:.0%}"),
        ("Quiet hours", hours.words if hours else "none"),
        ("Finance team", team),
        ("Time zone of the books", code(zone)),
    ]
    return blocks.message(
        text,
        blocks.section(text),
        blocks.fields(rows),
        blocks.paste("/budget settings soft=75% margin=25% quiet=22-7", "/budget settings quiet=off"),
        blocks.context(
            "Finance changes the first six; also channel= and deputy=. Each change is in `/budget audit`.",
            "Finance team and time zone are set where Outlay runs: `OUTLAY_FINANCE`, and `OUTLAY_TIMEZONE` with `outlay rebuild`.",
        ),
    )
