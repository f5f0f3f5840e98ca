"""`/budget tags` and its buttons: values of tags are looked at by everyone and merged by finance."""

from __future__ import annotations

import json

from bot.slack import ids
from bot.slack.command_forms import Tags
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.views.tags import merge_preview_message, merged_message, tag_message, tags_message, taken_back_message
from core.errors import Unreadable
from core.services import keep_tags


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_TAGS, show)
    registrar.action(ids.MERGE_TAGS, merge)
    registrar.action(ids.MERGE_AND_RELABEL, merge_and_relabel)
    registrar.action(ids.DROP_ALIAS, drop)


async def tags(asked: Interaction, command: Tags) -> None:
    uow = asked.desk.uow
    if command.dimension is None:
        message = tags_message(await keep_tags.review_tags(uow, now=asked.now))
    elif not command.merges:
        message = tag_message(await keep_tags.review_tag(uow, command.dimension, now=asked.now))
    else:
        if len(command.merges) > 1:
            first = command.merges[0]
            raise Unreadable(
                "One merge at a time, please; each is shown before it happens.",
                correction=f"{COMMAND} tags {command.dimension} {first[0]}={first[1]}",
            )
        tag = await keep_tags.review_tag(uow, command.dimension, now=asked.now)
        message = merge_preview_message(command.dimension, *command.merges[0], tag)
    await answers.send(asked, message, share=command.share)


async def show(asked: Interaction) -> None:
    await tags(asked, Tags(asked.value or None))


async def merge(asked: Interaction) -> None:
    await _merge(asked, months=0)


async def merge_and_relabel(asked: Interaction) -> None:
    await _merge(asked, months=3)


async def _merge(asked: Interaction, *, months: int) -> None:
    """Carry out the merge that the button names; the service reads rights and aliases again."""
    try:
        dimension, spellings, value = json.loads(asked.value)
        wanted = (str(dimension), [str(one) for one in spellings], str(value))
    except (ValueError, TypeError) as unreadable:
        raise _unreadable() from unreadable
    done = await keep_tags.merge_values(asked.desk.uow, *wanted, by=asked.actor, now=asked.now, months=months)
    await asked.reply.say(merged_message(done))


async def drop(asked: Interaction) -> None:
    try:
        dimension, spelling = json.loads(asked.value)
    except (ValueError, TypeError) as unreadable:
        raise _unreadable() from unreadable
    value = await keep_tags.drop_alias(asked.desk.uow, str(dimension), str(spelling), by=asked.actor, now=asked.now)
    await asked.reply.say(taken_back_message(str(dimension), str(spelling), value))


def _unreadable() -> Unreadable:
    return Unreadable(
        "This button does not carry values that I can read. Look at the tag again.", correction=f"{COMMAND} tags"
    )
