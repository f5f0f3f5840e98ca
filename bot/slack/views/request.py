"""A change that waits for its sponsor: the sponsor's message, what replaces it once decided, and the requester's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code, name, person, when, with_mentions
from core.change_request import ChangeRequest, RequestState
from core.envelope import Envelope
from core.money import apart, usd


def request_message(
    request: ChangeRequest, *, reader: ZoneInfo, spent_nanos: int | None = None, turned: str | None = None
) -> Message:
    """The sponsor's message: who asks, from what to what, and two buttons that each ask once more.

    `spent_nanos` is this cycle's spend when the message is sent, where it is known; `turned` why a deputy is asked.
    """
    asks = f"{person(request.requested_by)} asks you to {_ask(request)} the envelope of *{name(request.workload)}*"
    return blocks.message(
        f"{asks}: {_amounts(request)}.",
        blocks.header(f"{request.workload}: {_plain_amounts(request)}"),
        blocks.section(f"{asks} for {request.cycle.title} and later."),
        blocks.fields(_figures(request, spent_nanos)),
        blocks.context(
            f"Asked {when(request.requested_at, reader)} · request {request.id} · nothing changes until you decide.",
            f"Spend and chart: {code(f'/budget status {request.workload}')}",
            *([turned] if turned else []),
        ),
        blocks.actions(
            blocks.button(
                "Approve",
                ids.APPROVE_REQUEST,
                str(request.id),
                style="primary",
                asks=blocks.confirmation(
                    "Approve this change?",
                    f"{request.workload} will have {usd(request.proposed.nanos)} a month, at once.",
                    yes="Approve",
                    style="primary",
                ),
            ),
            blocks.button(
                "Decline",
                ids.DECLINE_REQUEST,
                str(request.id),
                style="danger",
                asks=blocks.confirmation(
                    "Decline this change?",
                    f"{request.workload} stays at {usd(request.current_nanos)} a month.",
                    yes="Decline",
                    style="danger",
                ),
            ),
        ),
    )


def _ask(request: ChangeRequest) -> str:
    if request.proposed.nanos > request.current_nanos:
        return "raise"
    return "lower and loosen" if request.proposed.nanos < request.current_nanos else "loosen"


def _plain_amounts(request: ChangeRequest) -> str:
    if request.proposed.nanos == request.current_nanos:
        return f"{usd(request.current_nanos)}, new terms"
    return f"{usd(request.current_nanos)} → {usd(request.proposed.nanos)}"


def _amounts(request: ChangeRequest) -> str:
    """From what to what, and the difference in dollars and percent."""
    change = request.proposed.nanos - request.current_nanos
    if not change:
        return " and ".join(with_mentions(one) for one in request.loosenings[:3]) or "new terms"
    part = (
        f", {'+' if change > 0 else '−'}{share(abs(change) / request.current_nanos)}" if request.current_nanos else ""
    )
    sign = "+" if change > 0 else "−"
    by = f"{sign}{apart(request.proposed.nanos, request.current_nanos)}{part}"
    return f"from {usd(request.current_nanos)} to *{usd(request.proposed.nanos)}* ({by})"


def _figures(request: ChangeRequest, spent_nanos: int | None) -> list[tuple[str, str]]:
    """What the decision needs, and every loosening in it: the sponsor decides on all of them at once."""
    terms, change = request.proposed.terms, request.proposed.nanos - request.current_nanos
    figures = [("Now", f"{usd(request.current_nanos)} a month"), ("Asked", f"{usd(request.proposed.nanos)} a month")]
    if spent_nanos is not None:
        used = share(spent_nanos / request.proposed.nanos)
        figures.append((f"Spent in {request.cycle.title}", f"{usd(spent_nanos)}, {used} of what is asked"))
    figures.append(("Thresholds after it", f"soft {share(terms.soft_share)}, hard {share(terms.hard_share)}"))
    if len(request.loosenings) > 1 or change <= 0:
        figures.append(("What gives more room", "\n".join(f"• {with_mentions(one)}" for one in request.loosenings[:6])))
    return figures


def decided_message(request: ChangeRequest, envelope: Envelope | None, *, reader: ZoneInfo) -> Message:
    """Replaces every copy once decided: who decided what, and the effect as read back from `envelope`."""
    verdict = _verdict(request)
    at = f" · {when(request.decided_at, reader)}" if request.decided_at else ""
    return blocks.message(
        f"*{name(request.workload)}*: {verdict}",
        blocks.section(f"*{name(request.workload)}*: {verdict}\n{_effect(request, envelope)}"),
        blocks.context(
            f"Asked by {person(request.requested_by)}: {_amounts(request)} · request {request.id}{at}",
            f"Status: {code(f'/budget status {request.workload}')}",
        ),
    )


def _verdict(request: ChangeRequest) -> str:
    decider = person(request.decided_by)
    return {
        RequestState.PENDING: f"waits for {person(request.deciders.sponsor)}.",
        RequestState.APPROVED: f"approved by {decider}.",
        RequestState.DECLINED: f"declined by {decider}.",
        RequestState.SUPERSEDED: "replaced by a newer change; there is nothing left to decide.",
    }[request.state]


def _effect(request: ChangeRequest, envelope: Envelope | None) -> str:
    if envelope is None:
        return f"The envelope stays at {usd(request.current_nanos)} a month."
    size = usd(envelope.lasting(request.cycle))
    if request.state is RequestState.APPROVED:
        if request.proposed.nanos == request.current_nanos:
            return f"In force now: {_amounts(request)}. The envelope stays at *{size}* a month."
        hard = share(envelope.terms.hard_share)
        return f"The envelope is *{size}* from {request.cycle.title} on; hard threshold at {hard}."
    return f"The envelope stays at *{size}* a month."


def requester_message(request: ChangeRequest) -> Message:
    """Tells who asked how it stands or ended, and what to do next."""
    what = f"Your change to *{name(request.workload)}*, {_amounts(request)},"
    sponsor = person(request.deciders.sponsor)
    text = {
        RequestState.PENDING: f"{what} is with {sponsor}. Until then {usd(request.current_nanos)} holds.",
        RequestState.APPROVED: f"{what} was approved by {person(request.decided_by)} and is in force.",
        RequestState.DECLINED: (
            f"{what} was declined by {person(request.decided_by)}. {usd(request.current_nanos)} still holds; "
            "talk to them before you ask again."
        ),
        RequestState.SUPERSEDED: f"{what} was replaced by a newer change.",
    }[request.state]
    return blocks.message(
        text,
        blocks.section(text),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, request.workload)),
    )


def unreached_message(request: ChangeRequest, *, because: str) -> Message:
    """Tells who asked that the sponsor does not know of it; `because` is Slack's own word for the reason."""
    text = (
        f"I cannot reach {person(request.deciders.sponsor)} in Slack ({code(because)}), so nobody has seen your change to "
        f"*{name(request.workload)}*, {_amounts(request)}. {usd(request.current_nanos)} still holds. Ask again once they "
        f"can be reached, or talk to {person(request.deciders.finance)}."
    )
    return blocks.message(
        text,
        blocks.section(text),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, request.workload)),
    )
