"""`/budget settings`: shown to everyone, changed by finance; `away=` is everybody's own."""

from __future__ import annotations

from bot.slack.command_settings import KEYS, AwayCommand, SettingsCommand
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction
from bot.slack.listeners import answers
from bot.slack.views.mrkdwn import code
from bot.slack.views.settings import away_message, settings_message
from bot.slack.views.wording import listed
from core.services import manage_preferences
from core.services.say_away import say_away


async def settings(asked: Interaction, command: SettingsCommand) -> None:
    desk, said = asked.desk, None
    if command.given:
        before, after = await manage_preferences.set_preferences(desk.uow, command.given, by=asked.actor, now=asked.now)
        names = [name for name, kept in KEYS.items() if kept in command.given]
        said = f"Changed: {listed(names, 6)}. Envelopes set from now on take it."
        if before == after:
            said = "That is how it was already; nothing was changed."
        else:
            said += f" Undo: {code(_undo(command, before))}"
    else:
        after = await manage_preferences.read_preferences(desk.uow)
    message = settings_message(after, desk.defaults, zone=desk.uow.zone.key, finance=desk.finance, said=said)
    await answers.report(asked, message, share=command.share)


async def away(asked: Interaction, command: AwayCommand) -> None:
    """Somebody is away or back; of that everybody speaks for themselves."""
    zone = await asked.reader()
    said = await say_away(asked.desk.uow, command.last_on, by=asked.actor, zone=zone, now=asked.now)
    asked.desk.wake_delivery()
    await answers.report(asked, away_message(said), share=command.share)


def _undo(command: SettingsCommand, before: object) -> str:
    """The line that brings back what was changed."""
    parts = []
    for name, kept in KEYS.items():
        if kept not in command.given:
            continue
        was = getattr(before, kept)
        if was is None or was == "":
            parts.append(f"{name}=off")
        elif isinstance(was, float):
            parts.append(f"{name}={round(was * 100, 4):g}%")
        else:
            parts.append(
                f"{name}={'<@' + was + '>' if name == 'deputy' else '<#' + was + '>' if name == 'channel' else was}"
            )
    return f"{COMMAND} settings {' '.join(parts)}"
