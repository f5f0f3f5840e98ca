"""Sign a comparison, or refuse with a reason. A button carries what was seen; everything is looked at again."""

from __future__ import annotations

import re

from bot.slack import ids
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar, remembered_in
from bot.slack.listeners.plan_forms import open_view, typed_in
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import name
from bot.slack.views.reconcile_modal import refuse_modal
from core.errors import Outdated, Unreadable
from core.services.reconcile_month import reconcile_month
from core.services.sign_reconciliation import NumbersMoved, refuse, require_signer, sign
from core.store.reconciliation_rows import StoredReconciliation

_VALUE = re.compile(r"([0-9]{1,18}) ([0-9a-f]{12})")


def register(registrar: Registrar) -> None:
    registrar.action(ids.SIGN_RECONCILIATION, sign_from_button)
    registrar.action(ids.REFUSE_RECONCILIATION, open_refusal)
    registrar.app.view(ids.REFUSE_MODAL)(submission(registrar, "Not signed yet", _refuse))


def seen_in(value: str) -> tuple[int, str]:
    """The comparison's number and the beginning of its digest. Raises Unreadable for what no button of ours carries."""
    match = _VALUE.fullmatch(value)
    if match is None:
        raise Unreadable("This button does not name a comparison. Compare again with `/budget reconcile`.")
    return int(match[1]), match[2]


async def sign_from_button(asked: Interaction) -> None:
    number, shown = seen_in(asked.value)
    try:
        done = await sign(asked.desk.uow, number, shown, by=asked.actor, finance_team=asked.desk.finance, now=asked.now)
    except NumbersMoved:
        await _compare_again(asked, number)
        raise
    asked.desk.wake_delivery()
    roles = " and ".join(sorted(done.roles))
    end = "With it the month is closed." if done.is_closed else "It covers exactly what is shown; new numbers void it."
    await asked.reply.say(_said(f"You signed {name(done.kept.provider)} {done.kept.month.title} as {roles}. {end}"))


async def _compare_again(asked: Interaction, number: int) -> None:
    """The books have moved on: the same message soon shows the new numbers."""
    async with asked.desk.uow.read() as tx:
        kept = await tx.reconciliations.of(number)
    if kept:
        await reconcile_month(
            asked.desk.uow, kept.provider, kept.month, by=asked.actor, finance_team=asked.desk.finance,
            channel=kept.channel, now=asked.now,
        )  # fmt: skip
        asked.desk.wake_delivery()


async def open_refusal(asked: Interaction) -> None:
    """The form for the reason. Raises NotAllowed for whoever does not sign, before anything is asked."""
    number, _ = seen_in(asked.value)
    kept = await _known(asked, number)
    async with asked.desk.uow.read() as tx:
        await require_signer(tx, kept, asked.actor, asked.desk.finance)
    title = f"{name(kept.provider)} {kept.month.title}"
    await open_view(asked, refuse_modal(title, asked.value), line=f"{COMMAND} reconcile {kept.provider} {kept.month}")


async def _known(asked: Interaction, number: int) -> StoredReconciliation:
    async with asked.desk.uow.read() as tx:
        kept = await tx.reconciliations.of(number)
    if kept is None:
        raise Outdated("This comparison does not exist any more. Compare again with `/budget reconcile`.")
    return kept


async def _refuse(asked: Interaction, outcome: Outcome) -> None:
    number, shown = seen_in(str(remembered_in(asked.body).get("value")))
    reason = typed_in(asked.view).get(ids.BLOCK_REFUSAL, "")
    try:
        done = await refuse(
            asked.desk.uow, number, shown, reason, by=asked.actor, finance_team=asked.desk.finance, now=asked.now
        )
    except Unreadable as refusal:
        outcome.refuse(ids.BLOCK_REFUSAL, refusal.message)
        return
    asked.desk.wake_delivery()
    outcome.said = _said(
        f"{name(done.kept.provider)} {done.kept.month.title} stays open; your reason is in its thread."
    )


def _said(text: str) -> Message:
    return blocks.message(text, blocks.section(text))
