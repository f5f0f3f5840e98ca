"""What the modal of `/budget set` was filled in with, as an order; what cannot be read is said at its own field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bot.readable import shortened
from bot.slack import ids
from core.change_request import SetOrder
from core.degradation import Degradation
from core.envelope import Terms
from core.errors import BudgetError
from core.money import parse_amount, parse_share
from core.people import People
from core.quiet import parse_quiet
from core.workload import workload_name

Read = TypeVar("Read")


def order_from_view(view_state: Mapping[str, Any], private_metadata: str) -> tuple[SetOrder, dict[str, str]]:
    """The order, and an error for each field that cannot be taken, by block id as `response_action: errors` wants.

    Args:
      view_state: the view's `state` (or its `values`) as Slack delivers it.
      private_metadata: what `set_modal` put there: the workload and the revision it was filled from.

    With errors the order holds whatever could be read; it must not be carried out.
    """
    seen = json.loads(private_metadata) if private_metadata else {}
    fields = _Fields(view_state.get("values", view_state))
    workload = fields.workload(seen.get("workload"))
    order = SetOrder(
        workload=workload or "",
        nanos=fields.read(ids.BLOCK_AMOUNT, parse_amount),
        owner=fields.text(ids.BLOCK_OWNER),
        finance=fields.text(ids.BLOCK_FINANCE),
        sponsor=fields.text(ids.BLOCK_SPONSOR),
        deputy=fields.text(ids.BLOCK_DEPUTY),
        channel=fields.text(ids.BLOCK_CHANNEL),
        soft_share=fields.read(ids.BLOCK_SOFT, parse_share),
        hard_share=fields.read(ids.BLOCK_HARD, parse_share),
        margin=fields.read(ids.BLOCK_MARGIN, parse_share),
        holdback=fields.read(ids.BLOCK_HOLDBACK, parse_share),
        degrade=fields.text(ids.BLOCK_DEGRADE),
        quiet=fields.text(ids.BLOCK_QUIET),
        # What was seen of one workload's envelope says nothing about another that was picked after it.
        seen_revision=seen.get("revision") if workload == seen.get("workload") else None,
    )
    _cross_check(order, fields)
    return order, {block: shortened(error, 300) for block, error in fields.errors.items()}


class _Fields:
    """The values by block, and the errors found while reading them."""

    def __init__(self, values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self._values = values
        self.errors: dict[str, str] = {}

    def text(self, block: str) -> str | None:
        """What was typed or picked in the only element of that block; None where it is absent or empty."""
        for element in self._values.get(block, {}).values():
            picked = element.get("selected_option") or {}
            found = (
                element.get("value")
                or element.get("selected_user")
                or element.get("selected_conversation")
                or element.get("selected_channel")
                or picked.get("value")
            )
            return str(found).strip() or None if found else None
        return None

    def read(self, block: str, parse: Callable[[str], Read]) -> Read | None:
        typed = self.text(block)
        if typed is None:
            return None
        try:
            return parse(typed)
        except BudgetError as refused:
            self.errors[block] = refused.message
            return None

    def check(self, block: str, make: Callable[[], object]) -> None:
        """Tries to make a value that refuses what is wrong; the first error of a field stays."""
        try:
            make()
        except BudgetError as refused:
            self.errors.setdefault(block, refused.message)

    def workload(self, shown: str | None) -> str | None:
        """The one picked or typed; `shown` where the modal had no field for it."""
        if ids.BLOCK_WORKLOAD not in self._values and shown:
            return shown
        if self.text(ids.BLOCK_WORKLOAD) in (None, ids.NEW_WORKLOAD):
            self.errors[ids.BLOCK_WORKLOAD] = (
                "Choose a workload, or close this and type /budget set NAME for a new one."
            )
            return None
        return self.read(ids.BLOCK_WORKLOAD, workload_name)


def _cross_check(order: SetOrder, fields: _Fields) -> None:
    """Rules over several fields, as the envelope itself has them, said at the field that most likely has to change."""
    if degrade := order.degrade:
        fields.check(ids.BLOCK_DEGRADE, lambda: Degradation.parse(degrade))
    if quiet := order.quiet:
        fields.check(ids.BLOCK_QUIET, lambda: parse_quiet(quiet))
    if not (order.owner and order.sponsor):
        return
    owner, finance, sponsor = order.owner, order.finance or order.owner, order.sponsor
    fields.check(ids.BLOCK_SPONSOR, lambda: People(owner, finance, sponsor))
    if ids.BLOCK_SPONSOR in fields.errors:
        return
    people = People(owner, finance, sponsor)
    fields.check(ids.BLOCK_DEPUTY, lambda: People(owner, finance, sponsor, order.deputy))
    # Each share is tried alone beside values that contradict nothing, so that an error names its own field.
    low, high = 0.01, 2.0
    if (soft := order.soft_share) is not None:
        fields.check(ids.BLOCK_SOFT, lambda: Terms(people, soft_share=soft, hard_share=high))
    if (hard := order.hard_share) is not None and ids.BLOCK_SOFT not in fields.errors:
        fields.check(ids.BLOCK_HARD, lambda: Terms(people, soft_share=order.soft_share or low, hard_share=hard))
    if (margin := order.margin) is not None:
        fields.check(ids.BLOCK_MARGIN, lambda: Terms(people, margin=margin))
    if (holdback := order.holdback) is not None:
        fields.check(ids.BLOCK_HOLDBACK, lambda: Terms(people, holdback=holdback))
