"""`/budget reconcile …`: a provider and a month, in any order, both optional."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.slack.command_words import COMMAND, Line
from core.errors import BudgetError, OutOfRange, Unreadable
from core.intake.provider_names import provider_name
from core.period import Cycle

_PREPOSITIONS: Final = frozenset({"in", "for", "of"})
_PROVIDER: Final = re.compile(r"[a-z][a-z0-9 ._-]{1,59}")


@dataclass(frozen=True, slots=True)
class Reconcile:
    """An invoice to bring and compare; with `status` how far every month has come. None where it was not said."""

    provider: str | None = None
    month: Cycle | None = None
    status: bool = False
    share: bool = False


def read_reconcile(line: Line, *, today: date) -> Reconcile:
    """The provider and the month in the words behind `reconcile`. Raises BudgetError with a corrected line."""
    words = [word for word in line.words if word.text.lower() not in _PREPOSITIONS or word.key]
    for word in words:
        if word.key not in (None, "provider", "month"):
            raise Unreadable(
                f"reconcile takes a provider and a month; I do not know {word.key}=.", correction=line.without(word)
            )
    named = [word.text for word in words if word.key == "provider"]
    dated = [word.text for word in words if word.key == "month"]
    plain = [word.text for word in words if word.key is None]
    if [text.lower() for text in plain] == ["status"]:
        return Reconcile(status=True)
    month = _month(" ".join(dated), today) if dated else None
    # A month may be two words, `October 2026` or `last month`; what stands before or behind it is the provider.
    for size in (2, 1):
        for start in range(len(plain) - size + 1):
            if month is None and (found := _month_or_none(" ".join(plain[start : start + size]), today)):
                month = found
                del plain[start : start + size]
                break
    named += [" ".join(plain)] if plain else []
    if len(named) > 1:
        raise Unreadable(
            f"I read two providers, {named[0]} and {named[1]}.", correction=f"{COMMAND} reconcile {named[0]}"
        )
    if month and month > Cycle(today.year, today.month):
        raise OutOfRange(
            f"{month.title} has not begun, so there is no invoice for it.",
            correction=f"{COMMAND} reconcile {' '.join([*named, str(Cycle(today.year, today.month).previous)])}",
        )
    return Reconcile(_provider(named[0], month) if named else None, month)


def _provider(typed: str, month: Cycle | None) -> str:
    if not _PROVIDER.fullmatch(typed.lower()):
        raise Unreadable(
            f"“{typed[:40]}” is neither a provider nor a month I can read. Write it like openai 2026-10.",
            correction=f"{COMMAND} reconcile openai {month or ''}".strip(),
        )
    return provider_name(typed.lower())


def _month(text: str, today: date) -> Cycle:
    return Cycle.parse(text, today=today)


def _month_or_none(text: str, today: date) -> Cycle | None:
    try:
        return Cycle.parse(text, today=today)
    except BudgetError:
        return None
