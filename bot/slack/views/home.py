"""The Home tab: what waits for somebody, their envelopes with one button each, and for finance the sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.charts.foretold import chance, days_words
from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.sources import STATES
from bot.slack.views.trend import bar
from bot.slack.views.wording import age, freshness_line, goes_on, listed, plural, state_text
from core.change_request import ChangeRequest
from core.envelope import State
from core.escalation import Escalation, EscalationKind
from core.home import LIKELY, EnvelopeStanding, Home, MyEnvelope, WaitingClose
from core.money import usd
from core.rollout import ITEMS, RolloutState
from core.source_health import SourceHealth

SHOWN: Final = 12
"""Envelopes on the front page; a page of more has `PAGE`. Slack takes 100 blocks."""
PAGE: Final = 40
WAITING: Final = 8
TROUBLES: Final = 4
UNLIKELY: Final = 0.05
"""A chance below this is not worth a reader's second."""
View = dict[str, Any]


def home_view(home: Home, *, reader: ZoneInfo) -> View:
    """The front page: what waits comes before what merely is."""
    if home.is_new:
        return _tab([*_welcome(home), *_rollout(home), *_sources(home)])
    return _tab(
        [
            blocks.section(_finding(home)),
            _ways(home),
            *_waiting(home),
            *_asked(home),
            *_envelopes(home),
            *_rollout(home),
            *_sources(home),
            blocks.context(freshness_line(home.freshness, reader)),
        ]
    )


def envelopes_view(home: Home, start: int) -> View:
    """A further page of somebody's envelopes, from the one at `start` on."""
    rest = home.envelopes[start:]
    shown = rest[:PAGE]
    return _tab(
        [
            _back(),
            blocks.header("My envelopes"),
            *(_envelope(mine) for mine in shown),
            *_more(len(rest) - len(shown), start + len(shown)),
        ]
    )


def answer_view(message: Message) -> View:
    """An answer in place of the front page, with the way back above it."""
    return _tab([_back(), *message["blocks"]])


def _tab(shown: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(shown[:100])}


def _back() -> Block:
    return blocks.actions(blocks.button("← Home", ids.SHOW_HOME, ""))


def _ways(home: Home) -> Block:
    main = "primary" if not home.envelopes else None
    return blocks.actions(
        blocks.button("All envelopes", ids.SHOW_STATUS, ""),
        blocks.button("Set an envelope", ids.OPEN_SET, "", style=main),
        blocks.button("How it works", ids.SHOW_HELP, ""),
    )


def _welcome(home: Home) -> list[Block]:
    """For somebody who has nothing yet: three lines that teach, and one to paste."""
    known = home.unset or (home.names[0] if home.names else "search-answers")
    return [
        blocks.header("Nothing here is yours yet"),
        blocks.section(
            "• A *workload* is something that spends on AI: a feature in an environment\n"
            "• Its *envelope* is what it may spend a month. The owner explains and acts, finance checks, the sponsor decides\n"
            "• Once you are one of the three, your envelopes and what waits for you are here"
        ),
        blocks.paste(f"/budget set {known} 4000 owner=@you sponsor=@executive"),
        _ways(home),
    ]


def _finding(home: Home) -> str:
    """Everything of theirs in two sentences."""
    size = sum(mine.standing.size_nanos for mine in home.envelopes)
    spent = sum(mine.standing.spent_nanos for mine in home.envelopes)
    waits = home.waiting
    word = "thing" if home.to_sign else "decision"
    first = f"*{plural(waits, word)}* {'waits' if waits == 1 else 'wait'} for you. " if waits else ""
    if not home.envelopes:
        return f"{first}No envelope names you yet."
    used = f" ({share(spent / size)})" if size else ""
    sums = (
        f"*{home.cycle.title}*, {share(home.share_elapsed)} gone: *{usd(spent)}* of *{usd(size)}* spent{used} "
        f"in {plural(len(home.envelopes), 'envelope')} of yours."
    )
    return f"{first}{sums} {_concern([mine.standing for mine in home.envelopes])}"


