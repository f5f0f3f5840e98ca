"""`/budget rollout`, `rollout start channel=# from=DAY @ana @farah`, `rollout tick 5` and the like."""

from __future__ import annotations

from datetime import date
from typing import Final, get_args

from bot.slack.command_days import day_from
from bot.slack.command_words import COMMAND, Line, Word
from bot.slack.rollout_forms import Act, RolloutCommand
from core.errors import UnknownName, Unreadable
from core.rollout import ITEMS
from core.spelling import nearest

ACTS: Final[tuple[Act, ...]] = get_args(Act)
_ALIASES: Final[dict[str, Act]] = {
    "status": "show", "list": "show", "begin": "start", "stop": "pause", "continue": "resume", "again": "restart",
    "done": "tick", "undo": "untick", "test": "test-alert", "testalert": "test-alert", "test_alert": "test-alert",
}  # fmt: skip
_KEYS: Final = ("channel", "from", "people")


def read_rollout(line: Line, *, today: date) -> RolloutCommand:
    """What the words behind `rollout` ask for. Raises BudgetError with a corrected line."""
    if not line.words:
        return RolloutCommand()
    first, rest = line.words[0], line.words[1:]
    act = _act(line, first)
    if act in ("tick", "untick"):
        return RolloutCommand(act, number=_number(act, rest))
    if act in ("start", "restart"):
        return _begun(line, act, rest, today)
    if act == "test-alert" and rest and rest[0].text.lower() == "alert":
        rest = rest[1:]
    if rest:
        raise Unreadable(
            f"rollout {act} takes nothing behind it; I read “{rest[0].shown}”.", correction=f"{COMMAND} rollout {act}"
        )
    return RolloutCommand(act)


def _act(line: Line, word: Word) -> Act:
    name = word.text.lower() if word.key is None else ""
    if name in _ALIASES:
        return _ALIASES[name]
    known = next((act for act in ACTS if act == name), None)
    if known:
        return known
    close = nearest(name, ACTS) if name else None
    hint = f"Did you mean {close}?" if close else f"I know {', '.join(ACTS)}."
    fixed = line.replacing(word, Word(close)) if close else f"{COMMAND} rollout"
    raise UnknownName(f"“{word.shown or word.key}” is nothing that a rollout does. {hint}", correction=fixed)


def _number(act: Act, words: tuple[Word, ...]) -> int:
    text = words[0].text.lstrip("#").rstrip(".") if words else ""
    if len(words) != 1 or not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= len(ITEMS)):
        raise Unreadable(
            f"Which item? Say its number, 1 to {len(ITEMS)}; the checklist shows them.",
            correction=f"{COMMAND} rollout {act} 1",
        )
    return int(text)


def _begun(line: Line, act: Act, words: tuple[Word, ...], today: date) -> RolloutCommand:
    """Start or restart: a channel, a day and people, named or by themselves, in any order."""
    channel, from_on, people = None, None, []
    for word in words:
        if word.key not in (None, *_KEYS):
            raise UnknownName(
                f"rollout {act} takes channel=, from= and people=; I do not know {word.key}=.",
                correction=line.without(word),
            )
        if word.person:
            people.append(word.person)
        elif word.channel:
            channel = word.channel
        elif day := day_from(word.text, today):
            from_on = day
        else:
            raise Unreadable(
                f"I could not tell who, where or when “{word.shown}” is. Pick people and channels from Slack's list, and write "
                f"the day like 2026-12-01.",
                correction=line.without(word),
            )
    return RolloutCommand(act, channel=channel, from_on=from_on, people=tuple(dict.fromkeys(people)))
