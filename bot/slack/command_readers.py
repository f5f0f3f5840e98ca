"""Which first word is read by whom: one reader a command, its other names, and the commands that consist of little else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final, Protocol

from bot.slack.command_alerts import read_replay, read_why_told
from bot.slack.command_export import read_export
from bot.slack.command_forecast import read_forecast, read_metric, read_plan, read_whatif, read_why
from bot.slack.command_forms import Approvals, Audit, Command, CompareSources, Help, Sources, Status, Unattributed
from bot.slack.command_names import only_workload
from bot.slack.command_price import read_price
from bot.slack.command_reconcile import read_reconcile
from bot.slack.command_response import read_holdback, read_request
from bot.slack.command_rollout import read_rollout
from bot.slack.command_set import read_set
from bot.slack.command_settings import read_settings
from bot.slack.command_spend import read_spend
from bot.slack.command_tags import read_tags
from bot.slack.command_words import COMMAND, Line
from bot.slack.command_workload import read_workload
from core.errors import UnknownName, Unreadable
from core.period import Cycle
from core.spelling import nearest

_NAMED: Final = 10
HELP_GROUPS: Final = ("see", "decide", "close", "setup")
ALIASES: Final = {
    "?": "help", "workloads": "workload", "prices": "price", "plans": "plan", "what-if": "whatif", "metrics": "metric",
    "source": "sources", "tag": "tags", "ask": "request", "approval": "approvals", "reserve": "holdback",
    "whytold": "why-told", "told": "why-told",
    "set-up": "setup", "setting": "settings", "preferences": "settings",
}  # fmt: skip


Reader = Callable[[Line, date], Command]
"""From the line and today, in the books' time zone, to the command; raises BudgetError and nothing else."""


class _Dated(Protocol):
    def __call__(self, line: Line, *, today: date) -> Command: ...


def _dated(read: _Dated) -> Reader:
    return lambda line, today: read(line, today=today)


def _dateless(read: Callable[[Line], Command]) -> Reader:
    return lambda line, _: read(line)


def known() -> str:
    """The commands that people ask for most, in words; the rest are in the help."""
    names = list(COMMANDS)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _help(line: Line) -> Help:
    if not line.words:
        return Help()
    topic = line.words[0].text.lower()
    topic = ALIASES.get(topic, topic)
    if topic in COMMANDS or topic in HELP_GROUPS:
        return Help(topic)
    close = nearest(topic, (*COMMANDS, *HELP_GROUPS))
    hint = f"Did you mean {close}?" if close else f"I know {known()}."
    raise UnknownName(
        f"There is no command “{line.words[0].shown}”. {hint}", correction=f"{COMMAND} help {close or ''}".strip()
    )


def _status(line: Line) -> Status:
    return Status(only_workload(line))


def _audit(line: Line) -> Audit:
    return Audit(only_workload(line))


def _sources(line: Line, *, today: date) -> Sources | CompareSources:
    """Nothing behind it, or `compare` with a provider and a month; without a month the running one."""
    if not line.words or line.words[0].text.lower() != "compare":
        _nothing_behind(line)
        return Sources()
    read = read_reconcile(Line("reconcile", line.words[1:]), today=today)
    if read.provider is None:
        raise Unreadable("Compare the sources of which provider?", correction=f"{COMMAND} sources compare openai")
    return CompareSources(read.provider, read.month or Cycle(today.year, today.month))


def _unattributed(line: Line) -> Unattributed:
    _nothing_behind(line)
    return Unattributed()


def _approvals(line: Line) -> Approvals:
    _nothing_behind(line)
    return Approvals()


def _nothing_behind(line: Line) -> None:
    if line.words:
        raise Unreadable(
            f"{line.command} takes nothing behind it; I read “{line.words[0].shown}”.",
            correction=f"{COMMAND} {line.command}",
        )


COMMANDS: Final[dict[str, Reader]] = {
    "status": _dateless(_status),
    "set": _dateless(read_set),
    "forecast": _dateless(read_forecast),
    "why": _dated(read_why),
    "whatif": _dated(read_whatif),
    "plan": _dated(read_plan),
    "metric": _dated(read_metric),
    "spend": _dated(read_spend),
    "workload": _dateless(read_workload),
    "unattributed": _dateless(_unattributed),
    "sources": _dated(_sources),
    "tags": _dateless(read_tags),
    "request": _dateless(read_request),
    "holdback": _dateless(read_holdback),
    "approvals": _dateless(_approvals),
    "price": _dated(read_price),
    "reconcile": _dated(read_reconcile),
    "rollout": _dated(read_rollout),
    "export": _dated(read_export),
    "why-told": _dateless(read_why_told),
    "replay": _dateless(read_replay),
    "settings": _dated(read_settings),
    "audit": _dateless(_audit),
    "help": _dateless(_help),
}
