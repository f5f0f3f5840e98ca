"""Mend what a comparison showed: from its message to a list, from there to a preview, and only then is anything set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack import ids
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar, remembered_in, remembering
from bot.slack.listeners.plan_forms import open_view
from bot.slack.listeners.signing import seen_in
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.listeners.workloads import carried
from bot.slack.views.mend import REPRICE, mend_modal, mend_of, mended_message, preview_modal
from core.errors import Outdated, Unreadable
from core.services.mend_prices import Mend, mend_prices, preview_mend
from core.services.reconcile_month import reconcile_month
from core.services.sign_reconciliation import require_signer
from core.store.reconciliation_rows import SUPERSEDED, StoredReconciliation


def register(registrar: Registrar) -> None:
    registrar.action(ids.MEND_RECONCILIATION, open_mend)
    registrar.action(ids.PREVIEW_MEND, open_preview)
    registrar.app.view(ids.MEND_PRICE_MODAL)(
        submission(registrar, "Set the price", _set_price, response_action="clear")
    )


async def open_mend(asked: Interaction) -> None:
    kept = await comparison_shown(asked, asked.value)
    line = f"{COMMAND} reconcile {kept.provider} {kept.month}"
    await open_view(asked, mend_modal(kept.result, asked.value, carry=carried), line=line)


async def open_preview(asked: Interaction) -> None:
    """On top of the list. Raises NotAllowed for anybody but finance."""
    _, mend = await _mend_in(asked, asked.value)
    preview = await preview_mend(asked.desk.uow, mend, by=asked.actor, now=asked.now)
    form = remembering(preview_modal(mend, preview, asked.value), asked.reply)
    await asked.client.views_push(trigger_id=asked.trigger_id, view=form)


async def comparison_shown(asked: Interaction, value: str) -> StoredReconciliation:
    """The comparison that was shown, for those who sign it. Raises Outdated, NotAllowed."""
    number, shown = seen_in(value)
    async with asked.desk.uow.read() as tx:
        kept = await tx.reconciliations.of(number)
        if kept is None or kept.state == SUPERSEDED or not kept.digest.startswith(shown):
            raise Outdated("The numbers have changed since this was shown. Look at the newer ones in this thread.")
        await require_signer(tx, kept, asked.actor, asked.desk.finance)
    return kept


async def _mend_in(asked: Interaction, value: str) -> tuple[StoredReconciliation, Mend]:
    seen, _, place = value.rpartition(" ")
    kept = await comparison_shown(asked, seen)
    causes = kept.result["causes"]
    cause: Mapping[str, Any] | None = causes[int(place)] if place.isdecimal() and int(place) < len(causes) else None
    mend = mend_of(cause, kept.result) if cause else None
    if mend is None:
        raise Unreadable("This button names nothing that can be set. Open the list again from the comparison.")
    return kept, mend


async def _set_price(asked: Interaction, outcome: Outcome) -> None:
    kept, mend = await _mend_in(asked, str(remembered_in(asked.body).get("value")))
    reprice = REPRICE in ticked_in(asked.view, ids.BLOCK_REPRICE)
    preview, done = await mend_prices(asked.desk.uow, mend, reprice=reprice, by=asked.actor, now=asked.now)
    outcome.said = mended_message(mend, preview, done)
    if reprice:
        await reconcile_month(
            asked.desk.uow, kept.provider, kept.month, by=asked.actor, finance_team=asked.desk.finance,
            channel=kept.channel, now=asked.now,
        )  # fmt: skip
        asked.desk.wake_delivery()


def ticked_in(view: Mapping[str, Any], block_id: str) -> list[str]:
    """Values of the boxes of a block that are ticked."""
    elements = ((view.get("state") or {}).get("values") or {}).get(block_id) or {}
    return [
        str(option.get("value")) for element in elements.values() for option in element.get("selected_options") or ()
    ]