def _concern(standings: Sequence[EnvelopeStanding]) -> str:
    past = [f"*{name(one.envelope.workload)}*" for one in standings if one.state not in (State.WITHIN, State.GRANTED)]
    granted = [f"*{name(one.envelope.workload)}*" for one in standings if one.state is State.GRANTED]
    heading = [
        f"*{name(one.envelope.workload)}*" for one in standings if one.state is State.WITHIN and one.chance > LIKELY
    ]
    said = []
    if past:
        said.append(f"{listed(past, 3)} {'is past a threshold' if len(past) == 1 else 'are past a threshold'}.")
    if granted:
        said.append(goes_on(granted))
    if heading:
        whose = "its envelope" if len(heading) == 1 else "their envelopes"
        said.append(f"{listed(heading, 3)} will probably pass {whose}.")
    return " ".join(said) or "All are within their thresholds."


def _waiting(home: Home) -> list[Block]:
    """Decisions and signatures, the dearest first: money that is stopped, then raises, then closes."""
    if not home.waiting:
        return []
    shown: list[Block] = [blocks.header("Waiting for you")]
    shown += [_escalation(one, home) for one in home.escalations[:WAITING]]
    for request in home.to_decide[:WAITING]:
        shown += [blocks.section(_request_line(request, home)), _decision(request)]
    shown += [blocks.section(_close_line(one)) for one in home.to_sign[:WAITING]]
    counts = (len(home.escalations), len(home.to_decide), len(home.to_sign))
    if (hidden := sum(max(0, count - WAITING) for count in counts)) > 0:
        shown.append(blocks.context(f"{plural(hidden, 'more decision')} came as a direct message."))
    return shown


def _escalation(one: Escalation, home: Home) -> Block:
    since = age(home.freshness.as_of - one.opened_at)
    if one.kind is EscalationKind.REQUEST:
        what = f"{person(one.asked_by)} asks for {usd(one.asked_nanos or 0)} more, {since}"
    else:
        what = f"passed its hard threshold {since}; what was agreed for that holds until you decide"
    text = f"*{name(one.workload)}*: {what}."
    return blocks.section(text, accessory=blocks.button("Decide", ids.SHOW_APPROVALS, ""))


def _close_line(one: WaitingClose) -> str:
    line = code(f"/budget reconcile {one.provider} {one.month}")
    gap = (
        f"{usd(abs(one.gap_nanos))} {'above' if one.gap_nanos > 0 else 'below'} the books"
        if one.gap_nanos
        else "as the books"
    )
    return f"*{name(one.provider)} {one.month.title}*: the invoice is {gap}. It waits for your signature: {line}"


def _request_line(request: ChangeRequest, home: Home) -> str:
    now, asked = request.current_nanos, request.proposed.nanos
    amounts = f"{usd(now)} → *{usd(asked)}* a month" if asked != now else "new terms at the same amount"
    since = age(home.freshness.as_of - request.requested_at)
    return f"*{name(request.workload)}*: {amounts}\n{person(request.requested_by)} asked {since}"


def _decision(request: ChangeRequest) -> Block:
    return blocks.actions(
        blocks.button(
            "Approve", ids.APPROVE_REQUEST, str(request.id), style="primary",
            asks=blocks.confirmation(
                "Approve this change?", f"{request.workload} will have {usd(request.proposed.nanos)} a month, at once.",
                yes="Approve", style="primary",
            ),
        ),
        blocks.button(
            "Decline", ids.DECLINE_REQUEST, str(request.id), style="danger",
            asks=blocks.confirmation(
                "Decline this change?", f"{request.workload} stays at {usd(request.current_nanos)} a month.",
                yes="Decline", style="danger",
            ),
        ),
    )  # fmt: skip


def _asked(home: Home) -> list[Block]:
    if not home.asked:
        return []
    lines = [
        f"• *{name(one.workload)}*: {usd(one.current_nanos)} → {usd(one.proposed.nanos)}, with "
        f"{person(one.deciders.sponsor)} since {age(home.freshness.as_of - one.requested_at)}"
        for one in home.asked[:WAITING]
    ]
    return [blocks.section("\n".join(["*You asked for*", *lines]))]


