"""`/budget why-told NAME` and `/budget replay NAME soft=70% hard=100% [amount=4000]`."""

from __future__ import annotations

from typing import Final

from bot.slack.alert_forms import ReplayCommand, WhyTold
from bot.slack.command_names import only_workload, workload_from
from bot.slack.command_words import COMMAND, Line, Word
from core.errors import BudgetError, UnknownName, Unreadable
from core.money import parse_amount, parse_share
from core.spelling import nearest

OPTIONS: Final = ("soft", "hard", "amount")
_EXAMPLES: Final = {"soft": "80%", "hard": "100%", "amount": "4000"}


def read_why_told(line: Line) -> WhyTold:
    """Raises BudgetError with a corrected line."""
    workload = only_workload(line)
    if workload is None:
        raise Unreadable("About which workload? Put its name behind it.", correction=f"{COMMAND} status")
    return WhyTold(workload)


def read_replay(line: Line) -> ReplayCommand:
    """Raises BudgetError with a corrected line."""
    names = [word for word in line.words if word.key in (None, "workload", "name")]
    if not names:
        raise Unreadable("Replay which workload? Put its name first.", correction=f"{COMMAND} status")
    if len(names) > 1:
        raise Unreadable(
            f"I do not know what “{names[1].shown}” belongs to. Thresholds are written like soft=80%.",
            correction=line.without(names[1]),
        )
    workload = workload_from(names[0], lambda name: line.replacing(names[0], Word(name)), otherwise=f"{COMMAND} status")
    given: dict[str, Word] = {}
    for word in line.words:
        if word is names[0]:
            continue
        key = word.key or ""
        if key not in OPTIONS or key in given:
            raise _unknown(line, word, key, is_twice=key in given)
        given[key] = word
    return ReplayCommand(
        workload, _share(line, given.get("soft")), _share(line, given.get("hard")), _amount(line, given.get("amount"))
    )


def _unknown(line: Line, word: Word, key: str, *, is_twice: bool) -> BudgetError:
    if is_twice:
        return Unreadable(f"{key} is given twice. Keep one of them.", correction=line.without(word))
    close = nearest(key, OPTIONS)
    hint = f"Did you mean {close}=?" if close else "replay knows soft=, hard= and amount=."
    fixed = line.replacing(word, word.renamed(close)) if close else line.without(word)
    return UnknownName(f"“{key[:40]}” is not an option of replay. {hint}", correction=fixed)


def _share(line: Line, word: Word | None) -> float | None:
    if word is None:
        return None
    try:
        return parse_share(word.text)
    except BudgetError as refusal:
        refusal.message = f"{word.key}: {refusal.message}"
        refusal.correction = line.replacing(word, Word(_EXAMPLES[word.key or "soft"], word.key))
        raise


def _amount(line: Line, word: Word | None) -> int | None:
    if word is None:
        return None
    try:
        return parse_amount(word.text)
    except BudgetError as refusal:
        refusal.correction = line.replacing(word, Word(_EXAMPLES["amount"], word.key))
        raise
