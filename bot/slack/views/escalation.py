"""The sponsor's message, read in twenty seconds on a phone, and everything that follows from it: facts in, a message out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.ladder import ladder_words
from bot.slack.views.mrkdwn import code, name, person, when
from bot.slack.views.turned import sponsor_is, turned_line
from bot.slack.views.wording import age, day, listed
from core.degradation import Degradation
from core.money import usd
from core.store.columns import instant

_CLOSED = {
    "recovered": "is back under its hard threshold; there is nothing left to decide.",
    "cycle_over": "is over this question: the month has ended, and the new one has its whole envelope.",
    "envelope_changed": "has another envelope now, so this is no longer the question.",
    "granted": "has more room now, so this is no longer the question.",
    "superseded": "has a newer question; this one is taken back.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """The facts of one escalation (see `core.services.escalate.facts_of`); money in nanos, instants in microseconds UTC."""

    id: int
    kind: str
    state: str
    workload: str
    cycle: str
    size: int
    lasting: int
    spent: int
    limit: int
    most: int
    hard_share: float
    ladder: str | None
    standing: str
    is_degraded: bool
    is_stopped: bool
    p10: int | None
    p50: int | None
    p90: int | None
    latest: int | None
    owner: str
    sponsor: str
    deputy: str | None
    asked: int | None
    asked_by: str | None
    reason: str
    opened: int
    deputy_at: int | None
    at: int
    decision: str | None
    decided_by: str | None
    decided_at: int | None
    closed_because: str
    grant: Mapping[str, Any] | None
    breach: Mapping[str, Any]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Question:
        return cls(**{field.name: facts[field.name] for field in fields(cls)})

    @property
    def degradation(self) -> Degradation | None:
        return Degradation.parse(self.ladder) if self.ladder else None


def question_message(facts: Mapping[str, Any], *, reader: ZoneInfo, to: str | None = None) -> Message:
    """The question while it is open, and what became of it afterwards; the buttons name it, and nothing more.

    `to` is whose copy it is: sponsor and deputy are told different things about each other.
    """
    asked = Question.of(facts)
    if asked.state != "open":
        return _decided(asked, reader=reader)
    turned = turned_line(facts, asked.sponsor, asked.deputy, reader=reader, to=to)
    return (_request if asked.kind == "request" else _breach)(asked, reader=reader, turned=turned)


def _breach(asked: Question, *, reader: ZoneInfo, turned: str | None) -> Message:
    title = f"is past its hard threshold: {usd(asked.spent)} of {usd(asked.size)}"
    over = share(asked.spent / asked.size) if asked.size else "all"
    lines = [
        f"*{name(asked.workload)}* has spent *{usd(asked.spent)}*, {over} of its envelope.",
        *_cause(asked),
        *_forecast(asked),
        f"*On now:* {_what_is_on(asked)}",
    ]
    return blocks.message(
        f"{name(asked.workload)} {title}. More, degraded, or stop?",
        blocks.header(f"{asked.workload[:60]} {title}"),
        blocks.section("\n".join(lines)),
        _buttons(asked, keep=True),
        blocks.context(*_small_print(asked, reader, turned)),
    )


def _request(asked: Question, *, reader: ZoneInfo, turned: str | None) -> Message:
    title = f"{usd(asked.asked or 0)} more for {_month(asked)}?"
    lines = [
        f"{person(asked.asked_by)} asks for *{usd(asked.asked or 0)}* more: “{name(asked.reason, 300)}”",
        f"Spent *{usd(asked.spent)}* of {usd(asked.size)} ({share(asked.spent / asked.size) if asked.size else 'all'}).",
        *_forecast(asked),
    ]
    return blocks.message(
        f"{name(asked.workload)}: {title}",
        blocks.header(f"{asked.workload[:60]}: {title}"),
        blocks.section("\n".join(lines)),
        _buttons(asked, keep=False),
        blocks.context(*_small_print(asked, reader, turned)),
    )


def _buttons(asked: Question, *, keep: bool) -> Block:
    number = str(asked.id)
    grant = blocks.button("Grant more…", ids.OPEN_GRANT, number, style="primary")
    if not keep:
        return blocks.actions(grant, blocks.button("Decline", ids.DECLINE_MORE, number))
    stop = blocks.button(
        "Stop", ids.STOP_WORKLOAD, number, style="danger",
        asks=blocks.confirmation(
            f"Stop {asked.workload}?", "Nothing that costs passes the guard until the month ends or you let it go on.",
            yes="Stop it", style="danger",
        ),
    )  # fmt: skip
    has_steps = asked.degradation is not None and asked.degradation.has_steps
    return blocks.actions(
        grant, blocks.button("Keep degraded" if has_steps else "Keep as it is", ids.KEEP_DEGRADED, number), stop
    )


def _what_is_on(asked: Question) -> str:
    if asked.is_stopped:
        return "it is stopped; nothing that costs passes the guard."
    words = ladder_words(asked.degradation, asked.size, asked.hard_share)
    if asked.spent >= asked.limit:
        return f"nothing that costs passes the guard; the {usd(asked.limit)} it may spend are used up."
    if not asked.is_degraded and asked.degradation and asked.degradation.has_steps:
        return f"degradation was undone, requests keep their model up to {usd(asked.limit)}."
    return words


def _cause(asked: Question) -> list[str]:
    """What moved spend most, from the variance that the breach was told with."""
    cause = asked.breach.get("cause") or {}
    rising = [f"{driver} +{usd(nanos)}" for driver, nanos in cause.get("parts", ()) if nanos > 0][:2]
    movers = [
        f"{name(str(label), 40)} +{usd(change)}" for _, label, change in cause.get("movers", ()) if label and change > 0
    ][:1]
    if not rising:
        return []
    most = f"; most of it {movers[0]}" if movers else ""
    return [f"*Why:* {listed(rising)}, against {_basis(cause)}{most}."]


def _basis(cause: Mapping[str, Any]) -> str:
    """What spend is held against, in two words: the long form is one click away."""
    return "the plan" if "plan" in str(cause.get("basis", "plan")) else "last month"


def _forecast(asked: Question) -> list[str]:
    if asked.p50 is None or asked.p10 is None or asked.p90 is None or asked.p50 < asked.spent:
        return []
    return [f"*Month-end:* {usd(asked.p50)} as it goes ({usd(asked.p10)} to {usd(asked.p90)})."]


def _small_print(asked: Question, reader: ZoneInfo, turned: str | None) -> list[str]:
    lines = [turned] if turned else []
    if asked.latest is not None:
        latest, now = instant(asked.latest), instant(asked.at)
        lines.append(f"Usage counted up to {when(latest, reader)} ({age(now - latest)}).")
    holds = f"{usd(asked.size)} holds" if asked.kind == "request" else "this holds"
    lines.append(
        f"Owner {person(asked.owner)} · until somebody decides, {holds} · {code(f'/budget why {asked.workload}')}"
    )
    return lines


def _decided(asked: Question, *, reader: ZoneInfo) -> Message:
    """Replaces every copy: who decided what, and the effect as read back."""
    said = decision_words(asked)
    at = f" · {when(instant(asked.decided_at), reader)}" if asked.decided_at else ""
    question = "asked for more" if asked.kind == "request" else "past the hard threshold"
    lift = blocks.button("Let it go on", ids.LIFT, asked.workload) if asked.is_stopped else None
    return blocks.message(
        said,
        blocks.section(said),
        blocks.actions(lift) if lift else None,
        blocks.context(
            f"{name(asked.workload)}: {question}, {_month(asked)}{at} · {code(f'/budget status {asked.workload}')}"
        ),
    )


def decision_words(asked: Question) -> str:
    """Who decided what and what follows, for every copy, the owner and the channel."""
    who, what = person(asked.decided_by), f"*{name(asked.workload)}*"
    if asked.decision == "granted" and asked.grant:
        until, reason = day(date.fromisoformat(str(asked.grant["last_on"]))), name(str(asked.grant["reason"]), 300)
        granted = f"{what}: {who} granted *{usd(int(asked.grant['nanos']))}* until the end of {until}: “{reason}”"
        return f"{granted}\n{room_words(asked)}"
    if asked.decision == "granted":
        return f"{what}: {who} granted more. {room_words(asked)}"
    if asked.decision == "kept":
        return f"{what}: {who} keeps it as it is. {_what_is_on(asked)}"
    if asked.decision == "stopped":
        return (
            f"{what}: {who} stopped it. Nothing that costs passes the guard until the month ends or the stop is lifted."
        )
    if asked.decision == "declined":
        return (
            f"{what}: {who} declined {usd(asked.asked or 0)} more. {usd(asked.size)} still holds for {_month(asked)}."
        )
    return f"{what} {_CLOSED.get(asked.closed_because, _CLOSED['superseded'])}"


def room_words(asked: Question) -> str:
    """The effect of a grant as read back from the books."""
    left = asked.limit - asked.spent
    if left <= 0:
        return f"The envelope is *{usd(asked.size)}* now, but {usd(asked.spent)} are spent: nothing that costs passes the guard yet."
    return f"The envelope is *{usd(asked.size)}* now, *{usd(left)}* of it left; requests pass again."


def answer_message(facts: Mapping[str, Any]) -> Message:
    """Tells the owner, and the thread in the channel."""
    asked = Question.of(facts)
    said = decision_words(asked)
    return blocks.message(
        said, blocks.section(said), blocks.actions(blocks.button("Status", ids.SHOW_STATUS, asked.workload))
    )


def reminder_message(facts: Mapping[str, Any]) -> Message:
    """A reply under the sponsor's message."""
    asked = Question.of(facts)
    then = f" After a day {person(asked.deputy)} is asked." if asked.deputy and not asked.deputy_at else ""
    text = f"*{name(asked.workload)}* still waits for you: {_what_is_on(asked)}{then}"
    if asked.kind == "request":
        text = f"{person(asked.asked_by)} still waits for your word on {usd(asked.asked or 0)} for *{name(asked.workload)}*.{then}"
    return blocks.message(text, blocks.section(text))