def _envelopes(home: Home) -> list[Block]:
    if not home.envelopes:
        return []
    shown = home.envelopes[:SHOWN]
    hidden = len(home.envelopes) - len(shown)
    return [blocks.header("My envelopes"), *(_envelope(mine) for mine in shown), *_more(hidden, len(shown))]


def _envelope(mine: MyEnvelope) -> Block:
    """Name, state and role; a bar with the money; the forecast; and the one button that helps most."""
    one = mine.standing
    workload = one.envelope.workload
    used = one.spent_nanos / one.size_nanos if one.size_nanos else 0.0
    lines = [
        f"*{name(workload)}* · {state_text(one.state)} · you: {' and '.join(mine.roles)}",
        f"{bar(used)} {usd(one.spent_nanos)} of {usd(one.size_nanos)} ({share(used)})",
    ]
    if one.forecast:
        lines.append(_forecast(one))
    if one.pending_nanos is not None:
        lines.append(f"{usd(one.pending_nanos)} asked, not decided yet")
    action = ("Why", ids.SHOW_WHY) if one.needs_a_look else ("Details", ids.SHOW_STATUS)
    return blocks.section("\n".join(lines), accessory=blocks.button(*action, workload))


def _forecast(one: EnvelopeStanding) -> str:
    assert one.forecast is not None
    ends = f"Ends the month at about {usd(one.forecast.p50_nanos)}"
    if one.spent_nanos > one.size_nanos or one.forecast.breach_probability is None:
        return ends
    if one.chance < UNLIKELY:
        return ends
    likely = f" around {days_words(*one.forecast.breach_on)}" if one.forecast.breach_on and one.chance > LIKELY else ""
    return f"{ends}; {chance(one.forecast.breach_probability)} chance to pass the envelope{likely}"


def _more(hidden: int, start: int) -> list[Block]:
    if hidden <= 0:
        return []
    return [blocks.actions(blocks.button(f"{hidden:,} more", ids.SHOW_MY_ENVELOPES, str(start)))]


def _rollout(home: Home) -> list[Block]:
    """How far the first 30 days have come; for finance also that they could begin."""
    seen = home.rollout
    if seen is None or seen.state is RolloutState.REPLACED:
        if not home.is_finance:
            return []
        start = blocks.button("Start", ids.OPEN_ROLLOUT, "")
        text = "From nothing to bounded spend in four weeks, with a checklist that ticks itself from the books."
        return [blocks.header("The first 30 days"), blocks.section(text, accessory=start)]
    when = {RolloutState.PAUSED: "paused", RolloutState.FINISHED: "finished"}.get(seen.state, f"day {max(0, seen.day)}")
    late = f" · *{seen.overdue} overdue*" if seen.overdue else ""
    upcoming = f"\nNext: {seen.upcoming.title}" if seen.upcoming else ""
    text = f"{bar(seen.done / len(ITEMS))} {seen.done} of {len(ITEMS)} done · {when}{late}{upcoming}"
    return [
        blocks.header("The first 30 days"), blocks.section(text, accessory=blocks.button("Open", ids.SHOW_ROLLOUT, "")),
    ]  # fmt: skip


def _sources(home: Home) -> list[Block]:
    """For finance: whether the numbers can be believed, and the way to what is wrong."""
    if home.sources is None:
        return []
    way = blocks.button("Sources", ids.SHOW_SOURCES, "")
    return [blocks.header("Where the numbers come from"), blocks.section(_source_lines(home.sources), accessory=way)]


def _source_lines(sources: Sequence[SourceHealth]) -> str:
    if not sources:
        return f"No source sends usage yet. Make a token where Outlay runs: {code('outlay token create gateway')}"
    troubled = [one for one in sources if one.is_alarming]
    if not troubled:
        return "The one source is fine." if len(sources) == 1 else f"All {len(sources):,} sources are fine."
    lines = [f"• {code(one.name, 80)} {STATES[one.condition]}" for one in troubled[:TROUBLES]]
    if len(troubled) > TROUBLES:
        lines.append(f"• and {len(troubled) - TROUBLES:,} more")
    return "\n".join(
        [
            f"*{len(troubled):,} of {plural(len(sources), 'source')} {'needs' if len(troubled) == 1 else 'need'} a look*",
            *lines,
        ]
    )
