"""`/budget request WORKLOAD AMOUNT REASON` and `/budget holdback WORKLOAD REASON`, read from words."""

from __future__ import annotations

from bot.slack.command_forms import AskForMore, Holdback
from bot.slack.command_names import workload_from
from bot.slack.command_words import COMMAND, Line, Word
from core.approval import checked_reason
from core.errors import BudgetError, UnknownName, Unreadable
from core.money import parse_amount


def read_request(line: Line) -> AskForMore:
    """Raises BudgetError with a corrected line."""
    workload, rest = _workload(line, example="400 traffic doubled in launch week")
    if not rest:
        return AskForMore(workload)
    first, *words = rest
    if first.key in ("amount", "usd"):
        first = first.renamed(None)
    try:
        nanos = parse_amount(first.text)
    except BudgetError as refusal:
        said = " ".join(word.typed() for word in rest)
        refusal.correction = f"{COMMAND} request {workload} 400 {said}"
        raise
    if words and words[0].text.lower() in ("usd", "$", "dollars", "more"):
        del words[0]
    return AskForMore(workload, nanos, _reason(line, words, f"{COMMAND} request {workload} {first.text} launch week"))


def read_holdback(line: Line) -> Holdback:
    """Raises BudgetError with a corrected line."""
    workload, rest = _workload(line, example="traffic doubled in launch week")
    if not rest:
        return Holdback(workload)
    return Holdback(workload, _reason(line, list(rest), f"{COMMAND} holdback {workload} launch week"))


def _workload(line: Line, *, example: str) -> tuple[str, tuple[Word, ...]]:
    if not line.words:
        raise Unreadable(
            f"Which workload? Write it like {line.command} NAME {example}.", correction=f"{COMMAND} approvals"
        )
    first = line.words[0]
    if first.key not in (None, "workload", "name"):
        raise UnknownName(
            f"{line.command} begins with a workload's name; I do not know {first.key}=.", correction=line.without(first)
        )
    name = workload_from(
        first, lambda tame: line.replacing(first, Word(tame)), otherwise=f"{COMMAND} help {line.command}"
    )
    return name, line.words[1:]


def _reason(line: Line, words: list[Word], example: str) -> str:
    said = " ".join(word.text if word.key in (None, "reason", "because", "note") else word.typed() for word in words)
    try:
        return checked_reason(said)
    except BudgetError as refusal:
        refusal.correction = example
        raise