def unreached_question(facts: Mapping[str, Any], *, reader: ZoneInfo) -> Message:
    """Tells owner and finance partner that nobody who may decide can be reached."""
    asked = Question.of(facts)
    who = "and the deputy cannot either" if asked.deputy else "and no deputy is named"
    if asked.deputy and facts.get("deputy_away"):
        who = f"and the deputy {person(asked.deputy)}, who is asked too, is away as well"
    text = (
        f"*{name(asked.workload)}* waits for a decision, but its sponsor {person(asked.sponsor)} "
        f"{sponsor_is(facts, reader=reader)}, {who}. "
        f"Until somebody decides: {_what_is_on(asked)}"
    )
    return blocks.message(
        text, blocks.section(text), blocks.paste(f"/budget set {asked.workload} sponsor=@name deputy=@name")
    )


def grant_ended_message(facts: Mapping[str, Any]) -> Message:
    """Tells owner and sponsor that a grant reverted by itself."""
    workload, over = str(facts["workload"]), facts["because"] == "cycle_over"
    why = "with the month" if over else "as agreed"
    text = (
        f"*{name(workload)}*: the grant of {usd(int(facts['nanos']))} by {person(str(facts['granted_by']))} ended {why}. "
        f"The envelope is *{usd(int(facts['size']))}*{' this month' if over else ' again'}."
    )
    return blocks.message(
        text, blocks.section(text), blocks.actions(blocks.button("Status", ids.SHOW_STATUS, workload))
    )


def holdback_message(facts: Mapping[str, Any]) -> Message:
    """Tells finance partner and sponsor that the reserve was drawn."""
    workload, size, spent = str(facts["workload"]), int(facts["size"]), int(facts["spent"])
    text = (
        f"*{name(workload)}*: {person(str(facts['by']))} drew the holdback of *{usd(int(facts['nanos']))}*: "
        f"“{name(str(facts['reason']), 300)}”\nUntil the month ends the envelope is *{usd(size)}*; {usd(spent)} are spent."
    )
    return blocks.message(
        text, blocks.section(text), blocks.actions(blocks.button("Status", ids.SHOW_STATUS, workload))
    )


def _month(asked: Question) -> str:
    return datetime.strptime(asked.cycle, "%Y-%m").strftime("%B %Y")  # noqa: DTZ007 - a month has no zone
