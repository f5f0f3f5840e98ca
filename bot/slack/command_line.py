"""Everything after `/budget`, read into a command. Names of workloads are checked for their form, not looked up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from bot.slack.command_forms import Command, Hub
from bot.slack.command_readers import ALIASES, COMMANDS, known
from bot.slack.command_reconcile import Reconcile
from bot.slack.command_words import COMMAND, Line, Word, as_typed, split
from bot.slack.forecast_forms import Forecast
from core.errors import BudgetError, UnknownName
from core.spelling import nearest

_REPAIRS: Final = 8
_FLAGS: Final = ("share", "help", "accuracy", "status")


def parse(text: str, *, today: date) -> Command:
    """The command in the text behind `/budget`.

    Args:
      text: as Slack sends it, with resolved mentions and with or without `&amp;`-style escapes.
      today: the day in the books' time zone; resolves `last month` and bare month names.

    Raises BudgetError, and nothing else; its `correction` is a line that is read without refusal.
    """
    try:
        return _read(text, today)
    except BudgetError as refusal:
        proposed = _repaired(refusal.correction, today) if refusal.correction else None
        refusal.correction = as_typed(proposed or _help_for(text))
        raise


def _repaired(line: str, today: date) -> str | None:
    """The proposed line with its further mistakes mended too, or None: a correction must not be refused in its turn."""
    for _ in range(_REPAIRS):
        try:
            _read(line, today)
        except BudgetError as refusal:
            if not refusal.correction:
                return None
            line = refusal.correction
        else:
            return line
    return None


def _help_for(text: str) -> str:
    first = text.strip().split(maxsplit=1)[:1]
    return f"{COMMAND} help {first[0].lower()}" if first and first[0].lower() in COMMANDS else f"{COMMAND} help"


def _read(text: str, today: date) -> Command:
    words = split(text)
    flags = [word for word in words if word.flag]
    if wrong := next((word for word in flags if word.flag not in _FLAGS), None):
        raise _unknown_flag(words, wrong)
    rest = tuple(word for word in words if not word.flag)
    share = any(word.flag == "share" for word in flags)
    if any(word.flag == "help" for word in flags):
        rest = (Word("help"), *rest[:1])
    if not rest:
        return Hub(share)
    name = _command_name(rest)
    try:
        command = COMMANDS[name](Line(name, rest[1:]), today)
    except BudgetError as refusal:
        if share and refusal.correction:
            refusal.correction += " --share"
        raise
    if accuracy := [word for word in flags if word.flag == "accuracy"]:
        if not isinstance(command, Forecast):
            rest_of_line = " ".join(word.typed() for word in words if word not in accuracy)
            raise UnknownName("--accuracy belongs to forecast.", correction=f"{COMMAND} {rest_of_line}")
        command = replace(command, accuracy=True)
    if status := [word for word in flags if word.flag == "status"]:
        if not isinstance(command, Reconcile):
            rest_of_line = " ".join(word.typed() for word in words if word not in status)
            raise UnknownName("--status belongs to reconcile.", correction=f"{COMMAND} {rest_of_line}")
        command = replace(command, status=True)
    return replace(command, share=share)


def _command_name(words: tuple[Word, ...]) -> str:
    first = words[0]
    name = first.text.lower()
    name = ALIASES.get(name, name)
    if first.key is None and name in COMMANDS:
        return name
    close = nearest(name, COMMANDS) if first.key is None else None
    if close:
        raise UnknownName(
            f"“{first.shown}” is not a command. Did you mean {close}?",
            correction=Line(close, words[1:]).rewritten(words[1:]),
        )
    shown = first.shown if first.key is None else f"{first.key[:40]}="
    # A single well-formed word is most likely a workload whose state somebody wants to see.
    likely = f"{COMMAND} status {first.text}" if first.key is None and len(words) == 1 else f"{COMMAND} help"
    raise UnknownName(f"“{shown}” is not a command. I know {known()}.", correction=likely)


def _unknown_flag(words: tuple[Word, ...], wrong: Word) -> BudgetError:
    flag = wrong.flag or ""
    close = nearest(flag, _FLAGS)
    kept = [(Word(f"--{close}") if word is wrong else word) for word in words if close or word is not wrong]
    only = "--share shows the answer to the channel, forecast has --accuracy and reconcile --status."
    hint = f"Did you mean --{close}?" if close else only
    return UnknownName(
        f"“{wrong.shown}” is not an option. {hint}", correction=" ".join([COMMAND, *(word.typed() for word in kept)])
    )
