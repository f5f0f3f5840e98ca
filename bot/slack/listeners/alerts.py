"""`/budget why-told` and `/budget replay`, and the button that takes replayed thresholds into the form of `set`."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.alert_forms import ReplayCommand, WhyTold
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar
from bot.slack.listeners import answers
from bot.slack.listeners.plan_forms import open_view
from bot.slack.views.envelope import set_modal
from bot.slack.views.replay import replay_message
from bot.slack.views.why_told import why_told_message
from core.change_request import SetOrder
from core.errors import Unreadable
from core.rollout_evidence import REPLAYED
from core.services import manage_rollout, read_reasons, replay_thresholds, suggest_envelope
from core.workload import workload_name


def register(registrar: Registrar) -> None:
    registrar.action(ids.USE_THRESHOLDS, use_thresholds)
    registrar.action(ids.SHOW_REPLAY, show_replay)


async def why_told(asked: Interaction, command: WhyTold) -> None:
    found = await read_reasons.reasons_of(asked.desk.uow, command.workload, now=asked.now)
    await answers.send(asked, why_told_message(found, reader=await asked.reader()), share=command.share)


async def replay(asked: Interaction, command: ReplayCommand) -> None:
    found = await replay_thresholds.replay_thresholds(
        asked.desk.uow, command.workload, soft=command.soft, hard=command.hard, nanos=command.nanos, now=asked.now
    )
    await manage_rollout.mark(asked.desk.uow, REPLAYED, command.workload, by=asked.actor, now=asked.now)
    await answers.send(asked, replay_message(found), share=command.share)


async def show_replay(asked: Interaction) -> None:
    await replay(asked, ReplayCommand(workload_name(asked.value)))


async def use_thresholds(asked: Interaction) -> None:
    """The form of `set` with the thresholds that were replayed; whether they may be set is looked at when it is sent."""
    words = asked.value.split(" ")
    if len(words) != 4 or not all(word.isascii() and word.isdecimal() and len(word) < 19 for word in words[1:]):
        raise Unreadable("This button does not name thresholds. Replay them again with `/budget replay NAME`.")
    workload, (soft, hard, nanos) = workload_name(words[0]), map(int, words[1:])
    proposal = await suggest_envelope.proposal(
        asked.desk.uow, workload, by=asked.actor, defaults=asked.desk.defaults, now=asked.now, learns=asked.desk.learns
    )
    order = SetOrder(
        workload, nanos=None if proposal.envelope else nanos, soft_share=soft / 10_000, hard_share=hard / 10_000,
        owner=None if proposal.envelope else asked.actor.id,
    )  # fmt: skip
    await open_view(asked, set_modal(proposal, order=order), line=f"{COMMAND} set {workload}")
