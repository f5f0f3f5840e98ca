"""`/budget set`: its modal, what the fields mean, and the answer once an envelope is set or a change asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel, name, person, with_mentions
from bot.slack.views.set_modal import set_modal
from bot.slack.views.set_order import order_from_view
from bot.slack.views.wording import past_hard, people_line, quiet_words, terms_figures
from core.envelope import Envelope
from core.money import usd

if TYPE_CHECKING:
    from core.services.manage_envelopes import SetOutcome

__all__ = ["order_from_view", "set_message", "set_modal"]


def set_message(outcome: SetOutcome) -> Message:
    """What holds now, as read back: a new envelope, an immediate change, a change that waits, or nothing changed."""
    workload, finding = _finding(outcome)
    envelope = outcome.envelope
    spent = f"Spent in {outcome.cycle.title} so far: *{usd(outcome.spent_nanos)}*"
    size = envelope.size(outcome.cycle) if envelope else 0
    used = f" ({share(outcome.spent_nanos / size)} of it)." if size else "."
    waits = outcome.request is not None
    return blocks.message(
        finding,
        blocks.section("\n".join([finding, f"{spent}{used}", *(with_mentions(note) for note in outcome.notes)])),
        blocks.fields(terms_figures(envelope.terms, size)) if envelope and not waits else None,
        blocks.context(people_line(envelope.terms)) if envelope else None,
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, workload),
            blocks.button("Change again", ids.OPEN_SET, workload),
            *([blocks.button("Replay these thresholds", ids.SHOW_REPLAY, workload)] if envelope and not waits else []),
        ),
    )


def _finding(outcome: SetOutcome) -> tuple[str, str]:
    """The workload's name, and what happened in one or two sentences."""
    now, before, request, cycle = outcome.envelope, outcome.before, outcome.request, outcome.cycle
    if request is not None:
        asked = "; ".join(with_mentions(one) for one in request.loosenings) or f"{usd(request.proposed.nanos)} a month"
        holds = f"Until then the envelope stays at {usd(request.current_nanos)} a month."
        return (
            request.workload,
            f"*{name(request.workload)}*: the change ({asked}) waits for {person(request.deciders.sponsor)}. {holds}",
        )
    if now is None:
        assert before is not None
        return before.workload, f"*{name(before.workload)}* was not changed."
    size = usd(now.lasting(cycle))
    if before is None:
        return now.workload, f"*{name(now.workload)}* has an envelope of *{size}* a month, from {cycle.title} on."
    changes = _changes(before, now, outcome)
    if not changes:
        return now.workload, f"*{name(now.workload)}* already stands like this: *{size}* a month. Nothing was changed."
    return now.workload, f"*{name(now.workload)}* changed: {'; '.join(changes)}. In force at once."


def _changes(before: Envelope, now: Envelope, outcome: SetOutcome) -> list[str]:
    """What differs, in words."""
    was, then = before.terms, now.terms
    old, new = before.lasting(outcome.cycle), now.lasting(outcome.cycle)
    pairs = [
        ("size", f"{usd(old)} a month", f"{usd(new)} a month"),
        ("soft threshold", share(was.soft_share), share(then.soft_share)),
        ("hard threshold", share(was.hard_share), share(then.hard_share)),
        ("owner", person(was.people.owner), person(then.people.owner)),
        ("finance partner", person(was.people.finance), person(then.people.finance)),
        ("sponsor", person(was.people.sponsor), person(then.people.sponsor)),
        ("deputy", person(was.people.deputy), person(then.people.deputy)),
        ("channel", channel(was.channel), channel(then.channel)),
        ("margin", share(was.margin), share(then.margin)),
        ("holdback", share(was.holdback), share(then.holdback)),
        ("past hard", past_hard(was), past_hard(then)),
        ("quiet hours", quiet_words(was), quiet_words(then)),
    ]
    return [f"{what} from {one} to *{other}*" for what, one, other in pairs if one != other]
