"""`/budget settings`: what new envelopes take where nothing is said, with where each value comes from."""

from __future__ import annotations

from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel, code, name, person
from bot.slack.views.wording import day, listed
from core.preferences import Preferences
from core.quiet import parse_quiet
from core.services.envelope_defaults import Defaults
from core.services.say_away import Said


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
            "Going away? `/budget settings away=3 Dec` asks your deputies while you are; so does a Slack status like Vacationing.",
            "Finance team and time zone are set where Outlay runs: `OUTLAY_FINANCE`, and `OUTLAY_TIMEZONE` with `outlay rebuild`.",
        ),
    )


def away_message(said: Said) -> Message:
    """What holds while somebody is away, and what is still open because nobody stands in for them."""
    if said.last_on is None:
        text = (
            "You are back: questions come to you alone again."
            if said.before
            else "You were not away; nothing was changed."
        )
        return blocks.message(text, blocks.section(text))
    text = (
        f"You are away until {day(said.last_on)}. What waits for your decision, or comes until then, is put before your "
        "deputies at once; it comes to you too."
    )
    alone = listed([f"*{name(one)}*" for one in said.alone], 5)
    return blocks.message(
        text,
        blocks.section(text),
        blocks.section(f"Nobody stands in for you on {alone}. Ask its owner to name a deputy:") if alone else None,
        blocks.paste(
            *([f"/budget set {said.alone[0]} deputy=@name"] if said.alone else []), "/budget settings away=off"
        ),
        blocks.context("The audit says who was away when a deputy was asked. It ends by itself after that day."),
    )
