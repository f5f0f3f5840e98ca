"""Rules of one workload: what each catches, why one decides, what goes where when one is added, removed or re-applied."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.wording import counted, day, listed, plural
from bot.slack.views.workloads import examples, worth
from core.moves import Shift
from core.standing import Catch
from core.workload import UNATTRIBUTED, Rule, Workload, quoted

if TYPE_CHECKING:
    from core.services.manage_workloads import RuleOutcome
    from core.services.preview_rules import Explanation, Removal, RuleStanding
    from core.services.reattribute_usage import Reattribution

RULES_SHOWN: Final = 20
SHIFTS: Final = 5
PRECEDENCE: Final = "A workload that the event names itself goes first; then the rule with the most conditions; among equals the oldest."


def rules_message(workload: Workload, catch: Catch, rules: Sequence[RuleStanding]) -> Message:
    """One workload's rules, what each decided on over 30 days, and what of it counts elsewhere."""
    since = day(catch.since)
    caught = f"Since {since}: {worth(catch)}."
    finding = f"*{name(workload.name)}* has {plural(len(workload.rules), 'rule')}. {caught}"
    if workload.name == UNATTRIBUTED:
        finding = f"*{UNATTRIBUTED}* takes whatever no rule matches. What is in it: `/budget unattributed`"
    more = len(workload.rules) - RULES_SHOWN
    target = "NAME" if workload.name == UNATTRIBUTED else workload.name
    return blocks.message(
        finding,
        blocks.section(finding),
        *(_rule(place, one) for place, one in enumerate(rules[:RULES_SHOWN], start=1)),
        blocks.section(f"and {plural(more, 'more rule')}") if more > 0 else None,
        examples(catch),
        blocks.context(
            f"Owner {person(workload.owner)} · {PRECEDENCE}",
            f"Add one with {code(f'/budget workload add {target} feature=…')} · ask which decides with "
            f"{code('/budget workload explain feature=…')}",
        ),
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, workload.name),
            blocks.button("All workloads", ids.SHOW_WORKLOADS, ""),
        ),
    )


def _rule(place: int, one: RuleStanding) -> Block:
    lines = [f"{place}. {code(str(one.rule), 120)}\n{counted(one.requests, one.nanos)} in 30 days"]
    lines += [f"{counted(part.requests, part.nanos)} of it count to *{name(part.source)}*" for part in one.shifts[:3]]
    entries = [("Remove…", f"remove:{one.rule.id}")]
    if one.shifts:
        entries.insert(0, ("Re-attribute…", f"move:{one.rule.id}"))
    return blocks.section(" · ".join(lines), accessory=blocks.menu(entries, ids.RULE_MENU))


def rule_added_message(outcome: RuleOutcome) -> Message:
    """What was added, what moved as read back, and the next step."""
    workload = outcome.workload
    made = (
        f"*{name(workload.name)}* is a workload now, with the rule"
        if outcome.created
        else f"*{name(workload.name)}* has another rule:"
    )
    span = "of this month" if outcome.months == 1 else f"of the last {outcome.months} months"
    moved = (
        f"{counted(outcome.moved_requests, outcome.moved_nanos)} {span} moved here from unattributed."
        if outcome.moved_requests
        else "It applies to usage from now on; nothing was moved."
    )
    return blocks.message(
        f"{made} {code(str(outcome.rule), 300)}",
        blocks.section(f"{made} {code(str(outcome.rule), 300)}\n{moved}"),
        blocks.context(
            f"Owner {person(workload.owner)} · all rules with {code(f'/budget workload rules {workload.name}')}"
        ),
        blocks.actions(
            blocks.button("Set an envelope", ids.OPEN_SET, workload.name),
            blocks.button("Status", ids.SHOW_STATUS, workload.name),
        ),
    )


def removal_message(removal: Removal) -> Message:
    """What would change without the rule, before it goes."""
    rule = code(str(removal.rule), 300)
    decided = f"Since {day(removal.since)} it decided on {counted(removal.requests, removal.nanos)}."
    if not removal.requests:
        decided = f"Since {day(removal.since)} it decided on nothing, so that nothing would change."
    elif not removal.shifts:
        decided += (
            f" Another rule of *{name(removal.workload.name)}* matches all of that, so that nothing would change."
        )
    return blocks.message(
        f"Remove the rule {rule} of *{name(removal.workload.name)}*? {decided}",
        blocks.section(f"*Remove the rule* {rule} of *{name(removal.workload.name)}*?\n{decided} It is still there."),
        _shift_list(removal.shifts, "Usage like that would go"),
        blocks.context("What is in the books stays where it is until somebody re-attributes it."),
        blocks.actions(
            blocks.button(
                "Remove rule", ids.REMOVE_RULE, carried_rule(removal.workload.name, removal.rule), style="danger"
            ),
            blocks.button("Keep it", ids.SHOW_RULES, removal.workload.name),
        ),
    )


def removed_message(workload: str, rule: Rule, *, pairs: str) -> Message:
    """The rule is gone, with the way back; `pairs` goes to the preview of a re-attribution."""
    text = f"The rule {code(str(rule), 300)} of *{name(workload)}* is removed."
    return blocks.message(
        text,
        blocks.section(f"{text}\nUsage from now on goes by the other rules; the books are as they were."),
        blocks.actions(
            blocks.button("Undo", ids.RESTORE_RULE, carried_rule(workload, rule)),
            blocks.button("Re-attribute past usage…", ids.PREVIEW_MOVE, pairs),
        ),
    )


