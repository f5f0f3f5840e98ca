"""`/budget set`: its modal, what the modal's fields mean, and the answer once an envelope is set or a change is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel, code, name, person, share, with_mentions
from bot.slack.views.set_modal import set_modal
from bot.slack.views.set_order import order_from_view
from core.envelope import Envelope, Terms
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
        blocks.fields(_terms(envelope.terms, size)) if envelope and not waits else None,
        blocks.context(_people(envelope.terms)) if envelope else None,
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, workload),
            blocks.button("Change again", ids.OPEN_SET, workload),
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
    size = usd(now.size(cycle))
    if before is None:
        new = (
            " The workload is new; give it a rule with " + code(f"/budget workload add {now.workload} feature=…")
            if outcome.created_workload
            else ""
        )
        return now.workload, f"*{name(now.workload)}* has an envelope of *{size}* a month, from {cycle.title} on.{new}"
    changes = _changes(before, now, outcome)
    if not changes:
        return now.workload, f"*{name(now.workload)}* already stands like this: *{size}* a month. Nothing was changed."
    return now.workload, f"*{name(now.workload)}* changed: {'; '.join(changes)}. In force at once."


def _changes(before: Envelope, now: Envelope, outcome: SetOutcome) -> list[str]:
    """What differs, in words."""
    was, is_ = before.terms, now.terms
    old, new = before.size(outcome.cycle), now.size(outcome.cycle)
    pairs = [
        ("size", f"{usd(old)} a month", f"{usd(new)} a month"),
        ("soft threshold", share(was.soft_share), share(is_.soft_share)),
        ("hard threshold", share(was.hard_share), share(is_.hard_share)),
        ("owner", person(was.people.owner), person(is_.people.owner)),
        ("finance partner", person(was.people.finance), person(is_.people.finance)),
        ("sponsor", person(was.people.sponsor), person(is_.people.sponsor)),
        ("deputy", person(was.people.deputy), person(is_.people.deputy)),
        ("channel", channel(was.channel), channel(is_.channel)),
        ("margin", share(was.margin), share(is_.margin)),
        ("holdback", share(was.holdback), share(is_.holdback)),
        ("past hard", _past_hard(was), _past_hard(is_)),
    ]
    return [f"{what} from {one} to *{other}*" for what, one, other in pairs if one != other]


def _past_hard(terms: Terms) -> str:
    return name(str(terms.degrade)) if terms.degrade else "only a message"


def _terms(terms: Terms, size: int) -> list[tuple[str, str]]:
    return [
        ("Soft threshold", f"{share(terms.soft_share)} = {usd(round(size * terms.soft_share))}"),
        ("Hard threshold", f"{share(terms.hard_share)} = {usd(round(size * terms.hard_share))}"),
        ("Holdback", f"{share(terms.holdback)} = {usd(round(size * terms.holdback))}" if terms.holdback else "none"),
        ("Past hard", _past_hard(terms)),
    ]


def _people(terms: Terms) -> str:
    people = terms.people
    deputy = f" (deputy {person(people.deputy)})" if people.deputy else ""
    return (
        f"Owner {person(people.owner)} · finance {person(people.finance)} · sponsor {person(people.sponsor)}{deputy}"
        f" · {channel(terms.channel)}"
    )
