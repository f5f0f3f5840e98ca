"""`/budget workload add|remove NAME dimension=value …`, `workload explain …`, `workload rules NAME`, `workload list`."""

from __future__ import annotations

from typing import Final

from bot.slack.command_forms import (
    WorkloadAdd,
    WorkloadCommand,
    WorkloadExplain,
    WorkloadList,
    WorkloadRemove,
    WorkloadRules,
)
from bot.slack.command_names import only_workload, rule_dimension, workload_from
from bot.slack.command_words import COMMAND, Line, Word, as_typed
from core.errors import BudgetError, UnknownName, Unreadable
from core.spelling import nearest
from core.workload import make_rule

SUBCOMMANDS: Final = ("add", "remove", "explain", "rules", "list")


def read_workload(line: Line) -> WorkloadCommand:
    """What the words behind `workload` ask for; alone it lists. Raises BudgetError with a corrected line."""
    if not line.words:
        return WorkloadList()
    first, rest = line.words[0], line.words[1:]
    verb = first.text.lower() if first.key is None else ""
    inner = Line(f"{line.command} {verb}", rest)
    if verb == "add":
        return _workload_add(inner)
    if verb == "remove":
        return _workload_remove(inner)
    if verb == "explain":
        return _workload_explain(inner)
    if verb == "rules":
        if (name := only_workload(inner)) is None:
            raise Unreadable(
                "The rules of which workload? Put its name behind it.", correction=f"{COMMAND} workload list"
            )
        return WorkloadRules(name)
    if verb == "list":
        if rest:
            raise Unreadable(
                f"workload list takes nothing behind it; I read “{rest[0].shown}”.",
                correction=f"{COMMAND} workload list",
            )
        return WorkloadList()
    if close := nearest(verb, SUBCOMMANDS):
        fixed = Line(f"workload {close}", rest)
        raise UnknownName(
            f"“{first.shown}” is not a part of workload. Did you mean {close}?", correction=fixed.rewritten(rest)
        )
    verbs = "add NAME dimension=value, remove NAME dimension=value, explain dimension=value, rules NAME or list"
    guess = Line("workload add" if any(word.key for word in rest) else "workload rules", line.words)
    raise UnknownName(
        f"“{first.shown}” is not a part of workload. Write {verbs}.", correction=guess.rewritten(line.words)
    )


def _workload_add(line: Line) -> WorkloadAdd:
    names = [word for word in line.words if word.key in (None, "name", "workload")]
    conditions = [word for word in line.words if word not in names]
    if not names:
        raise Unreadable("Add a rule to which workload? Put its name first.", correction=f"{COMMAND} help workload")
    if len(names) > 1:
        joined = Word("-".join(word.text for word in names))
        shown = " ".join(word.shown for word in names[:3])
        raise Unreadable(
            f"I read “{shown}” as the name, and a name is one word. Conditions are written like feature=search.",
            correction=line.rewritten([joined, *conditions]),
        )
    name = workload_from(
        names[0], lambda tame: line.replacing(names[0], Word(tame)), otherwise=f"{COMMAND} help workload"
    )
    pairs = _pairs(line, conditions)
    try:
        make_rule(pairs)
    except BudgetError as refusal:
        if len(conditions) > 1:
            refusal.correction = line.without(conditions[-1])
        else:
            refusal.correction = Line("workload add", ()).rewritten([Word(name), Word(name, "feature")])
        raise
    return WorkloadAdd(name, pairs)


def _workload_remove(line: Line) -> WorkloadRemove | WorkloadRules:
    """Without conditions the rules are shown, each with a way to remove it."""
    if not any(word.key not in (None, "name", "workload") for word in line.words):
        if (name := only_workload(line)) is None:
            raise Unreadable("A rule of which workload? Put its name first.", correction=f"{COMMAND} workload list")
        return WorkloadRules(name)
    read = _workload_add(line)
    return WorkloadRemove(read.name, read.pairs)


def _workload_explain(line: Line) -> WorkloadExplain:
    if stray := next((word for word in line.words if word.key is None), None):
        raise Unreadable(
            f"I read “{stray.shown}” and cannot tell what label it is. Write labels like feature=search.",
            correction=line.replacing(stray, Word(stray.text, "feature")) if stray.text else None,
        )
    if not line.words:
        raise Unreadable(
            "Explain which labels? Write them as your usage carries them.",
            correction=f"{COMMAND} workload explain feature=search",
        )
    named = [word for word in line.words if word.key == "workload" and word.text.strip()]
    pairs = _pairs(line, [word for word in line.words if word.key != "workload"])
    if named:
        pairs["workload"] = as_typed(named[0].text).strip()
    given = {dimension: value for dimension, value in pairs.items() if dimension != "workload"}
    if given:
        try:
            make_rule(given)
        except BudgetError as refusal:
            refusal.correction = line.without(line.words[-1]) if len(line.words) > 1 else f"{COMMAND} help workload"
            raise
    if not pairs:
        raise Unreadable("There is nothing behind workload=.", correction=f"{COMMAND} workload explain feature=search")
    return WorkloadExplain(pairs)


def _pairs(line: Line, conditions: list[Word]) -> dict[str, str]:
    """The `dimension=value` words; raises where one has no value, is given twice or is no dimension."""
    pairs: dict[str, str] = {}
    for word in conditions:
        dimension = rule_dimension(line, word)
        if not word.text.strip():
            raise Unreadable(
                f"There is nothing behind {dimension}=. A rule needs a value to match.", correction=line.without(word)
            )
        if dimension in pairs:
            raise Unreadable(
                f"{dimension} is given twice, and a rule matches one value. Add a second rule for the other.",
                correction=line.without(word),
            )
        pairs[dimension] = as_typed(word.text).strip()
    return pairs
