"""`/budget forecast`, `why`, `whatif`, `plan` and `metric`: what the words behind them ask for."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from bot.slack.command_changes import is_change, paired, read_changes, unknown_option
from bot.slack.command_days import DAY_WORDS, day_from
from bot.slack.command_names import only_workload, workload_from
from bot.slack.command_words import COMMAND, Line, Word
from bot.slack.forecast_forms import Comparison, Forecast, Metric, PlanCommand, WhatIf, Why
from core.errors import OutOfRange, UnknownName, Unreadable
from core.period import Cycle
from core.spelling import nearest

_AHEAD: Final = timedelta(days=366)
_COMPARISONS: Final[dict[str, Comparison]] = {
    "plan": "plan", "envelope": "plan", "last": "last", "last-cycle": "last", "last-month": "last", "month": "last",
    "forecast": "forecast",
}  # fmt: skip
_AMOUNT: Final = re.compile(r"(\d{1,3}(?:[ ,_']\d{3})+|\d+)(?:\.(\d+))?\s*([kKmM]?)")


def read_forecast(line: Line) -> Forecast:
    """A workload or none; the option --accuracy is read with the other options."""
    words = line.words
    accuracy = [word for word in words if word.key is None and word.text.lower() in ("accuracy", "scorecard")]
    rest = Line(line.command, tuple(word for word in words if word not in accuracy))
    return Forecast(only_workload(rest), accuracy=bool(accuracy))


def read_why(line: Line, *, today: date) -> Why:
    """A workload, and what to compare with. Raises BudgetError with a corrected line."""
    options = [word for word in line.words if word.key in ("vs", "against")]
    names = [word for word in line.words if word not in options]
    if names and names[-1].key is None and len(names) > 1 and names[-2].text.lower() in ("vs", "versus", "against"):
        options.append(names[-1].renamed("vs"))
        names = names[:-2]
    if len(options) > 1:
        raise Unreadable("Compare with one thing at a time.", correction=line.without(options[-1]))
    workload = only_workload(Line(line.command, tuple(names)))
    if not options:
        return Why(workload)
    against, as_of = _comparison(line, options[0], workload, today)
    return Why(workload, against, as_of)


def _comparison(line: Line, word: Word, workload: str | None, today: date) -> tuple[Comparison, date | None]:
    start = f"{COMMAND} why {workload or ''}".strip()
    name, _, day = word.text.lower().strip().partition("@")
    found = _COMPARISONS.get("-".join(name.split()))
    if found is None:
        close = nearest(name, _COMPARISONS) or "last"
        raise UnknownName(
            f"“{word.shown}” is nothing to compare with. Use vs=plan, vs=last or vs=forecast@{today.replace(day=1)}.",
            correction=f"{start} vs={close}",
        )
    if not day:
        return found, None
    if found != "forecast":
        raise Unreadable(f"Only a forecast has a day; {found} has none.", correction=f"{start} vs={found}")
    as_of = day_from(day, today)
    if as_of is None or as_of > today:
        what = "is not a day I can read" if as_of is None else "is still to come"
        raise Unreadable(
            f"“{day[:30]}” {what}. Write it like vs=forecast@{today.replace(day=1)}.",
            correction=f"{start} vs=forecast@{today.replace(day=1)}",
        )
    return found, as_of


def read_whatif(line: Line, *, today: date) -> WhatIf:
    """A workload and at least one change. Raises BudgetError with a corrected line."""
    read = Line(line.command, paired(line.words, today))
    workload, from_on, note = _around_changes(read, today)
    if workload is None:
        raise Unreadable(
            "What if, for which workload? Put its name first, then what changes.", correction=f"{COMMAND} help whatif"
        )
    if note is not None:
        raise unknown_option(read, note, ("from",))
    changes = read_changes(read, tuple(word for word in read.words if is_change(word)))
    if not changes:
        raise Unreadable(
            "Say what changes: volume=+20%, cache=+20pt, input=-10%, output=-10% or move=A->B:30%.",
            correction=f"{COMMAND} whatif {workload} volume=+20%",
        )
    return WhatIf(workload, changes, from_on)


def read_plan(line: Line, *, today: date) -> PlanCommand:
    """A workload and changes to plan; alone or with a name only it asks or lists. Raises BudgetError."""
    read = Line(line.command, paired(line.words, today))
    workload, from_on, note = _around_changes(read, today)
    changes = read_changes(read, tuple(word for word in read.words if is_change(word)))
    if workload is None and (changes or from_on or note):
        raise Unreadable("A plan for which workload? Put its name first.", correction=f"{COMMAND} help plan")
    if workload and from_on and not changes:
        raise Unreadable(
            "From that day on, what changes? Add something like volume=+20%.",
            correction=read.rewritten([*read.words, Word("+20%", "volume")]),
        )
    if changes and from_on is None:
        tomorrow = (today + timedelta(days=1)).isoformat()
        raise Unreadable(
            f"From which day on? A plan needs from=, like from={tomorrow}.",
            correction=read.rewritten([*read.words, Word(tomorrow, "from")]),
        )
    return PlanCommand(workload, changes, from_on, note.text.strip()[:120] if note else "")


def _around_changes(line: Line, today: date) -> tuple[str | None, date | None, Word | None]:
    """(workload, first day, note): what stands beside the changes. Raises BudgetError."""
    names = [word for word in line.words if word.key in (None, "workload")]
    starts = [word for word in line.words if word.key in ("from", "since")]
    notes = [word for word in line.words if word.key == "note"]
    for word in line.words:
        if word not in names and word not in starts and word not in notes and not is_change(word):
            raise unknown_option(line, word, ("from", "note") if line.command == "plan" else ("from",))
    for several in (starts, notes):
        if len(several) > 1:
            raise Unreadable(f"{several[1].key} is given twice. Keep one of them.", correction=line.without(several[1]))
    workload = None
    if names:
        if len(names) > 1:
            raise Unreadable(
                f"I read “{names[1].shown}” beside the name, and do not know what it changes. "
                "Changes are written like volume=+20%.",
                correction=line.without(*names[1:]),
            )
        workload = workload_from(
            names[0], lambda name: line.replacing(names[0], Word(name)), otherwise=f"{COMMAND} help {line.command}"
        )
    return workload, _first_day(line, starts[0], today) if starts else None, notes[0] if notes else None


def _first_day(line: Line, word: Word, today: date) -> date:
    fixed = line.replacing(word, Word(today.isoformat(), "from"))
    on = day_from(word.text, today)
    if on is None:
        raise Unreadable(
            f"“{word.shown}” is not a day I can read. Write it like from={today.isoformat()}.", correction=fixed
        )
    if not today <= on <= today + _AHEAD:
        raise OutOfRange(f"{on.isoformat()} is not between today and a year from now.", correction=fixed)
    return on


def read_metric(line: Line, *, today: date) -> Metric:
    """A workload, its unit, and numbers for days. Raises BudgetError with a corrected line."""
    names = [word for word in line.words if word.key in (None, "workload")]
    if not names:
        raise Unreadable(
            "A metric for which workload? Put its name first, like metric support unit=ticket today=1200.",
            correction=f"{COMMAND} help metric",
        )
    workload = only_workload(Line(line.command, tuple(names)))
    assert workload is not None
    unit: str | None = None
    actual: dict[date, float] = {}
    planned: dict[date, float] = {}
    for word in line.words:
        if word in names:
            continue
        if word.key in ("unit", "metric", "per"):
            unit = word.text.strip().lower() or None
        elif word.key in ("today", "yesterday"):
            actual[today + timedelta(days=DAY_WORDS[word.key])] = amount_from(line, word)
        elif word.key in ("plan", "planned"):
            number = amount_from(line, word)
            last = Cycle(today.year, today.month).next.last_on
            planned = {today + timedelta(days=ahead): number for ahead in range(1, (last - today).days + 1)}
        else:
            raise _no_metric_option(line, word)
    if (actual or planned) and unit is None:
        raise Unreadable(
            "A number of what? Add the unit in the singular, like unit=ticket.",
            correction=line.rewritten([*line.words, Word("ticket", "unit")]),
        )
    return Metric(workload, unit, actual, planned)


def _no_metric_option(line: Line, word: Word) -> UnknownName:
    known = ("unit", "today", "yesterday", "plan")
    close = nearest(word.key or "", known)
    hint = f"Did you mean {close}=?" if close else "I know unit=, today=, yesterday= and plan=."
    fixed = line.replacing(word, word.renamed(close)) if close else line.without(word)
    return UnknownName(f"“{(word.key or '')[:40]}” is not an option of metric. {hint}", correction=fixed)


def amount_from(line: Line, word: Word) -> float:
    """A number of units: `1200`, `1,200`, `1.2k`. Raises Unreadable."""
    number = amount_of(word.text)
    if number is None or number <= 0:
        raise Unreadable(
            f"“{word.shown}” is not a number above 0. Write it like {word.key}=1200.",
            correction=line.replacing(word, Word("1200", word.key)),
        )
    return number


def amount_of(text: str) -> float | None:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or len(text) > 30:
        return None
    whole = re.sub(r"[ ,_']", "", match[1])
    return float(f"{whole}.{match[2] or 0}") * {"": 1, "k": 1e3, "m": 1e6}[match[3].lower()]
