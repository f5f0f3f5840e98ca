"""Everything after `/budget`, read into a command. Names of workloads are checked for their form, not looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from bot.slack.alert_forms import AlertCommand
from bot.slack.command_alerts import read_replay, read_why_told
from bot.slack.command_export import read_export
from bot.slack.command_forecast import read_forecast, read_metric, read_plan, read_whatif, read_why
from bot.slack.command_forms import (
    Approvals,
    AskForMore,
    Audit,
    Command,
    Export,
    Help,
    Holdback,
    Hub,
    Price,
    Set,
    Sources,
    Spend,
    Status,
    Tags,
    Unattributed,
    WorkloadCommand,
)
from bot.slack.command_names import (
    BREAKDOWNS,
    breakdown_dimension,
    only_workload,
)
from bot.slack.command_price import read_price
from bot.slack.command_reconcile import Reconcile, read_reconcile
from bot.slack.command_response import read_holdback, read_request
from bot.slack.command_rollout import read_rollout
from bot.slack.command_set import read_set
from bot.slack.command_settings import SettingsCommand, read_settings
from bot.slack.command_tags import read_tags
from bot.slack.command_words import COMMAND, Line, Word, as_typed, split
from bot.slack.command_workload import read_workload
from bot.slack.forecast_forms import Forecast, ForecastCommand
from bot.slack.rollout_forms import RolloutCommand
from core.errors import BudgetError, OutOfRange, UnknownName, Unreadable
from core.period import Cycle
from core.spelling import nearest

_REPAIRS: Final = 8
_NAMED: Final = 10
_FLAGS: Final = ("share", "help", "accuracy", "status")
_ALIASES: Final = {
    "?": "help", "workloads": "workload", "prices": "price", "plans": "plan", "what-if": "whatif", "metrics": "metric",
    "source": "sources", "tag": "tags", "ask": "request", "approval": "approvals", "reserve": "holdback",
    "whytold": "why-told", "told": "why-told",
    "setting": "settings", "preferences": "settings",
}  # fmt: skip
_PREPOSITIONS: Final = frozenset({"in", "for", "of", "during"})


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
    return f"{COMMAND} help {first[0].lower()}" if first and first[0].lower() in _COMMANDS else f"{COMMAND} help"


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
        command = _COMMANDS[name](Line(name, rest[1:]), today)
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
    name = _ALIASES.get(name, name)
    if first.key is None and name in _COMMANDS:
        return name
    close = nearest(name, _COMMANDS) if first.key is None else None
    if close:
        raise UnknownName(
            f"“{first.shown}” is not a command. Did you mean {close}?",
            correction=Line(close, words[1:]).rewritten(words[1:]),
        )
    shown = first.shown if first.key is None else f"{first.key[:40]}="
    # A single well-formed word is most likely a workload whose state somebody wants to see.
    likely = f"{COMMAND} status {first.text}" if first.key is None and len(words) == 1 else f"{COMMAND} help"
    raise UnknownName(f"“{shown}” is not a command. I know {_known()}.", correction=likely)


def _known() -> str:
    """The commands that people ask for most; the rest are in the help."""
    names = list(_COMMANDS)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _unknown_flag(words: tuple[Word, ...], wrong: Word) -> BudgetError:
    flag = wrong.flag or ""
    close = nearest(flag, _FLAGS)
    kept = [(Word(f"--{close}") if word is wrong else word) for word in words if close or word is not wrong]
    only = "--share shows the answer to the channel, forecast has --accuracy and reconcile --status."
    hint = f"Did you mean --{close}?" if close else only
    return UnknownName(
        f"“{wrong.shown}” is not an option. {hint}", correction=" ".join([COMMAND, *(word.typed() for word in kept)])
    )


def _help(line: Line, today: date) -> Help:
    if not line.words:
        return Help()
    topic = line.words[0].text.lower()
    topic = _ALIASES.get(topic, topic)
    if topic in _COMMANDS:
        return Help(topic)
    close = nearest(topic, _COMMANDS)
    hint = f"Did you mean {close}?" if close else f"I know {_known()}."
    raise UnknownName(
        f"There is no command “{line.words[0].shown}”. {hint}", correction=f"{COMMAND} help {close or ''}".strip()
    )


def _status(line: Line, today: date) -> Status:
    return Status(only_workload(line))


def _audit(line: Line, today: date) -> Audit:
    return Audit(only_workload(line))


def _export(line: Line, today: date) -> Export:
    return read_export(line, today=today)


def _set(line: Line, today: date) -> Set:
    return read_set(line)


def _price(line: Line, today: date) -> Price:
    return read_price(line, today=today)


def _alerts(line: Line, today: date) -> AlertCommand:
    return read_why_told(line) if line.command == "why-told" else read_replay(line)


def _settings(line: Line, today: date) -> SettingsCommand:
    return read_settings(line)


def _rollout(line: Line, today: date) -> RolloutCommand:
    return read_rollout(line, today=today)


def _spend(line: Line, today: date) -> Spend:
    words = list(line.words)
    if words and words[0].key == "by":
        words[0] = words[0].renamed(None)
    elif words and words[0].key is None and words[0].text.lower() == "by":
        del words[0]
    if not words or not words[0].text:
        raise Unreadable(
            f"Spend by what? Use one of {', '.join(BREAKDOWNS)}.", correction=f"{COMMAND} spend by feature"
        )
    read = Line("spend by", tuple(words))
    dimension = breakdown_dimension(read, words[0])
    period = [word.text for word in words[1:]]
    if period and period[0].lower() in _PREPOSITIONS:
        del period[0]
    this_month = f"{COMMAND} spend by {dimension} {Cycle(today.year, today.month)}"
    try:
        cycle = Cycle.parse(" ".join(period), today=today)
    except BudgetError as refusal:
        refusal.correction = this_month
        raise
    if cycle > Cycle(today.year, today.month):
        raise OutOfRange(f"{cycle.title} has not begun, so nothing was spent in it.", correction=this_month)
    return Spend(dimension, cycle)


def _forecast(line: Line, today: date) -> ForecastCommand:
    """The commands about the forecast, told apart by their first word."""
    match line.command:
        case "forecast":
            return read_forecast(line)
        case "why":
            return read_why(line, today=today)
        case "whatif":
            return read_whatif(line, today=today)
        case "plan":
            return read_plan(line, today=today)
        case _:
            return read_metric(line, today=today)


def _workload(line: Line, today: date) -> WorkloadCommand:
    return read_workload(line)


def _sources(line: Line, today: date) -> Sources:
    _nothing_behind(line)
    return Sources()


def _unattributed(line: Line, today: date) -> Unattributed:
    _nothing_behind(line)
    return Unattributed()


def _request(line: Line, today: date) -> AskForMore:
    return read_request(line)


def _holdback(line: Line, today: date) -> Holdback:
    return read_holdback(line)


def _approvals(line: Line, today: date) -> Approvals:
    _nothing_behind(line)
    return Approvals()


def _tags(line: Line, today: date) -> Tags:
    return read_tags(line)


def _reconcile(line: Line, today: date) -> Reconcile:
    return read_reconcile(line, today=today)


def _nothing_behind(line: Line) -> None:
    if line.words:
        raise Unreadable(
            f"{line.command} takes nothing behind it; I read “{line.words[0].shown}”.",
            correction=f"{COMMAND} {line.command}",
        )


_COMMANDS: Final[dict[str, Callable[[Line, date], Command]]] = {
    "status": _status,
    "set": _set,
    "forecast": _forecast,
    "why": _forecast,
    "whatif": _forecast,
    "plan": _forecast,
    "metric": _forecast,
    "spend": _spend,
    "workload": _workload,
    "unattributed": _unattributed,
    "sources": _sources,
    "tags": _tags,
    "request": _request,
    "holdback": _holdback,
    "approvals": _approvals,
    "price": _price,
    "reconcile": _reconcile,
    "rollout": _rollout,
    "export": _export,
    "why-told": _alerts,
    "replay": _alerts,
    "settings": _settings,
    "audit": _audit,
    "help": _help,
}
