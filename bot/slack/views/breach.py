"""The message of a breach: what, how much, until when and why, with a chart and two buttons; edited as it develops."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import chance, days_words, signed
from bot.readable import share, shortened
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.breach_said import BreachSaid, CauseSaid
from bot.slack.views.breach_surge import surge_headline, surge_lines
from bot.slack.views.mrkdwn import code, name, person, when
from bot.slack.views.wording import freshness_line, listed, plural, unpriced_line
from core.breach import BreachKind, Closing
from core.escalation import Decision
from core.money import usd

_WORTH_SAYING: Final = 0.001
"""Of the envelope: what may have been spent unseen is told from there on."""

_ENDED: Final = {
    Closing.RECOVERED: "Back under",
    Closing.CYCLE_OVER: "The month is over",
    Closing.ENVELOPE_CHANGED: "The envelope was changed",
    Closing.GRANTED: "More was granted",
    Closing.SUPERSEDED: "A higher threshold was passed; its message is further down",
}


_DECIDED: Final = {
    Decision.GRANTED: "granted more.",
    Decision.KEPT: "keeps it as it is.",
    Decision.STOPPED: "stopped it: nothing that costs passes the guard.",
    Decision.DECLINED: "declined more.",
}


def breach_message(said: BreachSaid, *, chart_file: str | None, alt: str, reader: ZoneInfo) -> Message:
    """`alt` stands for the chart."""
    head = headline(said)
    return blocks.message(
        f"{_mark(said)}{head}" if said.closed_because is None else f"{_ended(said)}: {head}",
        blocks.header(_plain(head)),
        _state(said, reader),
        blocks.section("\n".join(_what(said, reader))),
        _why(said),
        blocks.picture(chart_file, alt),
        _next(said),
        blocks.context(*_small_print(said, reader)),
        blocks.actions(*buttons(said)),
    )


def breach_line(said: BreachSaid) -> str:
    """The same in one line, for a message that several breaches share."""
    return headline(said)


def headline(said: BreachSaid) -> str:
    """The finding as escaped mrkdwn, without a full stop."""
    workload, size = f"*{name(said.workload)}*", usd(said.size_nanos)
    match said.kind:
        case BreachKind.VELOCITY:
            return surge_headline(said)
        case BreachKind.HARD if said.spent_nanos * 10_000 < said.size_nanos * said.hard_bp:
            return f"{workload} has used up its {size}: the guard refuses requests"
        case BreachKind.HARD:
            return f"{workload} passed its hard threshold: {usd(said.spent_nanos)} of {size}"
        case BreachKind.SOFT:
            return f"{workload} has spent {share(said.share_used)} of its {size}"
        case BreachKind.SOFT_FORECAST:
            return (
                f"{workload} is heading {f'for {usd(said.forecast[1])}, over' if said.forecast else 'past'} its {size}"
            )
        case BreachKind.UNTRUSTED:
            return f"{workload}: {usd(said.spent_nanos)} is not all of it, usage has no price"


def buttons(said: BreachSaid) -> list[Block]:
    """At most two; what somebody has seen or decided needs no acknowledgement, and what has ended none either."""
    found = []
    is_open = said.closed_because is None
    if is_open and said.acknowledged_by is None and said.decided is None:
        found.append(blocks.button("Acknowledge", ids.ACKNOWLEDGE_BREACH, str(said.number)))
    elif is_open and said.kind is BreachKind.HARD and said.degrade and _holds_on(said):
        found.append(blocks.button("Undo degradation", ids.LIFT, said.workload))
    found.append(blocks.button("Why", ids.WHY_BREACH, str(said.number)))
    return found


def _holds_on(said: BreachSaid) -> bool:
    """Whether the ladder is what holds: not where the sponsor has put more, or nothing, in its place."""
    return said.decided is None or said.decided[0] not in (Decision.GRANTED, Decision.STOPPED)


def _mark(said: BreachSaid) -> str:
    return {BreachKind.HARD: "● ", BreachKind.VELOCITY: "▲ "}.get(said.kind, "◐ ")


def _plain(mrkdwn: str) -> str:
    """A headline as plain text: our own stars go, what was escaped is shown as it was typed."""
    return mrkdwn.replace("*", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _state(said: BreachSaid, reader: ZoneInfo) -> Block | None:
    """How it ended, or who has seen it; nothing while neither is the case."""
    if said.closed_because is not None:
        return blocks.section(f"*{_ended(said)}*{f' · {when(said.closed_at, reader)}' if said.closed_at else ''}")
    if said.decided:
        decision, by = said.decided
        return blocks.section(f"{person(by)} {_DECIDED[decision]}{_room(said)}")
    if said.acknowledged_by:
        return blocks.section(f"{person(said.acknowledged_by)} has seen this. Quiet until it gets worse.")
    return None


def _room(said: BreachSaid) -> str:
    """What a grant made of the envelope: the figures below are those that the sponsor decided on."""
    if said.decided is None or said.decided[0] is not Decision.GRANTED or said.decided_size_nanos is None:
        return ""
    return f" The envelope is *{usd(said.decided_size_nanos)}* now."


def _ended(said: BreachSaid) -> str:
    assert said.closed_because is not None
    if said.kind is BreachKind.VELOCITY and said.closed_because is Closing.RECOVERED:
        return "Back to its usual pace"
    if said.kind is BreachKind.UNTRUSTED and said.closed_because is Closing.RECOVERED:
        return "Every model has its price again"
    return _ENDED[said.closed_because]


def _what(said: BreachSaid, reader: ZoneInfo) -> list[str]:
    if said.kind is BreachKind.VELOCITY:
        return surge_lines(said, reader)
    left = said.size_nanos - said.spent_nanos
    rest = f"{usd(left)} left" if left > 0 else f"{usd(-left)} over"
    lines = [
        f"*{usd(said.spent_nanos)}* of *{usd(said.size_nanos)}* ({share(said.share_used)}), {rest}, {_to_go(said)}."
    ]
    if said.kind is not BreachKind.UNTRUSTED and (ahead := forecast_words(said)):
        lines.append(ahead)
    if said.refused:
        lines.append(f"The guard has refused {plural(said.refused, 'request')} for want of money.")
    if unpriced := unpriced_line(said.freshness):
        lines.append(unpriced)
    return lines


def _to_go(said: BreachSaid) -> str:
    return f"with {plural(said.days_left, 'day')} to go" if said.days_left > 0 else "on the last day of the month"


def forecast_words(said: BreachSaid) -> str | None:
    """Where the month ends, between what, and when the envelope is passed; None without a forecast."""
    if said.forecast is None:
        return None
    low, middle, high = said.forecast
    words = f"The month ends at about *{usd(middle)}*, in four months out of five between {usd(low)} and {usd(high)}."
    if said.spent_nanos < said.size_nanos and said.chance is not None:
        days = f", most likely {days_words(*said.breach_on)}" if said.breach_on else ""
        words += f" Chance to pass the envelope: *{chance(said.chance)}*{days}."
    return words


def _why(said: BreachSaid) -> Block | None:
    is_threshold = said.kind not in (BreachKind.UNTRUSTED, BreachKind.VELOCITY)
    if not said.cause or not is_threshold:
        return None
    return blocks.section(f"*Why:* {cause_words(said.cause) or _as_planned(said.cause)}")


def _as_planned(cause: CauseSaid) -> str:
    """Nothing made it dearer than it was: then the envelope is what is small."""
    less = f"{usd(-cause.gap_nanos)} below" if cause.gap_nanos < 0 else "exactly"
    than = "its plan by now" if "plan" in cause.basis else "the same days of last month"
    return f"spend is {less} {than}; the envelope is smaller than what it was set for."


def cause_words(cause: CauseSaid) -> str | None:
    """The causes of more spend than planned, and who carries them; None where spend is not above it."""
    parts = [f"{driver} ({signed(nanos)})" for driver, nanos in cause.parts if nanos > 0][:3]
    if cause.gap_nanos <= 0 or not parts:
        return None
    carried = [
        f"{dimension} {f'*{name(label, 60)}*' if label is not None else 'without a name'} ({signed(nanos)})"
        for dimension, label, nanos in cause.movers
        if nanos > 0
    ]
    by = f" Carried by {listed(carried, 2)}, against last month." if carried else ""
    compared = "than planned by now" if "plan" in cause.basis else "than by this day last month"
    return f"{usd(cause.gap_nanos)} more {compared}: {', '.join(parts)}.{by}"


def _next(said: BreachSaid) -> Block | None:
    """What follows, and the line that helps."""
    if said.closed_because is not None:
        return None
    workload = said.workload
    match said.kind:
        case BreachKind.HARD if not said.is_enforced:
            return blocks.section(
                f"*Nothing is enforced:* the amount cannot be trusted ({_doubts(said)}). {person(said.finance)} can mend "
                f"that; then degradation starts and {person(said.sponsor)} is asked."
            )
        case BreachKind.HARD:
            return blocks.section(_holds(said))
        case BreachKind.UNTRUSTED:
            return blocks.section("Until then nothing is enforced from this number, and forecasts of it are too low.")
        case BreachKind.VELOCITY:
            return blocks.section(
                f"*Next:* stop it where it runs. What of it is new: {code(f'/budget why {workload} vs=last')}"
            )
        case _:
            return blocks.section(
                f"*Next:* try what helps, {code(f'/budget whatif {workload} volume=-20%')}, or ask {person(said.sponsor)}: "
                f"{code(f'/budget request {workload} AMOUNT REASON')}"
            )


def _holds(said: BreachSaid) -> str:
    """What follows from a hard threshold: until the sponsor has decided, and by what they decided."""
    if said.decided is None:
        return f"*From now on:* {degradation_words(said)} {person(said.sponsor)} has been asked to decide."
    decision, by = said.decided
    match decision:
        case Decision.STOPPED:
            return f"*Next:* {person(by)} can let it go on: {code('/budget approvals')}"
        case Decision.GRANTED:
            return f"*Next:* what is left of it, and until when: {code(f'/budget status {said.workload}')}"
        case _:
            return f"*It stays so:* {degradation_words(said)}"


def degradation_words(said: BreachSaid) -> str:
    """What happens to requests that come through the guard, in one sentence."""
    if not said.degrade:
        return "requests through the guard are refused."
    if said.spent_nanos >= said.size_nanos and "dry-run" not in said.degrade:
        return f"requests through the guard are refused; all {usd(said.size_nanos)} are spent."
    rungs = [rung for rung in said.degrade.split(",") if rung not in ("stop", "dry-run")]
    steps = [
        f"at most {rung.removeprefix('throttle=')}" if rung.startswith("throttle=") else f"go to {code(rung)}"
        for rung in rungs
    ]
    words = (
        f"requests through the guard {', '.join(steps)}, and stop at the limit."
        if steps
        else "requests through the guard are refused."
    )
    return f"(dry run, nothing is changed) {words}" if "dry-run" in said.degrade else words


def _doubts(said: BreachSaid) -> str:
    words = {"unpriced": "usage without a price", "stale": "no usage for over a day"}
    return listed([words.get(doubt, doubt) for doubt in said.doubts]) or "it was in doubt"


def _small_print(said: BreachSaid, reader: ZoneInfo) -> list[str]:
    lines = [f"Owner {person(said.owner)} · status {code(f'/budget status {shortened(said.workload, 60)}')}"]
    if said.unseen_nanos > said.size_nanos * _WORTH_SAYING and said.closed_because is None:
        lines.append(
            f"Without the guard up to {usd(said.unseen_nanos)} more may be spent already: the newest usage is "
            f"{_span(said)} old, at {usd(said.burn_nanos)} an hour."
        )
    lines.append(freshness_line(said.freshness, reader))
    return lines


def _span(said: BreachSaid) -> str:
    assert said.lag is not None
    minutes = max(1, round(said.lag.total_seconds() / 60))
    return plural(minutes, "minute") if minutes < 120 else plural(round(minutes / 60), "hour")
