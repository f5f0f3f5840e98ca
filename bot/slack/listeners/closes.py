"""Accept and Discuss on a proposed envelope. The button names cycle and workload; state and rights are read again."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.views import blocks
from bot.slack.views.close import proposal_place
from bot.slack.views.envelope import set_message
from bot.slack.views.mrkdwn import name
from core.errors import Unreadable
from core.money import usd
from core.period import Cycle
from core.services import forecast_spend, propose_envelopes


def register(registrar: Registrar) -> None:
    registrar.action(ids.ACCEPT_PROPOSAL, accept)
    registrar.action(ids.DISCUSS_PROPOSAL, discuss)


async def accept(asked: Interaction) -> None:
    """Set the envelope as proposed; the message itself is brought up to date by the outbox."""
    cycle, number = _place(asked.value)
    desk = asked.desk
    done = await propose_envelopes.accept(
        desk.uow, cycle, number, by=asked.actor, defaults=desk.defaults, now=asked.now
    )
    desk.wake_delivery()
    proposal = done.proposal
    if done.outcome is None:
        kept = f"The envelope of *{name(proposal.workload)}* stays at {usd(proposal.nanos)} in {cycle.title}."
        await answers.report(asked, blocks.message(kept, blocks.section(kept)), share=False)
        return
    if done.outcome.request is None:
        # Frozen with the envelope, so that `why` has something to compare with.
        await forecast_spend.freeze_plan(desk.uow, proposal.workload, now=asked.now)
    await answers.report(asked, set_message(done.outcome), share=False)


async def discuss(asked: Interaction) -> None:
    cycle, number = _place(asked.value)
    proposal = await propose_envelopes.discuss(asked.desk.uow, cycle, number, by=asked.actor, now=asked.now)
    asked.desk.wake_delivery()
    workload = name(proposal.workload)
    said = f"The people of *{workload}* hear that you want to talk about its envelope. Nothing changes until somebody decides."
    await answers.report(asked, blocks.message(said, blocks.section(said)), share=False)


def _place(value: str) -> tuple[Cycle, int]:
    if (found := proposal_place(value)) is None:
        raise Unreadable("This button does not name a proposal. Set the envelope with `/budget set`.")
    return found
