"""`/budget help`: what can be done, in four groups, with lines that can be pasted as they are."""

from __future__ import annotations

from collections.abc import Iterable

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.help_topics import GROUPS, TOPICS, Group, Topic
from bot.slack.views.mrkdwn import code
from bot.slack.views.wording import listed


def help_message(topic: str | None, names: tuple[str, ...], unset: str | None = None) -> Message:
    """All commands in few words, a group of them with examples, or one; an unknown topic gets the list of known ones.

    Args:
      names: of workloads, the reader's own first; `unset` is one without an envelope.
    """
    used = (*names[:1], unset) if unset else names[:1]
    asked = topic.strip().lower() if topic else ""
    if found := TOPICS.get(asked):
        return _one(asked, found, used)
    if group := GROUPS.get(asked):
        return _group(group, used)
    opening = "Commands of `/budget`. Each line can be pasted; put in your own amounts, and people for @ana and @sam."
    if topic:
        opening = f"There is no help on {code(topic, 40)}. It exists for {listed(list(TOPICS), len(TOPICS))}."
    return blocks.message(
        opening,
        blocks.section(opening),
        *(part for name, group in GROUPS.items() for part in _brief(name, group, used)),
        blocks.context(
            "Amounts are read as you write them: 4000, $4k, 4,000.50 USD; shares as 80, 80% or 0.8.",
            "Answers are only for you unless `--share` is added. More on one: `/budget help set`",
        ),
    )


def _brief(name: str, group: Group, names: tuple[str, ...]) -> list[Block]:
    """One line a command, and the lines to begin with; the button leads to the examples."""
    lines = [f"*{command}* {TOPICS[command].brief}" for command in group.commands]
    more = blocks.button("Examples", ids.SHOW_HELP, name)
    return [
        blocks.section("\n".join([f"*{group.title}*", *(f"• {line}" for line in lines)]), accessory=more),
        blocks.paste(*pasteable(group.first, names)),
    ]


def _group(group: Group, names: tuple[str, ...]) -> Message:
    parts = []
    for command in group.commands:
        topic = TOPICS[command]
        parts += [blocks.section(f"*{command}* {topic.says}"), blocks.paste(*pasteable(topic.examples[:2], names))]
    return blocks.message(
        group.title,
        blocks.header(group.title),
        *parts,
        blocks.context(f"More on one: `/budget help {group.commands[0]}` · all commands: `/budget help`"),
    )


def _one(command: str, topic: Topic, names: tuple[str, ...]) -> Message:
    text = f"*/budget {command}* {topic.says}"
    return blocks.message(
        text,
        blocks.section(f"{text} {topic.more}".strip()),
        blocks.paste(*pasteable(topic.examples, names)),
        blocks.context(f"For {topic.who} · all commands: `/budget help`"),
    )


def pasteable(lines: Iterable[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """The lines with the first name in place of NAME, and the last in place of UNSET: one whose envelope no line would change."""
    name, unset = (names[0], names[-1]) if names else ("search-answers", "search-answers")
    return tuple(line.replace("NAME", name).replace("UNSET", unset) for line in lines)
