"""Names in a line: the nearest known one for a typo, workloads as they are kept, dimensions with their short forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from bot.slack.command_words import COMMAND, Line, Word
from core.errors import BudgetError, UnknownName, Unreadable
from core.spelling import nearest
from core.usage import DIMENSIONS
from core.workload import MATCHABLE, workload_name

BREAKDOWNS: Final = (*DIMENSIONS, "model", "provider", "workload")
_SHORT: Final = {"env": "environment", "envs": "environment", "client": "customer", "account": "customer"}
_OWN_TAG: Final = re.compile(r"tag\.[a-z][a-z0-9_.-]{0,59}")


def only_workload(line: Line) -> str | None:
    """The one workload that the words name, or None without words. Raises BudgetError with a corrected line."""
    if not line.words:
        return None
    if stray := next((word for word in line.words if word.key not in (None, "workload", "name")), None):
        raise UnknownName(
            f"{line.command} takes a workload's name and nothing else; I do not know {stray.key}=.",
            correction=line.without(stray),
        )
    first = line.words[0]
    if len(line.words) > 1:
        joined = Word("-".join(word.text for word in line.words))
        shown = " ".join(word.shown for word in line.words[:3])
        raise Unreadable(
            f"I read several words, “{shown}”. A workload's name is one.", correction=line.rewritten([joined])
        )
    return workload_from(first, lambda name: line.rewritten([Word(name)]), otherwise=f"{COMMAND} {line.command}")


def workload_from(word: Word, corrected: Callable[[str], str], *, otherwise: str) -> str:
    """The workload's name as it is kept. Raises BudgetError; `corrected` makes a line of what is left of a bad name."""
    try:
        return workload_name(word.text)
    except BudgetError as refusal:
        tame = re.sub(r"[^a-z0-9._-]+", "-", word.text.lower()).strip("-._")[:60].strip("-._")
        refusal.message = f"“{word.shown}” is not a name I can keep. {refusal.message}"
        refusal.correction = corrected(tame) if tame else otherwise
        raise


def breakdown_dimension(line: Line, word: Word) -> str:
    """What to break spend down by; plurals and short forms are read. Raises UnknownName with a corrected line."""
    if (name := _full_name(word.text, BREAKDOWNS)) in BREAKDOWNS:
        return name
    close = nearest(name, BREAKDOWNS)
    hint = f"Did you mean {close}?" if close else f"Use one of {', '.join(BREAKDOWNS)}."
    raise UnknownName(
        f"“{word.shown}” is not a dimension of spend. {hint}", correction=line.replacing(word, Word(close or "feature"))
    )


def rule_dimension(line: Line, word: Word) -> str:
    """What a rule matches: a known dimension or `tag.NAME`. Raises UnknownName with a corrected line."""
    name = _full_name(word.key or "", MATCHABLE)
    if name in MATCHABLE or _OWN_TAG.fullmatch(name):
        return name
    close = nearest(name, MATCHABLE)
    own = f"tag.{re.sub(r'[^a-z0-9_.-]', '', name).lstrip('_.-0123456789') or 'name'}"[:60]
    hint = f"Did you mean {close}=?" if close else f"Use {', '.join(MATCHABLE)}, or {own}= for a tag of your own."
    raise UnknownName(
        f"“{name[:40]}” is not a dimension. {hint}", correction=line.replacing(word, word.renamed(close or own))
    )


def _full_name(text: str, known: Iterable[str]) -> str:
    name = text.strip().lower()
    name = _SHORT.get(name, name)
    return name.removesuffix("s") if name.removesuffix("s") in known else name


def tag_name(line: Line, word: Word) -> str:
    """A tag's bare name; short forms, plurals and a leading `tag.` are read. Raises UnknownName for what is no tag."""
    typed = word.text.strip().lower()
    name = _full_name(typed, DIMENSIONS).removeprefix("tag.")
    if name in ("model", "provider", "workload", "models", "providers", "workloads"):
        raise UnknownName(
            f"“{word.shown}” is no tag: models and providers are priced by their names, and workloads have rules.",
            correction=f"{COMMAND} spend by {name.removesuffix('s')}",
        )
    if not _OWN_TAG.fullmatch(f"tag.{name}"):
        raise UnknownName(f"“{word.shown}” is not the name of a tag.", correction=f"{COMMAND} tags")
    return name
