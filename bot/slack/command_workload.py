"""`/budget workload add NAME dimension=value …`, `workload rules NAME` and `workload list`."""

from __future__ import annotations

from typing import Final

from bot.slack.command_forms import WorkloadAdd, WorkloadList, WorkloadRules
from bot.slack.command_names import nearest, only_workload, rule_dimension, workload_from
from bot.slack.command_words import COMMAND, Line, Word, as_typed
from core.errors import BudgetError, UnknownName, Unreadable
from core.workload import make_rule

SUBCOMMANDS: Final = ("add", "rules", "list")


def read_workload(line: Line) -> WorkloadAdd | WorkloadRules | WorkloadList:
    """What the words behind `workload` ask for; alone it lists. Raises BudgetError with a corrected line."""
    if not line.words:
        return WorkloadList()
    first, rest = line.words[0], line.words[1:]
    verb = first.text.lower() if first.key is None else ""
    inner = Line(f"{line.command} {verb}", rest)
    if verb == "add":
        return _workload_add(inner)
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
    verbs = "add NAME dimension=value, rules NAME or list"
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
    try:
        make_rule(pairs)
    except BudgetError as refusal:
        if len(conditions) > 1:
            refusal.correction = line.without(conditions[-1])
        else:
            refusal.correction = Line("workload add", ()).rewritten([Word(name), Word(name, "feature")])
        raise
    return WorkloadAdd(name, pairs)
