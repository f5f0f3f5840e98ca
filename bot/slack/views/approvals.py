"""`/budget approvals`: what waits for me, what I asked for, what is in force; and the answers of request and holdback."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.escalation import Question, decision_words
from bot.slack.views.mrkdwn import code, name, person, when
from bot.slack.views.standing import standing_words
from bot.slack.views.turned import standing_in
from bot.slack.views.wording import day, plural
from core.approval import Act
from core.change_request import ChangeRequest
from core.degradation import Stance
from core.envelope import Envelope
from core.escalation import Escalation, EscalationKind
from core.money import usd
from core.people import Actor
from core.services.ask_for_more import Asked, Drawn, Waiting

_SHOWN = 6


def approvals_message(waiting: Waiting, by: Actor, *, reader: ZoneInfo) -> Message:
    """Everything that waits for this person with its buttons, then what they wait for, then what is in force."""
    mine = len(waiting.questions) + len(waiting.changes)
    title = f"{plural(mine, 'decision waits', 'decisions wait')} for you." if mine else "Nothing waits for you."
    parts: list[Block | None] = [blocks.section(f"*{title}*")]
    for one, envelope in waiting.questions[:_SHOWN]:
        parts += [blocks.section(_question(one, envelope, reader)), _decide(one, envelope)]
    for change in waiting.changes[:_SHOWN]:
        parts += [blocks.section(_change(change, reader)), _approve(change)]
    asked = [f"• {_question(one, envelope, reader)}" for one, envelope in waiting.asked[:_SHOWN]]
    asked += [f"• {_change(change, reader)}" for change in waiting.changes_asked[:_SHOWN]]
    if asked:
        parts.append(blocks.section("\n".join(["*You wait for*", *asked])))
    for envelope, stance in waiting.standing[:_SHOWN]:
        parts.append(_standing(envelope, stance, by))
    if waiting.grants:
        lines = [
            f"• *{name(workload)}*: {usd(grant.nanos)} until {when(grant.until, reader)}, by {person(grant.granted_by)}"
            for grant, workload in waiting.grants[:_SHOWN]
        ]
        parts.append(blocks.section("\n".join(["*Grants in force*", *lines])))
    if waiting.leave and waiting.leave.until:
        last_on = (waiting.leave.until - timedelta(microseconds=1)).astimezone(reader).date()
        parts.append(
            blocks.section(f"You said you are away until {day(last_on)}. Back? {code('/budget settings away=off')}")
        )
    hint = f"Ask for more: {code('/budget request NAME 400 REASON')} · {code('/budget status')}"
    return blocks.message(title, *parts, blocks.context(hint))


def _question(one: Escalation, envelope: Envelope, reader: ZoneInfo) -> str:
    since = when(one.opened_at, reader)
    if one.kind is EscalationKind.REQUEST:
        return (
            f"*{name(one.workload)}*: {person(one.asked_by)} asks {person(envelope.terms.people.sponsor)} for "
            f"*{usd(one.asked_nanos or 0)}* more, since {since}: “{name(one.reason, 200)}”"
            f"{standing_in(one, envelope, reader=reader)}"
        )
    return (
        f"*{name(one.workload)}* is past the hard threshold of {usd(envelope.size(one.cycle))} since {since}; "
        f"{person(envelope.terms.people.sponsor)} decides.{standing_in(one, envelope, reader=reader)}"
    )


def _change(change: ChangeRequest, reader: ZoneInfo) -> str:
    return (
        f"*{name(change.workload)}*: {person(change.requested_by)} asks to go from {usd(change.current_nanos)} to "
        f"*{usd(change.proposed.nanos)}* a month, since {when(change.requested_at, reader)}."
    )


def _decide(one: Escalation, envelope: Envelope) -> Block:
    grant = blocks.button("Grant more…", ids.OPEN_GRANT, str(one.id), style="primary")
    if one.kind is EscalationKind.REQUEST:
        return blocks.actions(grant, blocks.button("Decline", ids.DECLINE_MORE, str(one.id)))
    ladder = envelope.terms.degrade
    kept = "Keep degraded" if ladder is not None and ladder.has_steps else "Keep as it is"
    keep = blocks.button(kept, ids.KEEP_DEGRADED, str(one.id))
    return blocks.actions(grant, keep, blocks.button("Stop", ids.STOP_WORKLOAD, str(one.id), style="danger"))


def _approve(change: ChangeRequest) -> Block:
    return blocks.actions(
        blocks.button("Approve", ids.APPROVE_REQUEST, str(change.id), style="primary"),
        blocks.button("Decline", ids.DECLINE_REQUEST, str(change.id), style="danger"),
    )


def _standing(envelope: Envelope, stance: Stance, by: Actor) -> Block:
    """What holds, with the one click that ends it for whom it may end it."""
    ladder = envelope.terms.degrade
    has_ladder = ladder is not None and ladder.has_steps
    text = standing_words(envelope.workload, stance, has_ladder=has_ladder)
    if not has_ladder and not stance.is_stopped and not stance.is_lifted:
        return blocks.section(text)
    act = Act.LIFT_STOP if stance.is_stopped else Act.LIFT_DEGRADATION
    if stance.is_lifted and not stance.is_stopped:
        return blocks.section(text, accessory=blocks.button("Degrade again", ids.DEGRADE_AGAIN, envelope.workload))
    if not by.may(act, envelope.terms.people):
        return blocks.section(text)
    label = "Let it go on" if stance.is_stopped else "Undo degradation"
    return blocks.section(text, accessory=blocks.button(label, ids.LIFT, envelope.workload))


def asked_message(asked: Asked, *, reader: ZoneInfo) -> Message:
    """Tells the owner that the question is with the sponsor."""
    one, people = asked.escalation, asked.envelope.terms.people
    then = f", and ask {person(people.deputy)} after a day." if people.deputy else "."
    if one.turned_because:
        then = f".{standing_in(one, asked.envelope, reader=reader)}"
    text = (
        f"{usd(one.asked_nanos or 0)} more for *{name(one.workload)}* is with {person(people.sponsor)} now. Until then "
        f"{usd(asked.envelope.size(one.cycle))} holds, {usd(asked.spent_nanos)} of it spent. I remind them after 1 and 4 hours{then}"
    )
    return blocks.message(
        text, blocks.section(text), blocks.actions(blocks.button("Status", ids.SHOW_STATUS, one.workload))
    )


def drawn_message(drawn: Drawn) -> Message:
    """Tells the owner what the holdback brought."""
    size = drawn.envelope.size(drawn.cycle)
    text = (
        f"The holdback of *{name(drawn.envelope.workload)}* is drawn: *{usd(drawn.nanos)}*. Until the end of "
        f"{drawn.cycle.title} the envelope is *{usd(size)}*, {usd(drawn.spent_nanos)} of it spent. Finance and sponsor are told."
    )
    return blocks.message(
        text, blocks.section(text),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, drawn.envelope.workload)),
    )  # fmt: skip


def granted_message(asked: Question) -> Message:
    """What the sponsor sees in the form's place: the effect as read back."""
    text = decision_words(asked)
    return blocks.message(text, blocks.section(text))


def lifted_message(envelope: Envelope, *, was_stopped: bool) -> Message:
    """What holds after a click that undid something, with the click that takes it back."""
    workload = envelope.workload
    if was_stopped:
        text = f"*{name(workload)}* goes on: requests pass as far as its envelope goes."
        return blocks.message(text, blocks.section(text))
    text = f"The degradation of *{name(workload)}* is undone: requests keep their model as far as the envelope goes."
    again = blocks.actions(blocks.button("Degrade again", ids.DEGRADE_AGAIN, workload))
    return blocks.message(text, blocks.section(text), again)