def restored_message(outcome: RuleOutcome, rule_id: int) -> Message:
    text = f"The rule {code(str(outcome.rule), 300)} of *{name(outcome.workload.name)}* is back"
    place = " in its old place." if outcome.rule.id == rule_id else ", as the youngest of its equals."
    return blocks.message(
        text + place,
        blocks.section(text + place),
        blocks.actions(blocks.button("Its rules", ids.SHOW_RULES, outcome.workload.name)),
    )


def carried_rule(workload: str, rule: Rule) -> str:
    """A rule as a button's value: its number, its workload and its conditions. At most 2 000 characters, as rules are."""
    return json.dumps([rule.id, workload, dict(rule.conditions)], ensure_ascii=False, separators=(",", ":"))


def reattribution_message(found: Sequence[Reattribution], *, pairs: str) -> Message:
    """Exactly what would move in each period; `pairs` returns with the click."""
    widest = found[-1]
    rule = code(str(widest.rule), 300)
    if not widest.requests:
        text = f"All usage that matches {rule} counts where the rules put it; there is nothing to re-attribute."
        return blocks.message(text, blocks.section(text))
    parts: list[Block | None] = []
    choices = []
    for months, one in zip((1, 3), found, strict=True):
        title = _period(months)
        parts.append(blocks.section(f"*{title}*: {counted(one.requests, one.nanos)}"))
        parts.append(_shift_list(one.shifts, "They move"))
        if one.requests:
            moving = counted(one.requests, one.nanos)
            asks = blocks.confirmation(
                f"Re-attribute {title.lower()}?",
                f"{moving} move. Totals stay the same; the audit log keeps who did it.",
                yes="Move",
                style="primary",
            )
            action = ids.MOVE_USAGE if months == 1 else ids.MOVE_USAGE_BACK
            choices.append(blocks.button(title, action, pairs, asks=asks))
    finding = f"Re-attribute usage that matches {rule} by the rules of now? Nothing has moved yet."
    return blocks.message(
        finding,
        blocks.section(f"*{finding}*"),
        *parts,
        blocks.context("Whoever answers for a workload that gains or loses has to do it, or the finance team."),
        blocks.actions(*choices),
    )


def _period(months: int) -> str:
    return "This month" if months == 1 else f"Last {months} months"


def reattributed_message(done: Reattribution) -> Message:
    text = f"Re-attributed {counted(done.requests, done.nanos)} since {done.since.title}."
    if not done.requests:
        text = "Nothing was left to re-attribute."
    return blocks.message(
        text,
        blocks.section(f"{text} Rule {code(str(done.rule), 300)}"),
        _shift_list(done.shifts, "Moved"),
        blocks.context("It is in the audit log. Totals are what they were."),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, "")),
    )


def _shift_list(shifts: Sequence[Shift], verb: str) -> Block | None:
    if not shifts:
        return None
    lines = [
        f"• {counted(one.requests, one.nanos)} from *{name(one.source)}* to *{name(one.target)}*"
        for one in shifts[:SHIFTS]
    ]
    if len(shifts) > SHIFTS:
        rest = shifts[SHIFTS:]
        lines.append(
            f"• and {counted(sum(one.requests for one in rest), sum(one.nanos for one in rest))} between others"
        )
    return blocks.section("\n".join([f"{verb}:", *lines]))


def explanation_message(found: Explanation) -> Message:
    """Which rule decides, why, which others matched and what was missing for the rest."""
    asked = code(" ".join(f"{dimension}={quoted(value)}" for dimension, value in found.asked), 300)
    answer = f"{asked} counts to *{name(found.workload)}*."
    if found.is_named:
        why = "The event names this workload itself, and that goes before every rule."
    elif found.decides:
        why = f"The rule {code(str(found.decides), 300)} decides{_why(found)}."
    else:
        why = "No rule matches. Make one with `/budget workload add NAME feature=…`"
    lost = [
        f"• {code(str(rule), 120)} → *{name(workload)}* matches too, but {_lost(rule, found.decides)}"
        for rule, workload in found.others[:5]
    ]
    near = [f"{code(str(rule), 120)} → *{name(workload)}*" for rule, workload in found.nearly]
    return blocks.message(
        f"{answer} {why}",
        blocks.section(f"{answer}\n{why}"),
        blocks.section("\n".join(lost)) if lost else None,
        blocks.section(f"With more labels these could match: {listed(near, 5)}") if near else None,
        blocks.context(PRECEDENCE),
        blocks.actions(blocks.button("Its rules", ids.SHOW_RULES, found.workload)),
    )


def _why(found: Explanation) -> str:
    if not found.others or found.decides is None:
        return ": it is the only one that matches"
    if any(len(rule.conditions) < len(found.decides.conditions) for rule, _ in found.others[:1]):
        return ": it has the most conditions"
    return ": it is the oldest of those with the most conditions"


def _lost(rule: Rule, winner: Rule | None) -> str:
    if winner is None:
        return "the name goes first"
    return "has fewer conditions" if len(rule.conditions) < len(winner.conditions) else "is younger"
