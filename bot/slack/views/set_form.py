"""The fields of the `/budget set` modal, and where the first value of each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block
from core.change_request import SetOrder
from core.envelope import Envelope, Terms
from core.money import decimal_string, usd
from core.workload import UNATTRIBUTED

if TYPE_CHECKING:
    from core.services.suggest_envelope import Proposal

OFFERED: Final = 99
"""Slack takes 100 options in a select; the last one is for a workload that does not exist yet."""
OPTIONAL: Final = ("deputy", "channel", "soft_share", "hard_share", "margin", "holdback", "degrade", "quiet")
MARGIN: Final = 0.20
"""What a new envelope plans for growth unless somebody says otherwise; the default of its terms."""
_VALUE: Final = "value"
_SHARES: Final = (
    (ids.BLOCK_SOFT, "Soft threshold", "People are told here, early."),
    (ids.BLOCK_HARD, "Hard threshold", "Outlay acts here. Raising it waits for the sponsor."),
    (ids.BLOCK_MARGIN, "Margin", "Planned room for growth above the expected spend."),
    (ids.BLOCK_HOLDBACK, "Holdback", "A reserve inside the envelope that the owner may draw once."),
)
"""Fields in percent: block, label, hint."""


def exact(nanos: int) -> str:
    """An amount to edit, exact and readable by `parse_amount`: `4,000`, `4,000.50`, `0.000001`."""
    whole, fraction = decimal_string(nanos).split(".")
    cents = fraction.rstrip("0")
    return f"{int(whole):,}" + (f".{cents:0<2}" if cents else "")


def percent(part: float) -> str:
    """A share to edit, readable by `parse_share`: `80%`, `2.5%`."""
    return f"{round(part * 100, 4):g}%"


@dataclass(frozen=True, slots=True)
class Form:
    """Where each field's first value comes from: what was typed, else the envelope in force, else the proposal."""

    proposal: Proposal
    order: SetOrder

    @property
    def envelope(self) -> Envelope | None:
        return self.proposal.envelope

    @property
    def _terms(self) -> Terms | None:
        return self.envelope.terms if self.envelope else None

    @property
    def action(self) -> str:
        """Another id for another workload: Slack keeps what a field held as long as block and action ids stay the same,
        and would show the amount of the workload that was picked before."""
        return f"{_VALUE}:{self.proposal.workload}" if self.proposal.workload else _VALUE

    @property
    def has_optional(self) -> bool:
        return any(getattr(self.order, field) is not None for field in OPTIONAL)

    @property
    def is_new(self) -> bool:
        """Whether the workload is named but does not exist yet; `unattributed` always does."""
        named = self.proposal.workload
        return named is not None and named not in (*self.proposal.names, UNATTRIBUTED) and self.envelope is None

    def workload_block(self, naming: bool) -> Block:
        """A choice among the existing workloads, or the name of a new one in words."""
        named = self.proposal.workload or self.order.workload
        if naming:
            element = self._text(named, "search-answers", limit=60)
            hint = "Letters a–z, digits, dots, hyphens, underscores. Then say what counts to it: /budget workload add"
            return _input(ids.BLOCK_WORKLOAD, "New workload", element, hint=hint)
        offered = [named] if named else []
        offered += [one for one in self.proposal.names if one != named][: OFFERED - len(offered)]
        options = [_option(one, one) for one in offered]
        element = {
            "type": "static_select",
            "action_id": ids.PICK_WORKLOAD,
            "options": [*options, _option("A new workload…", ids.NEW_WORKLOAD)],
            "placeholder": blocks.plain("Choose a workload", 150),
        }
        if named:
            element["initial_option"] = options[0]
        return _input(ids.BLOCK_WORKLOAD, "Workload", element, hint=self._standing(len(offered)), dispatch=True)

    def _standing(self, offered: int) -> str | None:
        size, hidden = self._size_now(), len(self.proposal.names) - offered
        if size is not None:
            return f"It has {usd(size)} a month now. Lowering is immediate, raising waits for the sponsor."
        return f"{hidden:,} more exist; for one of them type /budget set NAME" if hidden > 0 else None

    def main_blocks(self) -> list[Block]:
        people = self.envelope.terms.people if self.envelope else None
        order = self.order
        finance = order.finance or (people.finance if people else self.proposal.defaults.finance)
        nanos = order.nanos or self._size_now() or self.proposal.suggested_nanos
        amount = self._text(exact(nanos) if nanos else "", "4,000", limit=40)
        return [
            _input(ids.BLOCK_AMOUNT, "Dollars a month", amount, hint=self._basis()),
            _input(
                ids.BLOCK_OWNER,
                "Owner",
                self._user(order.owner or (people.owner if people else self.proposal.owner)),
                hint="Explains the spend and acts on it.",
            ),
            _input(ids.BLOCK_FINANCE, "Finance partner", self._user(finance), hint="May be the owner in a small team."),
            _input(
                ids.BLOCK_SPONSOR,
                "Sponsor",
                self._user(order.sponsor or (people.sponsor if people else None)),
                hint="Decides when it is not enough; never the owner.",
            ),
        ]

    def _size_now(self) -> int | None:
        return sum(entry.nanos for entry in self.envelope.entries) if self.envelope else None

    def _basis(self) -> str | None:
        """The proposal's reason, under the amount; with the sum where the field shows another one."""
        suggested, basis = self.proposal.suggested_nanos, self.proposal.basis
        if suggested is None or (self.order.nanos is None and self.envelope is None):
            return basis or None
        return f"Suggested: {usd(suggested)}. {basis}".strip()

    def more_button(self) -> Block:
        return blocks.actions(blocks.button("More options", ids.MORE_OPTIONS, "")) | {"block_id": ids.BLOCK_MORE}

    def optional_blocks(self) -> list[Block]:
        order, terms = self.order, self._terms
        degrade = order.degrade or (str(terms.degrade) if terms and terms.degrade else "")
        quiet = order.quiet or (str(terms.quiet) if terms and terms.quiet else "")
        deputy = order.deputy or (terms.people.deputy if terms else self.proposal.defaults.preferences.deputy)
        return [
            _input(ids.BLOCK_CHANNEL, "Channel", self._place(), hint="Where its messages go.", optional=True),
            *self._share_blocks(),
            _input(
                ids.BLOCK_DEGRADE,
                "Past the hard threshold",
                self._text(degrade, "gpt-4.1-mini,throttle=60/min,stop", limit=200),
                optional=True,
            ),
            _input(
                ids.BLOCK_QUIET,
                "Quiet hours",
                self._text(quiet, "22-7", limit=20),
                hint="Soft alerts wait until they end; a runaway and the hard threshold do not. Write off for none.",
                optional=True,
            ),
            _input(
                ids.BLOCK_DEPUTY,
                "Deputy",
                self._user(deputy),
                hint="Decides when the sponsor does not answer.",
                optional=True,
            ),
        ]

    def _place(self) -> Block:
        place: Block = {
            "type": "conversations_select",
            "action_id": self.action,
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        }
        terms = self._terms
        if chosen := self.order.channel or (terms.channel if terms else self.proposal.defaults.channel):
            place["initial_conversation"] = chosen
        return place

    def _share_blocks(self) -> list[Block]:
        """The fields in percent: as typed, else as in force, else as the settings have it for new envelopes."""
        order, kept = self.order, self.proposal.defaults.preferences
        if terms := self._terms:
            now = (terms.soft_share, terms.hard_share, terms.margin, terms.holdback)
        else:
            now = (kept.soft, kept.hard, MARGIN if kept.margin is None else kept.margin, 0.0)
        typed = (order.soft_share, order.hard_share, order.margin, order.holdback)
        return [
            _input(
                block,
                label,
                self._text(percent(as_typed if as_typed is not None else in_force), "80%", limit=12),
                hint=hint,
                optional=True,
            )
            for (block, label, hint), as_typed, in_force in zip(_SHARES, typed, now, strict=True)
        ]

    def _text(self, value: str, example: str, *, limit: int) -> Block:
        element: Block = {
            "type": "plain_text_input",
            "action_id": self.action,
            "max_length": limit,
            "placeholder": blocks.plain(example, 150),
        }
        if value:
            element["initial_value"] = value[:limit]
        return element

    def _user(self, chosen: str | None) -> Block:
        element: Block = {
            "type": "users_select",
            "action_id": self.action,
            "placeholder": blocks.plain("Choose a person", 150),
        }
        if chosen:
            element["initial_user"] = chosen
        return element


def _option(label: str, value: str) -> Block:
    return {"text": blocks.plain(label, 75), "value": value}


def _input(
    block_id: str,
    label: str,
    element: Block,
    *,
    hint: str | None = None,
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    block: dict[str, Any] = {
        "type": "input",
        "block_id": block_id,
        "label": blocks.plain(label, 200),
        "element": element,
    }
    if hint:
        block["hint"] = blocks.plain(hint, 500)
    if optional:
        block["optional"] = True
    if dispatch:
        block["dispatch_action"] = True
    return block
